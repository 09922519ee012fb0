"""An outcome that comes after a decision was made without it is kept, and corrects it."""

from dataclasses import replace

import pytest

from factories import CAMPAIGN, DAY, ROOM, a_result
from support.push_fanout import fanout_deps
from support.push_stack import PushStack
from support.world import World
from wxlive.domain.chunks import CLAIM_STALE_S, ChunkState
from wxlive.domain.outcomes import Outcome
from wxlive.stores.push_queue import OutcomeMessage
from wxlive_local.simulator import PUSH, Fault, FaultRule
from wxlive_push_fanout.failure_decision import BUSY_AGAIN_S

ACCEPTED = Outcome(ChunkState.ACCEPTED, message_id="m-late")
REFUSED = Outcome(ChunkState.REFUSED, errcode=47001, reason="no")
NOT_SENT = Outcome(ChunkState.QUEUED, reason="no connection")
BUSY_OUTCOME = Outcome(ChunkState.QUEUED, errcode=-1, may_have_notified=True, wait_s=BUSY_AGAIN_S)
BUSY = FaultRule(PUSH, Fault.ERRCODE, errcode=-1)
NEVER_ARRIVED = FaultRule(PUSH, Fault.DROP_BEFORE)


def lost_worker(world: World, *sizes: int) -> None:
    """Have the worker that claimed the first chunk go silent until its claim is settled."""
    world.put_campaign(*sizes)
    world.claim()
    world.clock.now_s += CLAIM_STALE_S + 1


def is_called_while_busy(world: World, stack: PushStack, *then: FaultRule) -> None:
    """Have the first chunk called, which WeChat answers with -1, and is to be sent again."""
    world.put_campaign(2)
    stack.sender = fanout_deps(world, retry_busy=True)
    world.wechat.inject(BUSY, *then)
    stack.deliver(1)


def comes_late(stack: PushStack, outcome: Outcome) -> None:
    """Deliver the outcome of that claim."""
    refund_day = DAY if outcome is NOT_SENT else ""
    stack.sender.queue.send(OutcomeMessage(CAMPAIGN, 1, "other", outcome, refund_day))
    stack.work()


def result_comes(world: World, message_id: str, total: int) -> None:
    result = a_result(message_id, total=total, time_s=int(world.clock()))
    world.results.add(result, world.clock())


def states(stack: PushStack) -> dict[str, int]:
    counted: dict[str, int] = stack.status(CAMPAIGN)["chunks"]
    return {state: chunks for state, chunks in counted.items() if chunks}


# ---------------------------------------------------------------- after --accept-unknown


def test_a_message_id_is_kept_after_the_operator_has_accepted_the_chunk(
    world: World, stack: PushStack
) -> None:
    lost_worker(world, 2)
    stack.command("accept_unknown", campaign=CAMPAIGN)

    comes_late(stack, ACCEPTED)

    assert world.chunk().message_id == "m-late"
    assert stack.status(CAMPAIGN)["state"] == "sent", "its result is awaited"


@pytest.mark.parametrize("outcome", [REFUSED, NOT_SENT])
def test_whom_a_call_did_not_notify_is_not_reported_as_told_because_the_operator_accepted_it(
    world: World, stack: PushStack, outcome: Outcome
) -> None:
    lost_worker(world, 2)
    stack.command("accept_unknown", campaign=CAMPAIGN)

    comes_late(stack, outcome)

    assert states(stack) == {"refused": 1}
    assert world.quota.used(DAY) == (0 if outcome is NOT_SENT else 1)


# ---------------------------------------------------------------- after --resend-unknown


def test_nobody_is_told_again_if_the_first_call_turns_out_to_have_been_accepted(
    world: World, stack: PushStack
) -> None:
    lost_worker(world, 2, 1)
    stack.command("pause", campaign=CAMPAIGN)
    stack.command("resend_unknown", campaign=CAMPAIGN)
    comes_late(stack, ACCEPTED)

    stack.command("resume", campaign=CAMPAIGN)
    stack.run(3)

    assert world.pushed() == {"o2-0": 1}
    assert (world.chunk().state, world.chunk().message_id) == (ChunkState.ACCEPTED, "m-late")


