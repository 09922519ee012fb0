"""A result without a known message_id names a call only if it can be no other's."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from factories import NOW_S, a_result
from support.budget import budget
from wxlive.domain.attribution import CLOCK_SKEW_S, OpenCall, attribute
from wxlive.domain.events import PushResult

examples = budget(fast=200, thorough=5000)


@dataclass(frozen=True)
class Night:
    """Calls without a message_id, and of those that reached WeChat the results that have come.

    ``results[n]`` is that of ``calls[n]``, None if it has not come.
    """

    calls: list[OpenCall]
    results: list[PushResult | None]

    def came(self) -> list[PushResult]:
        return [result for result in self.results if result is not None]

    def has_result(self, call: OpenCall) -> bool:
        return any(
            one is call and result is not None
            for one, result in zip(self.calls, self.results, strict=True)
        )


@st.composite
def nights(draw: st.DrawFn, *, sizes: st.SearchStrategy[int]) -> Night:
    calls = [
        OpenCall(
            chunk=draw(st.none() | st.just(number)),
            called_at=NOW_S + draw(st.integers(0, 9000)),
            openids=draw(sizes),
            in_progress=draw(st.integers(0, 9)) == 0,
        )
        for number in range(draw(st.integers(0, 9)))
    ]
    results = [
        a_result(
            f"m-{number}",
            total=call.openids,
            time_s=call.called_at + draw(st.integers(-CLOCK_SKEW_S, 60)),
        )
        if draw(st.booleans())
        else None
        for number, call in enumerate(calls)
    ]
    return Night(calls, results)


@examples
@given(nights(sizes=st.integers(1, 3)))
def test_a_call_is_proven_only_if_its_result_has_come_and_each_result_is_used_once(
    night: Night,
) -> None:
    pairs = attribute(night.calls, night.came())
    assert all(night.has_result(call) for call, _ in pairs)
    assert len({id(call) for call, _ in pairs}) == len(pairs)
    assert len({result.message_id for _, result in pairs}) == len(pairs)
    assert all(call.may_have(result) and not call.in_progress for call, result in pairs)


@examples
@given(nights(sizes=st.integers(1, 3)), st.data())
def test_the_order_of_calls_and_results_changes_nothing(night: Night, data: st.DataObject) -> None:
    calls = data.draw(st.permutations(night.calls))
    results = data.draw(st.permutations(night.came()))
    proven = {id(call) for call, _ in attribute(night.calls, night.came())}
    assert {id(call) for call, _ in attribute(calls, results)} == proven


@examples
@given(nights(sizes=st.integers(1, 2000)))
def test_calls_of_different_sizes_are_told_apart_whatever_came(night: Night) -> None:
    sizes = [call.openids for call in night.calls]
    pairs = attribute(night.calls, night.came())
    proven = {id(call) for call, _ in pairs}
    for call in night.calls:
        if sizes.count(call.openids) == 1:
            expected = night.has_result(call) and not call.in_progress
            assert (id(call) in proven) is expected


@examples
@given(nights(sizes=st.integers(1, 3)), st.integers(1, 4))
def test_a_foreign_result_of_another_size_proves_and_disproves_nothing(
    night: Night, foreign: int
) -> None:
    stray = a_result("foreign", total=100 + foreign)
    assert attribute(night.calls, [*night.came(), stray]) == attribute(night.calls, night.came())
