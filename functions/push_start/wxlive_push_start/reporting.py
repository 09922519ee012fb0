"""The report of a campaign, read from the stores."""

from wxlive.domain.campaigns import Campaign
from wxlive.domain.reports import Report, report
from wxlive_push_start.dependencies import Dependencies


def read_report(campaign: Campaign, deps: Dependencies) -> Report:
    """Report what became of a campaign up to now."""
    chunks = deps.ledger.chunks(campaign.campaign)
    results = deps.results.of_room(campaign.room_id)
    return report(campaign, chunks, results, deps.now())