def test_the_result_of_the_first_call_proves_neither_the_second_nor_another_chunk(
    world: World, stack: PushStack
) -> None:
    lost_worker(world, 2, 2)
    stack.command("resend_unknown", campaign=CAMPAIGN)
    stack.work()
    world.wechat.inject(NEVER_ARRIVED)
    stack.deliver(2)

    comes_late(stack, ACCEPTED)
    result_comes(world, "m-late", total=2)

    assert states(stack) == {"accepted": 1, "unknown": 1}
    assert stack.status(CAMPAIGN)["orphans"] == []


def test_a_first_call_that_did_not_leave_gives_its_call_back_and_leaves_the_second_alone(
    world: World, stack: PushStack
) -> None:
    lost_worker(world, 2)
    stack.command("resend_unknown", campaign=CAMPAIGN)
    world.wechat.inject(FaultRule(PUSH, Fault.DROP_AFTER))
    stack.work()
    assert states(stack) == {"unknown": 1}

    for _ in range(2):
        comes_late(stack, NOT_SENT)
    result_comes(world, "second", total=2)

    assert states(stack) == {"accepted": 1}
    assert world.quota.used(DAY) == 1


def test_a_message_id_that_comes_after_the_chunk_was_cut_is_kept_and_both_halves_are_sent(
    world: World, stack: PushStack
) -> None:
    lost_worker(world, 4)
    stack.command("resend_unknown", campaign=CAMPAIGN)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40003))
    stack.sender.queue.enqueue(CAMPAIGN, 1)
    stack.work()
    assert len(world.pushed()) == 4

    comes_late(stack, ACCEPTED)

    assert "m-late" in world.chunk().message_ids
    assert states(stack) == {"accepted": 2}


# ---------------------------------------------------------------- resent, then cancelled


def test_a_chunk_that_was_to_be_sent_again_is_unknown_in_a_cancelled_campaign(
    world: World, stack: PushStack
) -> None:
    lost_worker(world, 2, 1)
    stack.command("pause", campaign=CAMPAIGN)
    stack.command("resend_unknown", campaign=CAMPAIGN)

    stack.command("cancel", campaign=CAMPAIGN)

    assert states(stack) == {"unknown": 1, "cancelled": 1}
    result_comes(world, "stray", total=2)
    assert states(stack) == {"accepted": 1, "cancelled": 1}


def test_the_operator_can_accept_what_is_unknown_in_a_cancelled_campaign(
    world: World, stack: PushStack
) -> None:
    lost_worker(world, 2)
    stack.command("resend_unknown", campaign=CAMPAIGN)
    stack.command("cancel", campaign=CAMPAIGN)

    stack.command("accept_unknown", campaign=CAMPAIGN)

    assert states(stack) == {"accepted": 1}
    comes_late(stack, ACCEPTED)
    assert world.chunk().message_id == "m-late"


# ---------------------------------------------------------------- PushRetryBusy=on


def test_a_call_that_a_busy_wechat_may_have_carried_out_stays_on_record(
    world: World, stack: PushStack
) -> None:
    is_called_while_busy(world, stack, NEVER_ARRIVED)
    assert [call.openids for call in world.chunk().earlier_calls] == [2]
    stack.work(world.clock() + BUSY_AGAIN_S)
    assert states(stack) == {"unknown": 1}

    result_comes(world, "of the first call", total=2)

    assert states(stack) == {"unknown": 1}, "it may be the first call's"


