"""A worker dies: nobody is notified twice, and what may have left is unknown, not hidden."""

from contextlib import suppress
from itertools import count

import pytest

from factories import CAMPAIGN
from support.push_fanout import fanout_deps
from support.steps import Killed
from support.world import World
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import CLAIM_STALE_S, ChunkState
from wxlive.telemetry import Metric
from wxlive_local.simulator import PUSH
from wxlive_push_fanout.send import SendResult, send


@pytest.mark.parametrize("state", list(CampaignState))
@pytest.mark.parametrize(
    ("age_s", "abandoned"), [(CLAIM_STALE_S, False), (CLAIM_STALE_S + 1, True)]
)
def test_a_claim_without_a_worker_becomes_unknown_and_a_fresh_one_is_left_alone(
    *, world: World, age_s: int, abandoned: bool, state: CampaignState
) -> None:
    world.put_campaign(1)
    world.claim()
    world.move_campaign(state)
    world.clock.now_s += age_s

    result = send(CAMPAIGN, 1, fanout_deps(world))

    assert result is (SendResult.UNKNOWN if abandoned else SendResult.DRAINED)
    assert world.chunk().state is (ChunkState.UNKNOWN if abandoned else ChunkState.SENDING)
    assert world.calls(PUSH) == 0
    assert world.telemetry.counted[Metric.CHUNK_UNKNOWN] == int(abandoned)


@pytest.mark.slow
def test_a_worker_killed_at_any_step_notifies_nobody_twice_and_hides_nothing(
    world: World,
) -> None:
    world.put_campaign(2)
    before = world.save()
    unknown = 0

    for step in count(1):
        world.restore(before)
        world.at_wechat(lambda p: p.ledger.times_pushed.clear())
        survived = dies_at(step, world)
        for _ in range(2):  # the queue delivers the message again, and once more
            world.clock.now_s += 360
            send(CAMPAIGN, 1, fanout_deps(world))
        pushed, state = set(world.pushed().values()), world.chunk().state
        assert pushed in (set(), {1}), step
        assert state in {ChunkState.ACCEPTED, ChunkState.UNKNOWN}, step
        assert state is ChunkState.UNKNOWN or pushed == {1}, step
        unknown += state is ChunkState.UNKNOWN
        if survived:
            break

    assert step > 15
    assert 0 < unknown < step / 2


def dies_at(step: int, world: World) -> bool:
    """Have a worker killed at a step; returns whether it ended before that."""
    world.steps.restart()
    world.steps.die(step)
    survived = False
    with suppress(Killed):
        survived = send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.ACCEPTED
    world.steps.restart()
    return survived
