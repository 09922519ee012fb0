"""When a campaign that is being followed counts as stalled."""

import pytest

from factories import a_campaign, a_chunk
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.reports import Report, report
from wxlive_cli.push.stall_detector import STALLED_AFTER_S, StallDetector


def reported(
    chunk_state: ChunkState = ChunkState.QUEUED, state: CampaignState = CampaignState.SENDING
) -> Report:
    return report(a_campaign(state=state), [a_chunk(1, chunk_state), a_chunk(2)], [], 0)


def stalls(*reports: Report, every_s: int = 1) -> list[int]:
    """When the detector says stalled, if it sees these reports one after the other."""
    detector = StallDetector(0)
    return [
        number * every_s
        for number, seen in enumerate(reports)
        if detector.is_stalled(seen, number * every_s)
    ]


def test_a_campaign_that_does_not_change_stalls_again_and_again() -> None:
    found = stalls(*[reported()] * 200)

    assert found == [STALLED_AFTER_S + 1, 2 * (STALLED_AFTER_S + 1)]


def test_a_chunk_that_changes_its_state_starts_the_wait_anew() -> None:
    queued, accepted = [reported()] * 80, [reported(ChunkState.ACCEPTED)] * 92

    assert stalls(*queued, *accepted) == [80 + STALLED_AFTER_S + 1]


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.WAITING_LIVE])
def test_a_campaign_on_hold_does_not_stall(state: CampaignState) -> None:
    assert stalls(*[reported(state=state)] * 200) == []
