"""The roll: what a listed row says beside the record, and who is left over."""

from dataclasses import replace
from typing import Any

import pytest

from wxlive.followers import Follower, ListedRow, Source, Status
from wxlive.sync_runs import RunState, SyncRun
from wxlive_follower_sync.digests import digest_of
from wxlive_follower_sync.roll import Answer, Roll

STARTED = 1_000
RUN = SyncRun(run="r", state=RunState.OPEN, started_at=STARTED, turns=1)
RESUMED = replace(RUN, turns=2)


def record(openid: str = "o", **changes: Any) -> Follower:
    usual = Follower(openid, Status.SUBSCRIBED, 900, 800, 7, 101, Source.CALLBACK)
    return replace(usual, **changes)


def row(openid: str = "o", **changes: Any) -> ListedRow:
    return replace(ListedRow(openid, 800, 7, 101), **changes)


def roll_of(*records: Follower, run: SyncRun = RUN) -> Roll:
    roll = Roll(run)
    for each in records:
        roll.enter(each)
    return roll


def answer(roll: Roll, listed: ListedRow) -> Answer:
    [found], _ = roll.answer_all([listed])
    return found


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (record(), Answer.UNCHANGED),
        (record(changed_at=1, source=Source.SYNC), Answer.UNCHANGED),
        (record(subscribed_at=1), Answer.CHANGED),
        (record(room_id=1), Answer.CHANGED),
        (record(room_status=103), Answer.CHANGED),
        (record(status=Status.UNSUBSCRIBED), Answer.RETURNED),
        (record("somebody else"), Answer.NEW),
    ],
)
def test_a_row_is_answered_by_the_record(known: Follower, found: Answer) -> None:
    roll = roll_of(known)
    assert answer(roll, row()) is found
    assert answer(roll, row()) is Answer.UNCHANGED, "the roll has learnt it"
    assert roll.listed == 1


def test_a_later_page_may_change_what_an_earlier_one_said() -> None:
    roll = roll_of()
    assert answer(roll, row()) is Answer.NEW
    assert answer(roll, row(room_id=8)) is Answer.CHANGED


def test_the_digests_of_a_page_are_of_those_not_listed_before() -> None:
    roll = roll_of(record("a"))
    _, first = roll.answer_all([row("a"), row("b")])
    _, second = roll.answer_all([row("b"), row("c")])
    assert first == digest_of("a") + digest_of("b")
    assert second == digest_of("c")
    assert roll.listed == 3


def test_the_digests_of_stored_pages_bring_the_roll_back() -> None:
    roll = roll_of(record("a"), record("b"), record("d"), run=RESUMED)
    roll.repeat(digest_of("a") + digest_of("c"))
    assert (roll.listed, roll.absent) == (2, 2)
    assert not roll.lacks(record("a"))
    assert roll.lacks(record("b"))
    _, fresh = roll.answer_all([row("a"), row("b")])
    assert fresh == digest_of("b")


def test_who_is_not_listed_is_absent_unless_something_newer_vouches() -> None:
    newer = record("newer", changed_at=STARTED)
    left = record("left", status=Status.UNSUBSCRIBED)
    roll = roll_of(record("a"), record("b"), newer, left)
    assert (roll.subscribed, roll.absent) == (3, 2)
    roll.answer_all([row("a"), row("c")])
    assert (roll.subscribed, roll.absent) == (4, 1)
    assert roll.lacks(record("b"))
    assert not roll.lacks(newer)
    assert not roll.lacks(record("after the roll was called", changed_at=STARTED + 5))


@pytest.mark.parametrize("changed_at", [STARTED - 1, STARTED, STARTED + 1])
@pytest.mark.parametrize("source", Source)
def test_whom_the_roll_lacks_is_whom_the_runs_silence_beats(
    changed_at: int, source: Source
) -> None:
    known = record(changed_at=changed_at, source=source)
    beaten = Follower.unlisted("o", STARTED).beats(known)
    assert roll_of(known).lacks(known) is beaten
    assert roll_of(known).absent == beaten


def test_what_a_dead_turn_of_this_run_wrote_is_known_as_the_runs_own() -> None:
    written = record("w", changed_at=STARTED, source=Source.SYNC)
    stored = record("s", changed_at=STARTED, source=Source.SYNC)
    notified = record("n", changed_at=STARTED + 1)
    swept = Follower.unlisted("gone", STARTED)
    roll = roll_of(written, stored, notified, swept, run=RESUMED)
    roll.repeat(digest_of("s"))
    answers, _ = roll.answer_all([row("w"), row("s"), row("n")])
    assert answers == [Answer.WRITTEN, Answer.UNCHANGED, Answer.UNCHANGED]
    assert answer(roll, row("w")) is Answer.UNCHANGED, "it is counted once"
    assert roll.removed == 1


def test_a_run_in_its_first_turn_has_written_nothing_before() -> None:
    earlier = record("w", changed_at=STARTED, source=Source.SYNC)
    roll = roll_of(earlier, Follower.unlisted("gone", STARTED))
    assert answer(roll, row("w")) is Answer.UNCHANGED
    assert roll.removed == 0
