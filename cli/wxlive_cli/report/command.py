"""``wxlive report``: how a campaign went, as a page, as JSON, as CSV."""

import time
from pathlib import Path

import click

from wxlive_cli.campaigns import find_campaign
from wxlive_cli.console import DONE, NEEDS_ATTENTION, CommandResult, facts_table, stack_command
from wxlive_cli.files import open_atomically, write_csv
from wxlive_cli.report.calls import CALL_COLUMNS, call_rows
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.page import render_page
from wxlive_cli.report.reader import read_calls, read_facts
from wxlive_cli.report.wording import overview
from wxlive_cli.stack import Stack

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("campaign", required=False)
@click.option("--out", type=_FILE, help="Write an HTML page to this file.")
@click.option("--csv", "csv_out", type=_FILE, help="Write a row for each call to this CSV file.")
@stack_command
def report(
    stack: Stack, *, campaign: str | None, out: Path | None, csv_out: Path | None
) -> CommandResult:
    """Report on a campaign; by default, on the newest one.

    Exits with 1 if the campaign needs attention, as `wxlive status` does.

    \b
    Examples:
      wxlive report --out show.html
      wxlive report 20261122T193000-1001 --csv calls.csv
      wxlive report --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    chosen = find_campaign(stack, campaign)
    facts = read_facts(stack, chosen)
    earlier = stack.campaigns.before(chosen.campaign)
    previous = read_facts(stack, earlier) if earlier else None
    if out is not None:
        _write_page(stack, out, facts, previous)
    if csv_out is not None:
        write_csv(csv_out, CALL_COLUMNS, call_rows(*read_calls(stack, chosen)))
    return CommandResult(
        {**facts.summary(), "previous": previous.summary() if previous else None},
        NEEDS_ATTENTION if facts.report.in_trouble else DONE,
        facts_table(f"Campaign {chosen.campaign}", overview(facts)),
    )


def _write_page(
    stack: Stack, out: Path, facts: CampaignFacts, previous: CampaignFacts | None
) -> None:
    offset_hours = stack.day_offset_hours
    with open_atomically(out) as file:
        file.write(render_page(facts, previous, now_s=time.time(), offset_hours=offset_hours))
