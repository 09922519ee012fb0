"""A hold that was acknowledged holds, and a command that is acknowledged has taken effect."""

from collections.abc import Sequence
from itertools import count
from math import inf

import pytest

from factories import CAMPAIGN
from support.aws_faults import FOR_LONG, answer_lost, collided
from support.live_watch import WAITING
from support.push_fanout import A_CLAIM, fanout_deps, take_slots
from support.push_stack import PushStack
from support.push_start import start_deps
from support.world import World
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.chunks import CALL_DELAY_S, ChunkState
from wxlive_local.simulator import PUSH
from wxlive_push_fanout.send import send
from wxlive_push_start.commands import execute


@pytest.mark.parametrize("kind", [HoldKind.QUOTA, HoldKind.ACCESS, HoldKind.ROOM])
def test_an_automatic_resume_that_comes_late_does_not_undo_an_acknowledged_pause(
    world: World, stack: PushStack, kind: HoldKind
) -> None:
    world.put_campaign(1, **{**WAITING, "hold_kind": kind, "resume_at": 1})
    late = {"action": "end_hold", "campaign": CAMPAIGN, "hold": "h1"}
    assert stack.command("pause", campaign=CAMPAIGN)["state"] == "paused"

    execute(late, start_deps(world))
    stack.run(10)

    held = world.campaign()
    assert (held.state, held.hold_kind) == (CampaignState.PAUSED, HoldKind.OPERATOR)
    assert world.calls(PUSH) == 0


def test_an_automatic_resume_that_is_read_before_the_pause_does_not_undo_it(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1, **WAITING)
    world.steps.before("TransactWriteItems", lambda: stack.command("pause", campaign=CAMPAIGN))

    execute({"action": "end_hold", "campaign": CAMPAIGN, "hold": "h1"}, start_deps(world))

    assert world.campaign().hold_kind is HoldKind.OPERATOR


def test_an_end_that_is_read_before_the_operator_resumes_does_not_end_the_campaign(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1, **WAITING)
    give_up = {"action": "give_up", "campaign": CAMPAIGN, "hold": "h1", "reason": "closed"}
    world.steps.before("UpdateItem", lambda: stack.command("resume", campaign=CAMPAIGN))

    execute(give_up, start_deps(world))

    assert world.campaign().state is CampaignState.SENDING


@pytest.mark.parametrize(("action", "state"), [("pause", "paused"), ("cancel", "cancelled")])
@pytest.mark.parametrize("collisions", [3, FOR_LONG])
def test_a_command_that_collides_takes_effect_or_is_refused(
    world: World, stack: PushStack, action: str, state: str, collisions: int
) -> None:
    world.put_campaign(1)
    world.steps.before("TransactWriteItems", collided, about=f'"{state}"', times=collisions)

    answer = stack.command(action, campaign=CAMPAIGN)

    if collisions == FOR_LONG:
        assert "busy" in answer["refused"]
        assert world.campaign().state is CampaignState.SENDING
        return
    assert answer["state"] == world.campaign().state == state
    stack.deliver(1)
    assert world.calls(PUSH) == 0


@pytest.mark.parametrize(("action", "state"), [("pause", "paused"), ("cancel", "cancelled")])
def test_a_command_whose_answer_was_lost_is_acknowledged(
    world: World, stack: PushStack, action: str, state: str
) -> None:
    world.put_campaign(1)
    world.steps.after("TransactWriteItems", answer_lost, about=f'"{state}"')

    assert stack.command(action, campaign=CAMPAIGN)["state"] == state


def test_a_pause_holds_a_worker_that_has_missed_its_slot(world: World, stack: PushStack) -> None:
    """It claimed before the pause and waits for another slot: it must claim again, and can't."""
    world.put_campaign(1)

    def pause() -> None:
        stack.command("pause", campaign=CAMPAIGN)
        world.clock.now_s += 5
        take_slots(world, 5000)

    world.steps.after("TransactWriteItems", pause, about=A_CLAIM)

    stack.deliver(1)

    assert stack.processed == ["drained"]
    assert (world.calls(PUSH), world.chunk().state) == (0, ChunkState.QUEUED)


@pytest.mark.slow
@pytest.mark.parametrize("stumble_s", [0.5, 1.5])
def test_no_call_begins_later_than_a_second_after_an_acknowledged_pause(
    world: World, stack: PushStack, stumble_s: float
) -> None:
    """The pause comes at each step of a sender, which then stumbles."""
    world.put_campaign(1)
    before = world.save()
    late: list[float] = []

    for step in count(1):
        world.restore(before)
        world.clock.now_s += 100
        paused_at: list[float] = []

        def pause(seen: list[float] = paused_at) -> None:
            world.steps.restart()
            answer = stack.command("pause", campaign=CAMPAIGN)
            # Once all is sent, there is nothing left to pause.
            seen.append(world.clock() if answer.get("state") == "paused" else inf)
            world.clock.now_s += stumble_s

        sender = Sender(world)
        world.steps.restart()
        world.steps.at(step, pause)
        send(CAMPAIGN, 1, sender.deps)
        if not paused_at:
            break
        late += [began - paused_at[0] for began in sender.calls if began >= paused_at[0]]

    assert step > 20
    assert all(delay_s <= CALL_DELAY_S for delay_s in late)
    assert late or stumble_s > CALL_DELAY_S, "a call that was claimed before may still begin"


class Sender:
    """A sender; ``calls`` are the times at which its calls to push_message began."""

    def __init__(self, world: World) -> None:
        self.deps = fanout_deps(world)
        self.calls: list[float] = []
        push = self.deps.wechat.push

        def begin(room_id: int, openids: Sequence[str]) -> str:
            self.calls.append(world.clock())
            return push(room_id, openids)

        self.deps.wechat.push = begin  # type: ignore[method-assign]  # to see when, not what
