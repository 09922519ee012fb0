"""Reading what the report of a campaign is derived from."""

from itertools import chain

from wxlive.domain.calendar import day_of
from wxlive.domain.campaigns import Campaign
from wxlive.domain.reports import Joined, Report, join, report_of
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.results import ResultStore


def read_report(
    campaign: Campaign,
    campaigns: CampaignStore,
    ledger: LedgerStore,
    results: ResultStore,
    now_s: float,
) -> Report:
    """Report what became of a campaign up to now (Unix s)."""
    joined = read_joined(campaign, campaigns, ledger, results, now_s)
    return report_of(campaign, joined, now_s)


def read_joined(
    campaign: Campaign,
    campaigns: CampaignStore,
    ledger: LedgerStore,
    results: ResultStore,
    now_s: float,
) -> Joined:
    """Return the chunks of a campaign as of now (Unix s), with WeChat's results."""
    others = (
        ledger.chunks(other.campaign)
        for other in campaigns.of_room(campaign.room_id)
        if other.campaign != campaign.campaign
    )
    return join(
        campaign,
        ledger.chunks(campaign.campaign),
        results.of_room(campaign.room_id),
        now_s,
        others=chain.from_iterable(others),
    )


def may_have_notified(
    room_id: int, day: str, campaigns: CampaignStore, ledger: LedgerStore, offset_hours: int
) -> bool:
    """Whether a call of that day for a room was accepted, or may have reached WeChat.

    If not, WeChat's day is still free, whichever room a claim has taken it for.
    """
    return any(
        day_of(called_at, offset_hours) == day
        for campaign in campaigns.of_room(room_id)
        for chunk in ledger.chunks(campaign.campaign)
        for called_at in chunk.called_at
    )
