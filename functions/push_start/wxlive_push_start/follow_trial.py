"""Following a trial, so that the campaign need not wait until the next minute for its verdict."""

from contextlib import suppress

from wxlive.domain.campaigns import CampaignState
from wxlive_push_start.announce import announce
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.judgement import judge
from wxlive_push_start.plan import RESERVE_S
from wxlive_push_start.reporting import read_report

EVERY_S = 2


def follow_trial(campaign_id: str, deps: Dependencies) -> None:
    """Judge a trial as soon as its results are in. It only makes things faster: see ``judge``."""
    until_s = deps.now() + deps.trial_followed_s
    while deps.now() < until_s and deps.remaining_s() > RESERVE_S:
        campaign = deps.campaigns.get(campaign_id)
        if campaign is None or not campaign.awaits_trial:
            return
        if campaign.state is not CampaignState.SENDING:
            return
        if judge(read_report(campaign, deps), deps) is not None:
            with suppress(Exception):  # the next minute announces it
                announce(deps)
            return
        deps.sleep(EVERY_S)
