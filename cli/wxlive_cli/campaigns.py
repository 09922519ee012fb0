"""What the commands about campaigns share: finding one, and showing it."""

from wxlive.domain.campaigns import Campaign
from wxlive.domain.reports import Report
from wxlive.errors import InvalidCommand
from wxlive_cli.console import CommandResult, facts_table
from wxlive_cli.formatting import format_quantity
from wxlive_cli.stack import Stack


def find_campaign(stack: Stack, name: str | None) -> Campaign:
    """Return the named campaign, or the newest one.

    Raises:
        InvalidCommand: there is no such campaign.
    """
    campaign = stack.campaigns.get(name) if name else stack.campaigns.newest()
    if campaign is None:
        raise InvalidCommand(
            f"There is no campaign {name}; `wxlive status` shows the newest"
            if name
            else "There is no campaign yet; start one with `wxlive push`"
        )
    return campaign


def campaign_result(report: Report, *, code: int) -> CommandResult:
    """Return a campaign as the result of a command."""
    title = f"Campaign {report.campaign.campaign}"
    return CommandResult(report.summary(), code, facts_table(title, _rows(report)))


def _rows(report: Report) -> dict[str, str | int | None]:
    """Lay a report out for a person; counts of zero are left out."""
    rows: dict[str, str | int | None] = {
        "room": str(report.campaign.room_id),
        "state": report.state.value,
        "reason": report.campaign.reason,
        "audience": report.campaign.audience,
    }
    for state, chunks in report.chunks.items():
        if chunks:
            openids = format_quantity(report.openids[state], "openid")
            rows[state.value] = f"{openids} in {format_quantity(chunks, 'call')}"
    rows |= {f"result: {name}": count for name, count in report.results.items() if count}
    rows |= {f"reason {number}": reason for number, reason in enumerate(report.reasons, 1)}
    if report.overdue:
        rows["results overdue"] = f"{format_quantity(len(report.overdue), 'call')}, see --json"
    if report.orphans:
        rows["orphan results"] = len(report.orphans)
    return rows
