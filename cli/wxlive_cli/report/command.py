"""``wxlive report``: how a campaign went, as a page, as JSON, as CSV."""

import time
from collections.abc import Sequence
from gettext import gettext as _
from pathlib import Path

import click
from rich.console import Group, RenderableType
from rich.text import Text

from wxlive_cli.campaigns import find_campaign
from wxlive_cli.console import CommandResult, stack_command
from wxlive_cli.exit_codes import code_of
from wxlive_cli.files import OUT_FILE, check_outputs, is_stdout, open_atomically, write_csv
from wxlive_cli.report.calls import CALL_COLUMNS, call_rows
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.members import MEMBER_COLUMNS, member_rows
from wxlive_cli.report.page import render_page
from wxlive_cli.report.reader import read_calls, read_earlier, read_facts
from wxlive_cli.report.screen import pictured
from wxlive_cli.report.wording import COMPARED, COMPARISON, compare
from wxlive_cli.stack import Stack
from wxlive_cli.tables import Listing
from wxlive_cli.time_parsing import format_time


@click.command()
@click.argument("campaign", required=False)
@click.option("--out", type=OUT_FILE, help="Write an HTML page to this file (- is stdout).")
@click.option(
    "--csv",
    "csv_out",
    type=OUT_FILE,
    help="Write a row for each call to this CSV file (- is stdout).",
)
@click.option(
    "--members",
    type=OUT_FILE,
    help="Write a row for each follower in a call to this CSV file (- is stdout).",
)
@stack_command
def report(
    stack: Stack,
    *,
    campaign: str | None,
    out: Path | None,
    csv_out: Path | None,
    members: Path | None,
) -> CommandResult:
    """Report on a campaign; by default, on the newest one.

    Exits with 1 if the campaign needs attention, as `wxlive status` does. The comparison is with
    up to ten campaigns before it that made a call.

    \b
    Examples:
      wxlive report --out show.html
      wxlive report 20261122T193000-1001 --csv calls.csv
      wxlive report --members members.csv
      wxlive report --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    check_outputs(out, csv_out, members)
    chosen = find_campaign(stack, campaign)
    facts = read_facts(stack, chosen)
    earlier = read_earlier(stack, chosen)
    if out is not None:
        _write_page(stack, out, facts, earlier)
    if csv_out is not None:
        write_csv(csv_out, CALL_COLUMNS, call_rows(*read_calls(stack, chosen)))
    written = {}
    if members is not None:
        rows = member_rows(stack, chosen)
        written = {"members": write_csv(members, MEMBER_COLUMNS, rows)}
    return CommandResult(
        {
            **facts.summary(),
            "previous": earlier[0].summary() if earlier else None,
            "earlier": [each.brief() for each in earlier],
            **written,
        },
        code_of(facts.report),
        _screen(facts, earlier, stack.day_offset_hours),
        has_used_stdout=any(map(is_stdout, (out, csv_out, members))),
    )


def _screen(
    facts: CampaignFacts, earlier: Sequence[CampaignFacts], offset_hours: int
) -> RenderableType:
    rows = [
        (format_time(each.started_at, offset_hours), *each.words)
        for each in compare(facts, earlier)
    ]
    shown = pictured(facts, time.time(), offset_hours)
    return Group(shown, Text(), Listing(_(COMPARISON), COMPARED, rows)) if earlier else shown


def _write_page(
    stack: Stack, out: Path, facts: CampaignFacts, earlier: Sequence[CampaignFacts]
) -> None:
    offset_hours = stack.day_offset_hours
    with open_atomically(out) as file:
        file.write(render_page(facts, earlier, now_s=time.time(), offset_hours=offset_hours))
