"""The report of a campaign, read from the stores."""

from wxlive.domain.campaigns import Campaign
from wxlive.domain.reports import Report
from wxlive.stores import reports
from wxlive_push_start.dependencies import Dependencies


def read_report(campaign: Campaign, deps: Dependencies) -> Report:
    """Report what became of a campaign up to now."""
    return reports.read_report(campaign, deps.campaigns, deps.ledger, deps.results, deps.now())
