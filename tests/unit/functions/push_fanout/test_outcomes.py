"""What WeChat said is kept: in the ledger, else in a message, else in the log."""

from dataclasses import replace

import pytest

from factories import CAMPAIGN, DAY, NOW_S
from support.memory_stores import MemoryQueue
from support.sender import Sender
from wxlive import errors
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.domain.outcomes import Outcome
from wxlive.errors import StoreBusy, WxliveError
from wxlive.stores.push_queue import ChunkMessage, Message, OutcomeMessage, parse_message
from wxlive_push_fanout.failure_decision import ATTEMPTS_ALLOWED
from wxlive_push_fanout.outcomes import (
    LAST_RESORT_S,
    WRITE_S,
    store,
    store_answer,
    store_failure,
    undo_claim,
)

ACCEPTED = Outcome(ChunkState.ACCEPTED, message_id="m-9")
NOT_CALLED = Outcome(ChunkState.QUEUED, reason="too late")


def answer(sender: Sender) -> None:
    store_answer(sender.campaign, sender.chunk, ACCEPTED, sender.claim, sender.deps)


def fail(sender: Sender, error: WxliveError) -> ChunkState:
    return store_failure(sender.campaign, sender.chunk, error, sender.claim, sender.deps)


def undo(sender: Sender) -> bool:
    return undo_claim(sender.campaign, sender.chunk, sender.claim, "too late", sender.deps)


# ---------------------------------------------------------------- an answer


def test_an_answer_is_stored_with_its_message_id(sender: Sender) -> None:
    answer(sender)
    assert (sender.chunk.state, sender.chunk.message_id) == (ChunkState.ACCEPTED, "m-9")
    assert sender.queue.sent == []


def test_an_answer_is_stored_as_soon_as_the_table_is_no_longer_busy(sender: Sender) -> None:
    sender.ledger.busy = 50
    answer(sender)
    assert sender.chunk.message_id == "m-9"
    assert sender.queue.sent == []


def test_an_answer_is_left_to_a_message_once_the_time_is_nearly_up(sender: Sender) -> None:
    sender.block_table()
    answer(sender)
    kept_s = WRITE_S + LAST_RESORT_S
    assert kept_s - 1 < sender.deps.remaining_s() <= kept_s
    assert sender.queue.sent == [(OutcomeMessage(CAMPAIGN, 1, "claim-1", ACCEPTED), 0)]


