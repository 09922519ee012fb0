"""Which call a result belongs to when no ledger row has its message_id."""

from factories import NOW_S, a_chunk, a_result
from wxlive.domain.attribution import (
    CLOCK_SKEW_S,
    OWN_SKEW_S,
    OpenCall,
    attribute,
    open_calls,
)
from wxlive.domain.chunks import RESULT_OVERDUE_S, ChunkState, EarlierCall


def a_call(chunk: int | None = 1, openids: int = 10, **changes: int) -> OpenCall:
    return OpenCall(chunk, changes.get("called_at", NOW_S), openids)


def in_progress(openids: int = 10) -> OpenCall:
    return OpenCall(9, NOW_S, openids, in_progress=True)


def test_a_result_of_its_size_proves_the_only_call() -> None:
    call, result = a_call(), a_result()
    assert attribute([call], [result]) == [(call, result)]


def test_sizes_name_the_calls_whatever_the_order_of_the_results() -> None:
    calls = [a_call(1, 2000), a_call(2, 1999), a_call(3, 1998)]
    results = [a_result(f"m-{total}", total=total) for total in (1998, 2000)]
    found = {call.chunk: result.total for call, result in attribute(calls, results)}
    assert found == {1: 2000, 3: 1998}


def test_two_calls_of_a_size_and_one_result_prove_nothing() -> None:
    assert attribute([a_call(1), a_call(2)], [a_result()]) == []


def test_as_many_results_as_calls_of_a_size_prove_them_all() -> None:
    calls = [a_call(1), a_call(2, called_at=NOW_S + 5)]
    results = [a_result("m-late", time_s=NOW_S + 7), a_result("m-soon", time_s=NOW_S + 2)]
    found = {call.chunk: result.message_id for call, result in attribute(calls, results)}
    assert found == {1: "m-soon", 2: "m-late"}


def test_more_results_than_calls_prove_nothing_since_one_is_foreign() -> None:
    assert attribute([a_call()], [a_result("m-1"), a_result("m-2")]) == []


def test_a_call_in_progress_of_the_size_keeps_its_result_from_proving_another() -> None:
    assert attribute([a_call(), in_progress()], [a_result("m-1"), a_result("m-2")]) == []


def test_a_call_in_progress_of_another_size_does_not_matter() -> None:
    call, result = a_call(), a_result()
    assert attribute([call, in_progress(11)], [result]) == [(call, result)]


def test_a_result_is_made_after_its_call_and_within_the_hour_but_for_the_clocks() -> None:
    call = a_call()
    soonest, latest = NOW_S - CLOCK_SKEW_S, NOW_S + RESULT_OVERDUE_S
    assert all(call.may_have(a_result(time_s=at)) for at in (soonest, latest))
    assert not any(call.may_have(a_result(time_s=at)) for at in (soonest - 1, latest + 1))


def test_a_result_that_came_before_a_call_is_not_its_own_whatever_the_clocks() -> None:
    call = a_call()
    assert not call.may_have(a_result(received_at=NOW_S - OWN_SKEW_S - 1))
    assert call.may_have(a_result(received_at=NOW_S - OWN_SKEW_S))
    assert call.may_have(a_result(time_s=NOW_S - 60, received_at=NOW_S + 1)), "WeChat's is late"
    assert call.may_have(a_result(received_at=0)), "version 0.1 does not say when it came"


def test_a_result_that_came_between_two_calls_of_a_size_proves_the_first() -> None:
    first, second = a_call(1), a_call(2, called_at=NOW_S + 60)
    came_between = a_result(received_at=NOW_S + 5)
    assert attribute([first, second], [came_between]) == [(first, came_between)]


def test_a_call_that_the_operator_decided_about_keeps_its_late_result() -> None:
    """The result of the first call must not prove the call that followed it."""
    chunk = a_chunk(
        1, ChunkState.UNKNOWN, claimed_at=NOW_S + 900, earlier_calls=(EarlierCall(NOW_S, 10),)
    )
    assert attribute(open_calls([chunk]), [a_result(time_s=NOW_S + 905)]) == []


def test_a_chunk_that_was_accepted_by_hand_keeps_its_late_result() -> None:
    by_hand = a_chunk(1, ChunkState.ACCEPTED, claimed_at=NOW_S, message_id=None)
    unknown = a_chunk(2, ChunkState.UNKNOWN, claimed_at=NOW_S)
    assert attribute(open_calls([by_hand, unknown]), [a_result()]) == []


def test_calls_without_message_id_are_open_and_no_others() -> None:
    ledger = [
        a_chunk(1, ChunkState.QUEUED),
        a_chunk(2, ChunkState.SENDING),
        a_chunk(3, ChunkState.ACCEPTED),
        a_chunk(4, ChunkState.UNKNOWN),
        a_chunk(5, ChunkState.REFUSED),
        a_chunk(6, ChunkState.QUEUED, earlier_calls=(EarlierCall(NOW_S, 10),)),
    ]
    assert [(call.chunk, call.in_progress) for call in open_calls(ledger)] == [
        (2, True),
        (4, False),
        (None, False),
    ]
