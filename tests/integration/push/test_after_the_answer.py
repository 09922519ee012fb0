"""What WeChat has answered is kept, whatever fails afterwards."""

from collections.abc import Callable

import pytest

from factories import CAMPAIGN, DAY, a_result
from support.aws_faults import FOR_LONG, collided, denied, throttled, unreachable
from support.push_stack import PushStack
from support.world import World
from wxlive.domain.chunks import ABANDONED, ChunkState
from wxlive_local.simulator import PUSH, Fault, FaultRule


def fail(world: World, fault: Callable[[], None], times: int = FOR_LONG) -> None:
    """Have the table fail so many times once WeChat has answered.

    It is well again when the sender has given up and leaves the outcome to the queue.
    """

    def begin() -> None:
        for call in ("UpdateItem", "TransactWriteItems"):
            world.steps.before(call, fault, times=times)
        world.steps.before("SendMessage", world.steps.heal)

    world.steps.after(PUSH, begin)


def message_id(world: World) -> str:
    """Return the only message_id that WeChat has given."""
    [call] = world.wechat.run_on_loop(lambda platform: list(platform.ledger.accepted_pushes))
    assert call.message_id is not None
    return call.message_id


@pytest.mark.parametrize("fault", [throttled, collided, unreachable, denied])
def test_an_acceptance_that_cannot_be_stored_is_stored_by_the_next_invocation(
    world: World, stack: PushStack, fault: Callable[[], None]
) -> None:
    world.put_campaign(2)
    fail(world, fault)

    stack.deliver(1)

    assert stack.processed == ["accepted", "outcome_stored"]
    [carried] = world.outcomes
    row = world.chunk()
    assert carried.outcome.message_id == row.message_id == message_id(world)
    assert row.state is ChunkState.ACCEPTED
    assert set(world.pushed().values()) == {1}


def test_an_acceptance_is_stored_for_as_long_as_there_is_time(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1)
    began = world.clock()
    fail(world, throttled)

    stack.deliver(1)

    assert 50 < world.clock() - began < 60


def test_an_acceptance_that_collides_five_times_is_stored(world: World, stack: PushStack) -> None:
    world.put_campaign(1)
    fail(world, collided, times=5)

    stack.deliver(1)

    assert stack.processed == ["accepted"]
    assert (world.chunk().state, world.chunk().message_id) == (
        ChunkState.ACCEPTED,
        message_id(world),
    )


def test_an_acceptance_that_comes_after_its_claim_was_settled_is_stored(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1)
    fail(world, throttled)

    def settle() -> None:
        assert world.ledger.abandon(CAMPAIGN, world.chunk(), reason=ABANDONED)

    world.steps.after("SendMessage", settle)

    stack.deliver(1)

    assert (world.chunk().state, world.chunk().message_id) == (
        ChunkState.ACCEPTED,
        message_id(world),
    )


def test_an_acceptance_that_neither_table_nor_queue_takes_is_logged_and_proved_by_its_result(
    world: World, stack: PushStack, caplog: pytest.LogCaptureFixture
) -> None:
    world.put_campaign(2)
    world.steps.before("SendMessage", unreachable, times=2)
    fail(world, throttled)

    stack.deliver(1)

    assert stack.processed == ["ConnectTimeoutError"], "so PushFanoutErrors goes off"
    [logged] = [vars(r) for r in caplog.records if r.message == "outcome not stored"]
    given = message_id(world)
    assert (logged["campaign"], logged["chunk"], logged["message_id"]) == (CAMPAIGN, 1, given)
    [failed] = [vars(r) for r in caplog.records if r.message == "message not processed"]
    assert (failed["campaign"], failed["chunk"]) == (CAMPAIGN, 1)
    world.steps.heal()
    stack.run(2)
    assert stack.status(CAMPAIGN)["chunks"]["unknown"] == 1
    result = a_result(message_id(world), total=2, time_s=int(world.clock()))
    world.results.add(result, world.clock())
    assert stack.status(CAMPAIGN)["chunks"]["accepted"] == 1
    assert set(world.pushed().values()) == {1}


def test_a_used_up_minute_that_cannot_be_stored_is_stored_later_and_the_chunk_sent_again(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(2)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=45011))
    fail(world, throttled)

    stack.deliver(1)
    stack.work(world.clock() + 60)

    assert "outcome_stored" in stack.processed
    assert world.chunk().state is ChunkState.ACCEPTED
    assert set(world.pushed().values()) == {1}
    assert world.quota.used(DAY) == 2, "both calls were made"


@pytest.mark.parametrize("errcode", [47001, 40097])
def test_a_refusal_that_a_busy_table_takes_late_is_a_refusal(
    world: World, stack: PushStack, errcode: int
) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=errcode))
    fail(world, throttled, times=20)

    stack.deliver(1)

    row = world.chunk()
    assert (row.state, row.errcode) == (ChunkState.REFUSED, errcode)
    assert world.calls(PUSH) == 1


def test_an_outcome_received_twice_changes_nothing(world: World, stack: PushStack) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=45011))
    fail(world, throttled)
    stack.deliver(1)
    stack.work(world.clock() + 60)
    stored = world.chunk()

    [carried] = world.outcomes
    stack.sender.queue.send(carried)
    stack.work()

    assert world.chunk() == stored
    assert set(world.pushed().values()) == {1}
