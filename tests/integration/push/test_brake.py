"""The brake: a campaign whose last calls have failed holds itself until the operator resumes."""

from typing import Any

import pytest

from factories import CAMPAIGN, a_result
from support.aws_faults import FOR_LONG, collided
from support.push_fanout import fanout_deps
from support.push_stack import PushStack
from support.push_start import start_deps
from support.world import World
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.stores.recent_results import RecentResultStore
from wxlive.telemetry import Metric
from wxlive_local.simulator import PUSH
from wxlive_push_fanout.send import SendResult, send
from wxlive_push_start.commands import execute

SENT = 5


@pytest.fixture
def sent(world: World, stack: PushStack) -> World:
    """A world whose campaign has made five of nine calls, of a follower each."""
    world.put_campaign(*[1] * 9)
    world.clock.now_s += 10
    stack.deliver(*range(1, SENT + 1))
    assert world.calls(PUSH) == SENT
    return world


def report(world: World, *failed: int, first: int = 1, heard: bool = True) -> None:
    """Have results come for calls one after the other, of which these have failed.

    ``heard`` says whether the callback has noted them among the last ones as well.
    """
    recent = RecentResultStore(world.aws.test.state)
    for number, fails in enumerate(failed, first):
        world.clock.now_s += 1
        facts: dict[str, Any] = {"total": 1, "relation_error": fails}
        result = a_result(str(world.chunk(number).message_id), **facts)
        stored = world.results.add(result, world.clock())
        if heard:
            recent.add(stored)


def test_the_next_sender_holds_a_campaign_whose_last_calls_failed(sent: World) -> None:
    report(sent, 1, 1, 0, 1, 0)

    assert send(CAMPAIGN, 6, fanout_deps(sent)) is SendResult.NOT_SENT

    held = sent.campaign()
    assert (held.state, held.hold_kind) == (CampaignState.PAUSED, HoldKind.BRAKE)
    assert held.reason == (
        "3 of 5 followers in the last 5 reported calls were not notified (60.0 %; 3 relation_error)"
    )
    assert (sent.calls(PUSH), sent.chunk(6).state) == (SENT, ChunkState.QUEUED)


def test_each_minute_does_what_no_sender_has_done(sent: World, stack: PushStack) -> None:
    report(sent, 1, 1, 1, 1, 1, heard=False)

    done = execute({"action": "reconcile"}, start_deps(sent))

    assert done["judged"] == "held: brake"
    assert sent.campaign().hold_kind is HoldKind.BRAKE
    assert sent.telemetry.counted[Metric.CAMPAIGN_HELD] == 1
    stack.run(3)
    assert sent.calls(PUSH) == SENT
    assert sent.telemetry.counted[Metric.CAMPAIGN_HELD] == 4


@pytest.mark.parametrize("failed", [(1, 1, 0, 0, 0), (1, 1, 1, 1)])
def test_a_campaign_goes_on_if_fewer_failed(sent: World, failed: tuple[int, ...]) -> None:
    report(sent, *failed)

    assert send(CAMPAIGN, 6, fanout_deps(sent)) is SendResult.ACCEPTED
    assert "judged" not in execute({"action": "reconcile"}, start_deps(sent))


def test_only_the_last_five_calls_count(sent: World, stack: PushStack) -> None:
    report(sent, 0, 0, 0, 0, 0)
    stack.deliver(6, 7, 8)
    report(sent, 1, 1, 1, first=6)

    assert send(CAMPAIGN, 9, fanout_deps(sent)) is SendResult.NOT_SENT
    assert "3 of 5 followers in the last 5 reported calls" in str(sent.campaign().reason)


def test_the_brake_may_be_off(sent: World) -> None:
    report(sent, 1, 1, 1, 1, 1)

    assert send(CAMPAIGN, 6, fanout_deps(sent, brake_percent=0)) is SendResult.ACCEPTED
    execute({"action": "reconcile"}, start_deps(sent, brake_percent=0))
    assert sent.campaign().state is CampaignState.SENDING


def test_after_a_resume_only_later_calls_count(sent: World, stack: PushStack) -> None:
    report(sent, 1, 1, 1, 1, 1)
    send(CAMPAIGN, 6, fanout_deps(sent))
    sent.clock.now_s += 1

    stack.command("resume", campaign=CAMPAIGN, hold=sent.campaign().hold_id)
    stack.run(2)

    assert sent.calls(PUSH) == 9
    assert set(sent.pushed().values()) == {1}


def test_results_of_other_campaigns_of_the_room_do_not_brake_it(sent: World) -> None:
    recent = RecentResultStore(sent.aws.test.state)
    for number in range(5):
        recent.add(a_result(f"other-{number}", total=1, relation_error=1))

    assert send(CAMPAIGN, 6, fanout_deps(sent)) is SendResult.ACCEPTED


def test_a_busy_table_does_not_keep_a_call_from_being_made(sent: World) -> None:
    report(sent, 1, 1, 1, 1, 1)
    sent.steps.before("Query", collided, about="recent#", times=FOR_LONG)

    assert send(CAMPAIGN, 6, fanout_deps(sent)) is SendResult.ACCEPTED


def test_a_brake_that_was_read_before_the_operator_resumed_holds_nothing(
    sent: World, stack: PushStack
) -> None:
    report(sent, 1, 1, 1, 1, 1)

    def hold_and_resume() -> None:
        sent.steps.restart()
        execute({"action": "reconcile"}, start_deps(sent))
        sent.clock.now_s += 1
        stack.command("resume", campaign=CAMPAIGN, hold=sent.campaign().hold_id)

    sent.steps.before("UpdateItem", hold_and_resume, about="brake")

    send(CAMPAIGN, 6, fanout_deps(sent))

    assert sent.campaign().state is CampaignState.SENDING