def test_an_answer_whose_write_is_impossible_is_left_to_a_message_at_once(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting does not help where, for instance, the function may not write."""

    def refuse(*_: object, **__: object) -> bool:
        raise PermissionError

    monkeypatch.setattr(type(sender.ledger), "finish", refuse)
    answer(sender)
    assert sender.queue.messages == [OutcomeMessage(CAMPAIGN, 1, "claim-1", ACCEPTED)]
    assert sender.clock.slept == []


def test_an_answer_that_nothing_takes_is_logged_with_its_message_id_and_raised(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    sender.block_table()
    sender.queue.broken = True

    with pytest.raises(ConnectionError):
        answer(sender)

    [first, record] = caplog.records
    facts = vars(record)
    assert first.message == "outcome not queued yet"
    assert (record.levelname, record.message) == ("ERROR", "outcome not stored")
    assert (facts["campaign"], facts["chunk"], facts["message_id"]) == (CAMPAIGN, 1, "m-9")
    assert facts["outcome"]["claim"] == "claim-1"


def test_an_answer_that_the_queue_takes_only_the_second_time_is_left_to_its_message(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.block_table()
    sender.queue.broken = True

    def refuse_once(queue: MemoryQueue, message: Message, **_: object) -> None:
        if queue.broken:
            queue.broken = False
            raise ConnectionError("no queue")
        queue.sent.append((message, 0))

    monkeypatch.setattr(MemoryQueue, "send", refuse_once)
    answer(sender)

    assert sender.queue.messages == [OutcomeMessage(CAMPAIGN, 1, "claim-1", ACCEPTED)]


def test_an_answer_corrects_a_claim_that_was_settled_as_unknown_meanwhile(
    sender: Sender,
) -> None:
    sender.change(state=ChunkState.UNKNOWN)
    answer(sender)
    assert sender.chunk.state is ChunkState.ACCEPTED


@pytest.mark.parametrize("claim", ["", "claim-2"])
def test_an_answer_that_comes_too_late_for_its_claim_changes_nothing_and_is_logged(
    sender: Sender, claim: str, caplog: pytest.LogCaptureFixture
) -> None:
    sender.change(claim=claim)
    before = sender.chunk
    answer(sender)
    assert (sender.chunk, sender.queue.sent) == (before, [])
    [record] = caplog.records
    assert record.message == "outcome came too late"
    assert vars(record)["outcome"]["outcome"]["message_id"] == "m-9"


# ---------------------------------------------------------------- a message that carries one


@pytest.mark.parametrize("outcome", [ACCEPTED, NOT_CALLED])
def test_a_message_that_carries_an_outcome_stores_it_once(sender: Sender, outcome: Outcome) -> None:
    refund_day = DAY if outcome is NOT_CALLED else ""
    message = OutcomeMessage(CAMPAIGN, 1, "claim-1", outcome, refund_day)
    for _ in range(2):
        store(message, sender.deps)
    assert sender.chunk.state is outcome.to
    assert sender.ledger.refunded == [DAY] * bool(refund_day)


def test_a_message_whose_table_is_busy_is_received_again(sender: Sender) -> None:
    sender.ledger.busy = 1
    with pytest.raises(StoreBusy):
        store(OutcomeMessage(CAMPAIGN, 1, "claim-1", ACCEPTED), sender.deps)
    assert sender.chunk.state is ChunkState.SENDING


def test_a_message_about_a_chunk_that_has_expired_does_nothing(sender: Sender) -> None:
    sender.ledger.rows.clear()
    store(OutcomeMessage(CAMPAIGN, 1, "claim-1", NOT_CALLED, DAY), sender.deps)
    assert sender.ledger.refunded == []


# ---------------------------------------------------------------- a call that did not leave


def test_a_claim_is_undone_with_its_call(sender: Sender) -> None:
    assert undo(sender)
    assert (sender.chunk.state, sender.chunk.reason) == (ChunkState.QUEUED, "too late")
    assert sender.ledger.refunded == [DAY]


def test_a_claim_that_no_longer_holds_is_not_undone_and_refunds_nothing(sender: Sender) -> None:
    sender.change(claim="claim-2")
    undo(sender)
    assert (sender.chunk.state, sender.ledger.refunded) == (ChunkState.SENDING, [])


def test_a_claim_that_cannot_be_undone_in_time_is_left_to_a_message(sender: Sender) -> None:
    sender.block_table()
    assert not undo(sender)
    assert sender.queue.messages == [OutcomeMessage(CAMPAIGN, 1, "claim-1", NOT_CALLED, DAY)]


# ---------------------------------------------------------------- a call that failed


def test_a_call_that_may_have_left_is_unknown_and_stays_counted(sender: Sender) -> None:
    assert fail(sender, errors.OutcomeUnknown("lost")) is ChunkState.UNKNOWN
    assert (sender.chunk.state, sender.chunk.reason) == (ChunkState.UNKNOWN, "lost")
    assert (sender.queue.sent, sender.ledger.refunded) == ([], [])


def test_what_wechat_refuses_is_stored_with_errcode_and_rid(sender: Sender) -> None:
    error = errors.BadCall("bad", errcode=47001, rid="ab-cd")
    assert fail(sender, error) is ChunkState.REFUSED
    assert (sender.chunk.errcode, sender.chunk.rid) == (47001, "ab-cd")


def test_a_used_up_minute_has_the_chunk_sent_in_the_next_and_counts_as_no_attempt(
    sender: Sender,
) -> None:
    sender.clock.now_s = NOW_S + 12
    for _ in range(ATTEMPTS_ALLOWED):
        sender.change(state=ChunkState.SENDING)
        assert fail(sender, errors.RateLimited("slow down")) is ChunkState.QUEUED
    assert sender.queue.sent == [(ChunkMessage(CAMPAIGN, 1), 48)] * ATTEMPTS_ALLOWED
    assert sender.chunk.attempts == 0
    assert sender.campaign.state is CampaignState.SENDING


def test_what_did_not_reach_wechat_counts_as_an_attempt_and_is_sent_again(sender: Sender) -> None:
    assert fail(sender, errors.NotReached("nobody")) is ChunkState.QUEUED
    assert sender.queue.sent == [(ChunkMessage(CAMPAIGN, 1), 2)]
    assert sender.chunk.attempts == 1
    assert sender.ledger.refunded == [DAY]


def test_a_refused_token_counts_as_an_attempt_and_its_call_stays_counted(sender: Sender) -> None:
    assert fail(sender, errors.RetryLater("token", errcode=40001)) is ChunkState.QUEUED
    assert (sender.chunk.attempts, sender.chunk.errcode) == (1, 40001)
    assert sender.ledger.refunded == []


def test_a_call_that_wechat_answers_begins_the_count_of_attempts_anew(sender: Sender) -> None:
    sender.change(attempts=ATTEMPTS_ALLOWED - 1)
    fail(sender, errors.RateLimited("slow down"))
    assert sender.chunk.attempts == 0


def test_after_too_many_attempts_the_campaign_is_held_and_the_chunk_counts_anew(
    sender: Sender,
) -> None:
    sender.change(attempts=ATTEMPTS_ALLOWED - 1)
    fail(sender, errors.NotReached("nobody"))
    assert sender.campaign.hold_kind is HoldKind.ACCESS
    assert (sender.chunk.state, sender.chunk.attempts) == (ChunkState.QUEUED, 0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.QuotaUsedUp("used up"), HoldKind.QUOTA),
        (errors.RoomNotLive("closed"), HoldKind.ROOM),
        (errors.NotAllowed("no"), HoldKind.ACCESS),
    ],
)
def test_a_refusal_that_concerns_every_chunk_holds_the_campaign_and_queues_the_chunk(
    sender: Sender, error: WxliveError, kind: HoldKind
) -> None:
    assert fail(sender, error) is ChunkState.QUEUED
    assert sender.campaign.hold_kind is kind
    assert sender.chunk.state is ChunkState.QUEUED
    assert sender.queue.sent == []  # ending the hold enqueues it


def test_a_day_that_another_room_took_at_wechat_fails_the_campaign(sender: Sender) -> None:
    assert fail(sender, errors.RoomTaken("taken")) is ChunkState.REFUSED
    assert (sender.campaign.state, sender.campaign.reason) == (CampaignState.FAILED, "taken")


def test_an_ended_campaign_does_not_end_again(sender: Sender) -> None:
    cancelled = replace(sender.campaign, state=CampaignState.CANCELLED, reason="by hand")
    sender.campaigns.rows[CAMPAIGN] = cancelled
    fail(sender, errors.RoomTaken("taken"))
    assert sender.campaign == cancelled


def test_what_follows_from_a_failure_follows_although_only_a_message_will_store_it(
    sender: Sender,
) -> None:
    sender.block_table()
    assert fail(sender, errors.RoomNotLive("closed", errcode=9410006)) is ChunkState.QUEUED
    [message] = sender.queue.messages
    assert isinstance(message, OutcomeMessage)
    assert (message.outcome.to, message.outcome.errcode) == (ChunkState.QUEUED, 9410006)
    assert sender.campaign.state is CampaignState.WAITING_LIVE


# ---------------------------------------------------------------- one bad openid


def test_a_call_spoilt_by_one_openid_is_cut_in_two_that_are_sent_at_once(sender: Sender) -> None:
    assert fail(sender, errors.BadOpenid("bad")) is ChunkState.QUEUED
    halves = {number: row.openids for (_, number), row in sender.ledger.rows.items()}
    assert halves == {1: 5, 500_001: 5}
    assert sender.queue.messages == [ChunkMessage(CAMPAIGN, 1), ChunkMessage(CAMPAIGN, 500_001)]


@pytest.mark.parametrize("busy", [True, False])
def test_a_chunk_that_cannot_be_cut_is_sent_again_as_a_whole(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, *, busy: bool
) -> None:
    def fail_to_cut(*_: object, **__: object) -> None:
        if busy:
            raise StoreBusy("busy")

    monkeypatch.setattr(type(sender.ledger), "split", fail_to_cut)
    assert fail(sender, errors.BadOpenid("bad")) is ChunkState.QUEUED
    assert (sender.chunk.state, sender.chunk.openids) == (ChunkState.QUEUED, 10)
    assert sender.queue.messages == [ChunkMessage(CAMPAIGN, 1)]


def test_the_bad_openid_itself_is_refused(sender: Sender) -> None:
    sender.change(openids=1)
    assert fail(sender, errors.BadOpenid("bad")) is ChunkState.REFUSED


# ---------------------------------------------------------------- the message itself


@pytest.mark.parametrize(
    "body",
    [
        '{"campaign": "c", "chunk": 1, "outcome": null}',
        '{"campaign": "c", "chunk": 1, "outcome": {}, "claim": "a", "refund_day": ""}',
        '{"campaign": "c", "chunk": 1, "outcome": {"to": "no"}, "claim": "a", "refund_day": ""}',
        '{"campaign": "c", "chunk": 1, "outcome": {"a": 1}, "claim": "a", "refund_day": ""}',
        '{"campaign": "c", "chunk": 1, "outcome": {"to": "queued"}}',
    ],
)
def test_a_malformed_outcome_is_no_message(body: str) -> None:
    with pytest.raises(ValueError, match="not a message"):
        parse_message(body)
