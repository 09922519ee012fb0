"""Every write of a push under every fault: done once, never taken for lost, and repeatable.

Whatever becomes of a request and its answer, a write ends in one of two ways. It did what it says,
and returns what it would have returned undisturbed. Or it raises ``StoreBusy``: then it was not
done, or it was, and the same call again ends as the first would have. ``Conflict`` is never said of
it: no condition failed but by the write itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_new_campaign, a_room
from support.backends import Tables, mostly_in_memory
from support.push_stores import LATER, PushStores
from support.table_faults import BUSY, LOST, Fault, Faults
from wxlive.domain.campaigns import UNENDED, CampaignState, Hold, HoldKind
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.outcomes import Outcome
from wxlive.domain.rooms import Choice
from wxlive.errors import StoreBusy
from wxlive.stores.living import Living
from wxlive.stores.rooms import Asked

HOLD = Hold(HoldKind.QUOTA, "h-1", "used up", NOW_S, LATER)
PAUSE = Hold(HoldKind.OPERATOR, "h-2", "paused", NOW_S)

PATIENCE_S = (1, 2)
"""How long a busy table is tried for, at least and at most."""


# ------------------------------------------------- what was done and read before


def nothing(_: PushStores) -> None: ...


def opened(stores: PushStores) -> None:
    stores.open()


def sending(stores: PushStores) -> Chunk:
    stores.start_sending()
    return stores.chunk()


def held(stores: PushStores) -> None:
    stores.start_sending()
    stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, HOLD)


def not_live(stores: PushStores) -> None:
    stores.open()
    stores.campaigns.note_not_live(CAMPAIGN, NOW_S)


def claimed(stores: PushStores) -> Chunk:
    stores.start_sending()
    stores.claim()
    return stores.chunk()


def unknown(stores: PushStores) -> Chunk:
    stores.ledger.abandon(CAMPAIGN, claimed(stores), reason="gone")
    return stores.chunk()


def cancelled(stores: PushStores) -> Living:
    claimed(stores)
    stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", NOW_S)
    return stores.lives()


def superseded(stores: PushStores) -> Chunk:
    succeed(stores, cancelled(stores))
    return stores.chunk()


def chosen(stores: PushStores) -> None:
    stores.rooms.choose(DAY, Choice(ROOM, NOW_S))


# ------------------------------------------------------------------- the writes


def succeed(stores: PushStores, before: Living) -> None:
    """Open a campaign for another room, which takes over the day."""
    opened = a_new_campaign("later-8", room_id=8, command="c-1")
    stores.campaigns.open(opened, before=before, release=(DAY, ROOM, CAMPAIGN))


def finish(to: ChunkState, **facts: Any) -> Callable[[PushStores, Any], object]:
    """Store the outcome of the first chunk."""
    outcome = Outcome(to, **facts)
    return lambda s, _: s.ledger.finish(CAMPAIGN, 1, outcome, claim="a", now_s=LATER)


def plan(step: str, *openids: list[str], **facts: Any) -> Callable[[PushStores, Any], object]:
    """Plan on from where the campaign was opened."""
    campaign = a_new_campaign(command=f"start {CAMPAIGN}")
    return lambda s, _: getattr(s.campaigns, step)(campaign, *openids, LATER, plan_id="p", **facts)


def unclaim(stores: PushStores, _: Any) -> bool:
    return stores.unclaim()


@dataclass(frozen=True)
class Write:
    """A write as its caller makes it: always the same, with ids that were made before.

    ``given`` does what comes before it and returns what its caller has read. ``first`` is the
    number of its request that is disturbed: who splits a chunk counts the halves before, and
    a chunk is cancelled after it could not be queued. ``unsure`` says that it may answer no
    although it was done, because its answer was lost.
    """

    given: Callable[[PushStores], Any]
    do: Callable[[PushStores, Any], object]
    first: int = 0
    unsure: bool = False


WRITES = {
    "open": Write(nothing, lambda s, _: s.open()),
    "succeed": Write(cancelled, succeed),
    "activate": Write(opened, lambda s, _: s.campaigns.activate(CAMPAIGN)),
    "hold": Write(sending, lambda s, _: s.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, HOLD)),
    "pause": Write(
        sending,
        lambda s, _: s.campaigns.hold(
            CAMPAIGN, CampaignState.PAUSED, PAUSE, out_of=UNENDED, command="c-1"
        ),
    ),
    "end a hold": Write(held, lambda s, _: s.campaigns.resume(CAMPAIGN, "h-1", LATER), unsure=True),
    "resume": Write(
        held, lambda s, _: s.campaigns.resume(CAMPAIGN, "h-1", LATER, command="c-1"), unsure=True
    ),
    "fail": Write(
        held, lambda s, _: s.campaigns.end(CAMPAIGN, CampaignState.FAILED, "over", LATER)
    ),
    "give up": Write(
        held,
        lambda s, _: s.campaigns.end(
            CAMPAIGN, CampaignState.FAILED, "over", LATER, out_of_hold="h-1"
        ),
    ),
    "cancel": Write(
        held,
        lambda s, _: s.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", LATER, command="c-1"),
    ),
    "note not live": Write(sending, lambda s, _: s.campaigns.note_not_live(CAMPAIGN, LATER)),
    "note live": Write(not_live, lambda s, _: s.campaigns.note_live(CAMPAIGN)),
    "add a chunk": Write(opened, plan("add_chunk", ["o-1", "o-2"], cursors={"0": "o-2"})),
    "move the cursors": Write(opened, plan("move_cursors", cursors={"0": "o-2"})),
    "finish the plan": Write(opened, plan("finish_plan")),
    "claim": Write(sending, lambda s, chunk: s.claim(chunk=chunk)),
    "unclaim": Write(claimed, unclaim),
    "accepted": Write(claimed, finish(ChunkState.ACCEPTED, message_id="m-1")),
    "refused": Write(claimed, finish(ChunkState.REFUSED, errcode=1, rid="r", reason="no")),
    "unknown": Write(claimed, finish(ChunkState.UNKNOWN, reason="lost")),
    "queued again": Write(claimed, finish(ChunkState.QUEUED, errcode=45011, reason="minute")),
    "abandon": Write(claimed, lambda s, chunk: s.ledger.abandon(CAMPAIGN, chunk, reason="gone")),
    "unclaim after its campaign": Write(superseded, unclaim, first=1),
    "queue after its campaign": Write(
        superseded, finish(ChunkState.QUEUED, errcode=45011), first=1
    ),
    "refuse": Write(sending, lambda s, chunk: s.ledger.refuse(CAMPAIGN, chunk, reason="expired")),
    "count attempts": Write(sending, lambda s, _: s.ledger.count_attempts(CAMPAIGN, 1, 3)),
    "resend": Write(
        unknown, lambda s, chunk: s.ledger.resend(CAMPAIGN, chunk, now_s=LATER, reason="again")
    ),
    "accept": Write(unknown, lambda s, chunk: s.ledger.accept(CAMPAIGN, chunk, reason="so be it")),
    "split": Write(
        claimed, lambda s, chunk: s.ledger.split(CAMPAIGN, chunk, claim="a", now_s=LATER), first=1
    ),
    "cut": Write(
        sending, lambda s, chunk: s.ledger.split(CAMPAIGN, chunk, claim="", now_s=LATER), first=1
    ),
    "finish the living one": Write(cancelled, lambda s, living: s.living.finish(living)),
    "record a command": Write(
        nothing, lambda s, _: s.commands.record("c-1", {"refused": "no"}, NOW_S)
    ),
    "seed the quota": Write(nothing, lambda s, _: s.quota.seed(DAY, 2, NOW_S)),
    "save a room": Write(nothing, lambda s, _: s.rooms.save(a_room(7), NOW_S)),
    "note that WeChat is asked": Write(
        nothing, lambda s, _: s.rooms.ask(NOW_S, run_s=NOW_S, before=Asked())
    ),
    "choose": Write(
        chosen,
        lambda s, _: s.rooms.choose(DAY, Choice(8, NOW_S, NOW_S + 60), before=Choice(ROOM, NOW_S)),
    ),
    "unchoose": Write(chosen, lambda s, _: s.rooms.unchoose(DAY, Choice(ROOM, NOW_S))),
}
"""Counters and slots, of which a lost one is not used twice but wasted, have tests of their own."""


@dataclass(frozen=True)
class Trial:
    """A write, to be done on a clean table as often as wanted."""

    write: Write
    stores: PushStores
    tables: Tables
    faults: Faults

    def prepare(self) -> Any:
        """Do what comes before it; returns what its caller has read."""
        self.faults.clear()
        self.tables.empty()
        return self.write.given(self.stores)

    def disturb(self, *writes: Fault | None) -> None:
        """Say what becomes of its requests, from the first that is disturbed."""
        self.faults.clear()
        self.faults.writes = [*[None] * self.write.first, *writes]

    def do(self, read: Any) -> tuple[object, list[Any]]:
        """Do it; returns its answer and everything in the table."""
        answer = self.write.do(self.stores, read)
        return answer, self.tables.rows()

    def check(self, done: tuple[object, list[Any]], expected: tuple[object, list[Any]]) -> None:
        """Check that a write was done once and answered as done, whatever became of its answer."""
        assert done[1] == expected[1]
        assert done[0] == expected[0] or (self.write.unsure and done[0] is False)


@pytest.fixture(params=WRITES)
def trial(
    request: pytest.FixtureRequest, stores: PushStores, tables: Tables, faults: Faults
) -> Trial:
    return Trial(WRITES[request.param], stores, tables, faults)


def test_a_write_whose_answer_was_lost_is_done_once_and_answered_as_done(trial: Trial) -> None:
    expected = trial.do(trial.prepare())
    for fault in LOST:
        read = trial.prepare()
        trial.disturb(fault)
        trial.check(trial.do(read), expected)


@mostly_in_memory
def test_a_write_that_meets_a_busy_table_is_done_in_the_end(trial: Trial) -> None:
    expected = trial.do(trial.prepare())
    for fault in BUSY:
        read = trial.prepare()
        trial.disturb(fault, fault)
        assert trial.do(read) == expected, fault
        assert len(trial.faults.pauses_s) == 2, fault


@mostly_in_memory
def test_a_table_that_stays_busy_is_no_conflict_and_is_not_waited_for_long(trial: Trial) -> None:
    for fault in BUSY:
        read = trial.prepare()
        before = trial.tables.rows()
        trial.disturb(*[fault] * 99)
        with pytest.raises(StoreBusy):
            trial.write.do(trial.stores, read)
        at_least_s, at_most_s = PATIENCE_S
        assert at_least_s < sum(trial.faults.pauses_s) < at_most_s, fault
        if not trial.write.first:
            assert trial.tables.rows() == before, fault


@mostly_in_memory
def test_a_write_that_was_done_before_the_table_became_busy_can_be_repeated(trial: Trial) -> None:
    expected = trial.do(trial.prepare())
    read = trial.prepare()
    trial.disturb(Fault.LOST, *[Fault.THROTTLED] * 99)
    with pytest.raises(StoreBusy):
        trial.write.do(trial.stores, read)
    assert trial.tables.rows() == expected[1]
    trial.disturb()
    if not trial.write.first:
        trial.check(trial.do(read), expected)


@mostly_in_memory
def test_a_write_that_can_not_be_read_back_is_not_taken_for_lost(trial: Trial) -> None:
    read = trial.prepare()
    trial.disturb()
    expected = trial.do(read)
    reads = trial.faults.reads_made
    read = trial.prepare()
    trial.disturb(Fault.LOST)
    trial.faults.reads = [*[None] * reads, *[Fault.THROTTLED] * 99]
    try:
        answer = trial.write.do(trial.stores, read)
    except StoreBusy:
        answer = expected[0]
    trial.check((answer, trial.tables.rows()), expected)


@mostly_in_memory
def test_a_write_that_is_refused_for_good_is_tried_once(trial: Trial) -> None:
    read = trial.prepare()
    trial.disturb(Fault.MALFORMED)
    with pytest.raises(ClientError, match=r"Validation|Canceled"):
        trial.write.do(trial.stores, read)
    assert trial.faults.pauses_s == []