@pytest.mark.parametrize("how", ["a doubled message", "a resume", "an outcome stored later"])
def test_a_call_after_a_busy_answer_waits_for_its_result_whoever_asks_for_it(
    world: World, stack: PushStack, how: str
) -> None:
    """When a chunk is called again is in the ledger; a message may come twice or early."""
    if how == "an outcome stored later":
        world.put_campaign(2)
        world.claim()
        calls = world.calls(PUSH)
        comes_late(stack, BUSY_OUTCOME)
    else:
        is_called_while_busy(world, stack)
        calls = world.calls(PUSH)
    if how == "a doubled message":
        stack.deliver(1)
    elif how == "a resume":
        stack.command("resume", campaign=CAMPAIGN)
    stack.work()

    assert world.calls(PUSH) == calls
    stack.work(world.clock() + BUSY_AGAIN_S)
    assert world.calls(PUSH) == calls + 1


def test_a_sender_that_waits_for_its_slot_does_not_call_again_what_another_was_answered_busy(
    world: World, stack: PushStack
) -> None:
    """Its chunk is queued as it was read, but not as it was read."""
    world.put_campaign(2, 2)
    stack.deliver(2)

    def another() -> None:
        world.claim()
        world.ledger.finish(CAMPAIGN, 1, BUSY_OUTCOME, claim="other", now_s=world.clock())

    world.steps.before("TransactWriteItems", another)
    stack.deliver(1)

    assert world.calls(PUSH) == 1
    assert [call.claim for call in world.chunk().earlier_calls] == ["other"]


def test_a_result_calls_off_the_second_call_after_a_busy_answer(
    world: World, stack: PushStack
) -> None:
    is_called_while_busy(world, stack)
    calls = world.calls(PUSH)

    result_comes(world, "of the first call", total=2)
    stack.run(3)

    assert world.calls(PUSH) == calls
    assert (world.chunk().state, world.chunk().message_id) == (
        ChunkState.ACCEPTED,
        "of the first call",
    )


def test_a_busy_answer_whose_result_does_not_come_is_called_again(
    world: World, stack: PushStack
) -> None:
    is_called_while_busy(world, stack)

    stack.run(4)

    assert set(world.pushed().values()) == {1}


def test_a_resume_does_not_send_again_what_a_result_has_proven_meanwhile(
    world: World, stack: PushStack
) -> None:
    lost_worker(world, 2, 1)
    stack.command("pause", campaign=CAMPAIGN)
    stack.command("resend_unknown", campaign=CAMPAIGN)
    result_comes(world, "of the first call", total=2)

    stack.command("resume", campaign=CAMPAIGN)
    stack.work()

    assert world.pushed() == {"o2-0": 1}
    assert states(stack) == {"accepted": 2}


def test_whom_a_busy_wechat_may_have_notified_is_left_out_of_the_next_campaign(
    world: World, stack: PushStack
) -> None:
    is_called_while_busy(world, stack)

    stack.command("cancel", campaign=CAMPAIGN)

    assert states(stack) == {"unknown": 1}
    assert world.chunk().may_have_notified


def test_a_busy_answer_that_the_next_invocation_stores_leaves_its_call_on_record(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(2)
    world.claim()
    busy = Outcome(ChunkState.QUEUED, errcode=-1, may_have_notified=True)
    before = world.quota.used(DAY)

    for _ in range(2):
        stack.sender.queue.send(OutcomeMessage(CAMPAIGN, 1, "other", busy))
    stack.command("pause", campaign=CAMPAIGN)
    stack.work()

    row = world.chunk()
    assert row.state is ChunkState.QUEUED
    assert [call.claim for call in row.earlier_calls] == ["other"]
    assert world.quota.used(DAY) == before


def test_a_busy_answer_of_a_campaign_that_was_replaced_is_unknown(
    world: World, stack: PushStack
) -> None:
    lost_worker(world, 2)
    stack.command("cancel", campaign=CAMPAIGN)
    later = replace(world.campaign(), campaign=f"20991122T193000-{ROOM}", command="later")
    world.campaigns.open(later, before=world.living.load(), release=None)

    busy = Outcome(ChunkState.QUEUED, errcode=-1, may_have_notified=True)
    comes_late(stack, busy)

    assert world.chunk().state is ChunkState.UNKNOWN
