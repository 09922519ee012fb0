"""``wxlive followers``: count, look up, mute, export, compare."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from gettext import gettext as _
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError
from rich.console import Group, RenderableType
from rich.text import Text

from wxlive.domain.tellings import Telling
from wxlive.errors import InvalidCommand, Misconfigured
from wxlive_cli.campaigns import name_campaign
from wxlive_cli.console import CommandResult, say, stack_command
from wxlive_cli.exit_codes import DONE, NEEDS_ATTENTION
from wxlive_cli.files import OUT_FILE, check_outputs, is_stdout, write_csv
from wxlive_cli.followers.comparison import (
    UNKNOWN,
    Difference,
    check_openid,
    compare,
    read_list,
)
from wxlive_cli.followers.export import follower_row, write_followers
from wxlive_cli.followers.forgetting import check_forgettable, erase, prepare
from wxlive_cli.followers.told import is_known, read_tellings
from wxlive_cli.followers.wording import COLUMNS, OUTCOMES, TELLINGS, reason_of
from wxlive_cli.language import N_, shown
from wxlive_cli.recording import note_option, recorded
from wxlive_cli.stack import Stack
from wxlive_cli.tables import Listing, facts_table
from wxlive_cli.time_parsing import format_time, format_times

_DIFFERENCE_COLUMNS = ("openid", "file", "table")

MAX_SHOWN = 20
"""The most differences in the output; the file of ``--out`` has all of them."""


@click.group()
def followers() -> None:
    """Count, look up, mute and export the followers, or compare them with your own list."""


@followers.command()
@stack_command
def count(stack: Stack) -> CommandResult:
    """Count the followers by status, exactly.

    \b
    Example:
      wxlive followers count
    """  # noqa: D301 - \b keeps click from wrapping the lines
    facts = {status.value: number for status, number in stack.followers.count().items()}
    return CommandResult(facts, screen=facts_table(_("Followers"), facts))


@followers.command()
@click.argument("openid")
@stack_command
def get(stack: Stack, *, openid: str) -> CommandResult:
    """Show one follower, and whether each campaign of the last 90 days has notified them.

    WeChat reports on whole calls, so `probably` means that some of the call were not
    notified. Exits with 1 if the openid is unknown to the table and to every campaign.

    \b
    Example:
      wxlive followers get oXYZ… --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    check_openid(openid)
    follower, muted_at = stack.followers.get(openid), stack.muted.since(openid)
    tellings = read_tellings(stack, openid, follower, muted_at)
    if follower is None:
        tellings = [telling for telling in tellings if is_known(telling)]
        facts: dict[str, Any] = {"openid": openid, "status": UNKNOWN}
        facts |= _forgotten_facts(stack, openid)
    else:
        facts = {**follower_row(follower), "muted_at": muted_at or None}
    if follower is None and not tellings:
        screen = facts_table("", format_times(facts, stack.day_offset_hours))
        return CommandResult(facts, NEEDS_ATTENTION, screen)
    return CommandResult(
        {**facts, "campaigns": [telling.summary() for telling in tellings]},
        screen=Group(
            facts_table(_("Follower"), format_times(facts, stack.day_offset_hours)),
            *_tellings_screen(stack, tellings),
        ),
    )


def _forgotten_facts(stack: Stack, openid: str) -> dict[str, int]:
    """Return when an openid was forgotten, if it was and if the operator may read the key."""
    try:
        forgotten_at = stack.forgotten.forgotten_at(openid)
    except (Misconfigured, ClientError):
        return {}
    return {"forgotten_at": forgotten_at} if forgotten_at else {}


def _tellings_screen(stack: Stack, tellings: Sequence[Telling]) -> list[RenderableType]:
    """Lay out what the campaigns mean for a follower, the newest first."""
    if not tellings:
        return []
    rows = [
        (
            telling.campaign,
            f"{telling.chunk}" if telling.chunk is not None else "",
            _(OUTCOMES[telling.outcome]),
            format_time(telling.at, stack.day_offset_hours),
            reason_of(telling),
        )
        for telling in tellings
    ]
    return [Text(), Listing(_(TELLINGS), [_(column) for column in COLUMNS], rows)]


@followers.command()
@click.argument("openid")
@note_option
@stack_command
def mute(stack: Stack, *, openid: str, note: str) -> CommandResult:
    """Never notify a follower again, whatever WeChat's list says.

    They stay subscribed, and no sync unmutes them. A campaign that is under way may
    still notify them.

    \b
    Example:
      wxlive followers mute oXYZ…
    """  # noqa: D301 - \b keeps click from wrapping the lines
    _check_known(stack, openid)
    with recorded(stack, "followers mute", note):
        since = stack.muted.mute(openid, time.time())
    facts = {"openid": openid, "muted_at": since}
    _say_too_late(stack)
    screen = facts_table(_("Muted"), format_times(facts, stack.day_offset_hours))
    return CommandResult(facts, screen=screen)


@followers.command()
@click.argument("openid")
@note_option
@stack_command
def unmute(stack: Stack, *, openid: str, note: str) -> CommandResult:
    """Notify a muted follower again, from the next campaign on.

    \b
    Example:
      wxlive followers unmute oXYZ…
    """  # noqa: D301 - \b keeps click from wrapping the lines
    check_openid(openid)
    if not stack.muted.since(openid):
        _check_known(stack, openid)
    with recorded(stack, "followers unmute", note):
        stack.muted.unmute(openid)
    facts = {"openid": openid, "muted_at": None}
    return CommandResult(facts, screen=facts_table(_("Not muted"), {"openid": openid}))


