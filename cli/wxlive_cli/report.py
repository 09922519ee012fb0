"""``wxlive report``: a campaign for whoever asks how it went, as a page, as JSON, as CSV."""

import time
from pathlib import Path

import click

from wxlive.campaigns import Campaign, Chunk
from wxlive.errors import Refused
from wxlive.events import PushResult
from wxlive.reports import report as derive
from wxlive.stores.rooms import RoomStore
from wxlive_cli.console import DONE, NOT_ALL_WELL, Outcome, facts_table, stack_command
from wxlive_cli.files import write_csv, written_whole
from wxlive_cli.report_facts import CALL_COLUMNS, Account, account, call_rows
from wxlive_cli.report_page import page, span, verdict
from wxlive_cli.stack import Stack

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("campaign", required=False)
@click.option("--out", type=_FILE, help="Write a page for a browser.")
@click.option("--csv", "csv_out", type=_FILE, help="Write one row for each call.")
@stack_command
def report(
    stack: Stack, *, campaign: str | None, out: Path | None, csv_out: Path | None
) -> Outcome:
    """Tell how a campaign went, or the newest one. Exits with 1 if somebody should look.

    \b
    Examples:
      wxlive report --out show.html
      wxlive report 20261122T193000-1001 --csv calls.csv
      wxlive report --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    chosen = stack.campaigns.get(campaign) if campaign else stack.campaigns.newest()
    if chosen is None:
        raise Refused(
            f"There is no campaign {campaign}; `wxlive status` shows the newest"
            if campaign
            else "There has been no campaign yet; `wxlive push` starts one"
        )
    found = account_of(stack, chosen)
    earlier = stack.campaigns.before(chosen.campaign)
    previous = account_of(stack, earlier) if earlier else None
    if out is not None:
        offset_hours = int(stack.output("DayOffsetHours"))
        with written_whole(out) as file:
            file.write(page(found, previous, now_s=time.time(), offset_hours=offset_hours))
    if csv_out is not None:
        write_csv(csv_out, CALL_COLUMNS, call_rows(*_read(stack, chosen)))
    facts = {**found.facts(), "previous": previous.facts() if previous else None}
    code = NOT_ALL_WELL if found.report.in_trouble else DONE
    return Outcome(
        facts, code=code, table=facts_table(f"Campaign {chosen.campaign}", told_of(found))
    )


def _read(stack: Stack, campaign: Campaign) -> tuple[list[Chunk], list[PushResult]]:
    now_s = time.time()
    ledger = [chunk.as_seen(now_s) for chunk in stack.campaigns.chunks(campaign.campaign)]
    return ledger, list(stack.campaigns.results(campaign.room_id))


def account_of(stack: Stack, campaign: Campaign) -> Account:
    """Read what there is of a campaign, and tell what became of it."""
    ledger, results = _read(stack, campaign)
    room = RoomStore(stack.state).all().get(campaign.room_id)
    return account(
        derive(campaign, ledger, results, time.time()),
        ledger,
        results,
        limit=int(stack.output("PushRatePerSecond")),
        room_name=room.name if room else "",
    )


def told_of(found: Account) -> dict[str, str]:
    """Lay an account out for a person."""
    success, audience = found.report.results["success"], found.report.campaign.audience
    return {
        "room": f"{found.report.campaign.room_id} {found.room_name}".strip(),
        "verdict": verdict(found).sentence,
        "told": f"{success:,} of {audience:,}",
        "first call to last": span(found.took_s),
        "openids per second": f"{found.pace:,}; the busiest second {found.busiest:,}",
    }
