"""What reconcile counts: levels, each minute for as long as they last."""

import pytest

from factories import CAMPAIGN, a_chunk
from support.starter import Starter
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.stores.living import Living
from wxlive.telemetry import Metric

WAITS = a_chunk(1)


def reconcile(starter: Starter, minutes: int = 1) -> None:
    for _ in range(minutes):
        starter.execute("reconcile")


@pytest.mark.parametrize("kind", [kind for kind in HoldKind if kind is not HoldKind.OPERATOR])
def test_a_hold_of_the_machine_is_counted_each_minute(starter: Starter, kind: HoldKind) -> None:
    starter.put(WAITS, state=CampaignState.PAUSED, hold_kind=kind, hold_id="h-1")
    reconcile(starter, minutes=3)
    assert starter.telemetry.counted == {Metric.CAMPAIGN_HELD: 3}


def test_a_pause_of_the_operator_is_not_counted(starter: Starter) -> None:
    paused = {"state": CampaignState.PAUSED, "hold_kind": HoldKind.OPERATOR, "hold_id": "h-1"}
    starter.put(WAITS, **paused)
    reconcile(starter)
    assert not starter.telemetry.counted


@pytest.mark.parametrize(
    ("state", "metric"),
    [(ChunkState.UNKNOWN, Metric.CHUNK_UNKNOWN), (ChunkState.REFUSED, Metric.CHUNK_REFUSED)],
)
def test_chunks_that_need_a_look_are_counted_until_the_campaign_is_closed(
    starter: Starter, state: ChunkState, metric: Metric
) -> None:
    starter.put(WAITS, a_chunk(2, state), a_chunk(3, state), chunks=3)
    reconcile(starter, minutes=2)
    assert starter.telemetry.counted[metric] == 4
    starter.ledger.rows[CAMPAIGN, 1] = a_chunk(1, ChunkState.ACCEPTED, message_id="m-1")
    reconcile(starter, minutes=2)
    assert starter.telemetry.counted[metric] == 6


def test_metrics_are_published_before_a_campaign_is_closed(starter: Starter) -> None:
    starter.put(a_chunk(1, ChunkState.REFUSED), chunks=1)
    closed: list[bool] = []
    starter.telemetry.at_publish = lambda: closed.append(starter.living.row != Living(CAMPAIGN, 0))

    reconcile(starter)

    assert starter.campaign.state is CampaignState.FAILED
    assert starter.telemetry.counted[Metric.CAMPAIGN_FAILED] == 1
    assert closed == [False]
    assert starter.living.row == Living(CAMPAIGN, 0, finished=True)


def test_a_start_closes_the_campaign_that_it_replaces(starter: Starter) -> None:
    failed = {"state": CampaignState.FAILED, "reason": "Room 1001 is ended (103)"}
    starter.put(a_chunk(1, ChunkState.ACCEPTED, message_id="m-1"), chunks=1, **failed)

    starter.execute("start", room_id=1002)

    assert starter.telemetry.counted[Metric.CAMPAIGN_FAILED] == 1