@followers.command()
@click.argument("openid")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@note_option
@stack_command
def forget(stack: Stack, *, openid: str, yes: bool, note: str) -> CommandResult:
    """Erase what is on record of one person. This cannot be undone.

    A keyed hash stays in their place: reports keep their counts, no sync brings them
    back, and no push notifies them. Whoever subscribes again later begins anew. At
    WeChat they stay subscribed until they leave.

    Refused while a campaign under way may still call them. Exits with 1 if one began
    meanwhile. Repeated, it removes what has come since.

    \b
    Example:
      wxlive followers forget oXYZ… --note "asked by mail"
    """  # noqa: D301 - \b keeps click from wrapping the lines
    check_openid(openid)
    if not yes and _is_terminal():
        question = _("Erase what is on record of {openid}? This cannot be undone")
        if not click.confirm(question.format(openid=openid), err=True):
            raise InvalidCommand("Not confirmed; nothing was erased")
    with recorded(stack, "followers forget", note):
        check_forgettable(stack, openid)
        prepare(stack)
        erased = erase(stack, openid)
    facts = {"openid": openid, "status": "forgotten", **asdict(erased)}
    _say_what_stays()
    if erased.under_way:
        say(
            _(
                "{campaigns} began meanwhile and may still notify this person: run the command "
                "again once it has ended."
            ).format(campaigns=", ".join(erased.under_way))
        )
    rows = {**facts, "under_way": ", ".join(erased.under_way) or None}
    return CommandResult(
        facts,
        NEEDS_ATTENTION if erased.under_way else DONE,
        facts_table(_("Forgotten"), format_times(rows, stack.day_offset_hours)),
    )


def _is_terminal() -> bool:
    """Whether somebody is there who can be asked."""
    return sys.stdin.isatty()


def _say_what_stays() -> None:
    """Say what no command erases, and for how long it stays."""
    say(_("At WeChat this person stays subscribed until they leave the channel themselves."))
    say(
        _(
            "For a while there remain: backups of the tables (35 days), messages in queues (14 "
            "days at most), digests of sync pages (7 days), shortened openids in logs. Your own "
            "files are yours to clean."
        )
    )


def _check_known(stack: Stack, openid: str) -> None:
    check_openid(openid)
    if stack.followers.get(openid) is None:
        raise InvalidCommand(
            f"There is no follower {openid}; check the openid, or run `wxlive sync` if the viewer "
            "has just subscribed"
        )


def _say_too_late(stack: Stack) -> None:
    """Say that the campaign under way, if any, was planned before."""
    living = stack.living.load()
    campaign = stack.campaigns.get(living.campaign) if living else None
    if campaign is not None and not stack.report(campaign).nothing_left_to_send:
        say(
            _(
                "The {named} is under way and may still notify this follower; "
                "the next one does not."
            ).format(named=name_campaign(stack, campaign))
        )


@followers.command()
@click.option("--out", required=True, type=OUT_FILE, help="CSV file to write (- is stdout).")
@stack_command
def export(stack: Stack, *, out: Path) -> CommandResult:
    """Write the subscribed followers to a CSV file.

    \b
    Example:
      wxlive followers export --out followers.csv
    """  # noqa: D301 - \b keeps click from wrapping the lines
    check_outputs(out)
    rows = write_followers(out, stack.followers)
    screen = facts_table(_("Exported to {out}").format(out=out), {"rows": rows})
    return CommandResult({"rows": rows}, screen=screen, has_used_stdout=is_stdout(out))


@followers.command("import")
@click.option(
    "--check",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file with your own list: a header that names openid, or one openid per line.",
)
@click.option("--out", type=OUT_FILE, help="Write all differences to this CSV file (- is stdout).")
@stack_command
def import_(stack: Stack, *, file: Path, out: Path | None) -> CommandResult:
    """Compare your own list with the table; change nothing. Exits with 1 if they differ.

    To update the table from WeChat's list, use `wxlive sync`.

    \b
    Examples:
      wxlive followers import --check crm.csv
      wxlive followers import --check crm.csv --out differences.csv
    """  # noqa: D301 - \b keeps click from wrapping the lines
    check_outputs(file, out)
    listed = read_list(file)
    rows = len(listed)
    facts = {"file_rows": rows, **_summarize(compare(listed, stack.followers.walk()), out)}
    code = NEEDS_ATTENTION if facts["differ"] else DONE
    screen = facts_table(_("{file} compared with the table").format(file=file), _as_lines(facts))
    return CommandResult(facts, code, screen, has_used_stdout=is_stdout(out))


def _as_lines(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts with each of the first differences as a line of its own."""
    lines = {
        f"{number}. {row['openid']}": _("{file} in the file, {table} in the table").format(
            file=shown(row["file"]), table=shown(row["table"])
        )
        for number, row in enumerate(facts["first"], 1)
    }
    return {**{name: fact for name, fact in facts.items() if name != "first"}, **lines}


def _summarize(differences: Iterator[Difference], out: Path | None) -> dict[str, Any]:
    """Count the differences by kind, keep the first, and write all of them to ``out`` if given."""
    kinds: Counter[str] = Counter()
    first: list[dict[str, str]] = []

    def rows() -> Iterator[dict[str, str]]:
        for difference in differences:
            kinds[_kind_of(difference)] += 1
            row = asdict(difference)
            if len(first) < MAX_SHOWN:
                first.append(row)
            yield row

    differ = sum(1 for _ in rows()) if out is None else write_csv(out, _DIFFERENCE_COLUMNS, rows())
    return {"differ": differ, **kinds, "first": first}


def _kind_of(difference: Difference) -> str:
    words = N_("{file} in file {table} in table")
    return words.format(file=difference.file, table=difference.table).replace(" ", "_")
