"""The register of a follower: any order, repetition and delay of the same facts, one record."""

import functools
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import assume, example, given
from hypothesis import strategies as st

from support.budget import budget
from wxlive.domain.events import FollowAction, FollowNotify
from wxlive.domain.followers import Follower, ListedRow, Source, Status

examples = budget(fast=50, thorough=2000)

OPENID = "o-1"
# A small world, so that equal seconds and equal rooms are common.
TIMES = st.integers(0, 4)
SMALL = st.integers(0, 2)

NOTIFIED = st.builds(
    FollowNotify,
    openid=st.just(OPENID),
    room_id=SMALL,
    time_s=TIMES,
    room_status=SMALL,
    action=st.sampled_from(FollowAction),
).map(Follower.notified)
LISTED = st.builds(
    Follower.listed,
    st.builds(
        ListedRow,
        openid=st.just(OPENID),
        subscribed_at=TIMES,
        room_id=SMALL,
        room_status=SMALL,
    ),
    TIMES,
)
UNLISTED = st.builds(Follower.unlisted, st.just(OPENID), TIMES)
FACTS = st.one_of(NOTIFIED, LISTED, UNLISTED)


def after(facts: Iterable[Follower], known: Follower | None = None) -> Follower | None:
    """The record that facts leave, applied one after another."""
    for fact in facts:
        if fact.beats(known):
            known = fact
    return known


@st.composite
def two_arrivals(draw: st.DrawFn) -> tuple[list[Follower], list[Follower]]:
    """The same facts twice: each in an order of its own, with repetitions of its own."""
    facts = draw(st.lists(FACTS, min_size=1, max_size=7))
    repeats = st.lists(st.sampled_from(facts), max_size=7)
    first = draw(st.permutations(facts + draw(repeats)))
    second = draw(st.permutations(facts + draw(repeats)))
    return first, second


@examples
@given(two_arrivals())
def test_any_order_and_repetition_of_the_same_facts_ends_in_the_same_record(
    arrivals: tuple[list[Follower], list[Follower]],
) -> None:
    first, second = arrivals
    assert after(first) == after(second)


@examples
@given(st.lists(FACTS, min_size=1, max_size=7))
def test_the_record_is_one_of_the_facts_and_none_is_later(facts: list[Follower]) -> None:
    record = after(facts)
    assert record in facts
    assert record is not None
    assert record.changed_at == max(fact.changed_at for fact in facts)


@examples
@given(st.lists(FACTS, max_size=7), FACTS)
def test_a_late_older_fact_never_changes_anything(facts: list[Follower], late: Follower) -> None:
    record = after(facts)
    assume(record is not None and late.changed_at < record.changed_at)
    assert after([late], record) == record


@examples
@given(st.lists(FACTS, max_size=7))
def test_a_replay_of_everything_changes_nothing(facts: list[Follower]) -> None:
    assert after(facts, after(facts)) == after(facts)


@examples
@given(st.permutations([FollowAction.ADD_FOLLOW, FollowAction.DEL_FOLLOW]), FACTS, SMALL, SMALL)
def test_leaving_wins_the_second_whatever_else_happened_in_it(
    actions: list[FollowAction], other: Follower, room_id: int, room_status: int
) -> None:
    events = [FollowNotify(OPENID, room_id, 2, room_status, action) for action in actions]
    record = after([*map(Follower.notified, events), replace(other, changed_at=2)])
    assert record is not None
    assert record.status is Status.UNSUBSCRIBED
    assert record.source is Source.CALLBACK


@examples
@given(FACTS, FACTS)
@example(Follower.unlisted(OPENID, 1), Follower.unlisted(OPENID, 1))
def test_of_two_different_facts_exactly_one_beats_the_other(one: Follower, two: Follower) -> None:
    assert [one.beats(two), two.beats(one)].count(True) == (one != two)


@examples
@given(FACTS, FACTS, FACTS)
def test_what_beats_a_winner_beats_the_loser(a: Follower, b: Follower, c: Follower) -> None:
    low, middle, high = sorted((a, b, c), key=functools.cmp_to_key(_compare))
    assert high.beats(low) == (high != low)
    if a.beats(b) and b.beats(c):
        assert a.beats(c)
    assert not low.beats(middle)
    assert not middle.beats(high)


def _compare(one: Follower, two: Follower) -> int:
    return int(one.beats(two)) - int(two.beats(one))
