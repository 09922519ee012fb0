"""``wxlive history``: who gave which command, beside what happened by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from gettext import gettext as _
from itertools import islice

import click

from wxlive.domain.campaigns import Campaign, HoldKind
from wxlive.domain.history import GivenCommand, Happening, Incident, happenings
from wxlive_cli.campaigns import find_campaign
from wxlive_cli.console import CommandResult, stack_command
from wxlive_cli.language import N_, shown
from wxlive_cli.stack import Stack
from wxlive_cli.tables import Listing
from wxlive_cli.time_parsing import format_time

CAMPAIGNS = 10
"""Without an id the history of so many campaigns is shown."""

OPERATOR, MACHINE = "operator", "wxlive"

REFUSED = N_("{action} (refused)")

_AUTOMATIC = {"auto": N_("started by AutoPush"), "planned": N_("started as planned")}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history. ``by`` is an ARN, ``operator`` or ``wxlive``."""

    at: int
    by: str
    what: str
    campaign: str = ""
    room_id: int = 0
    note: str = ""
    reason: str = ""


@click.command()
@click.argument("campaign", required=False)
@stack_command
def history(stack: Stack, *, campaign: str | None) -> CommandResult:
    """Show who gave which command, and what happened by itself; by default, of the last campaigns.

    A command is recorded with the AWS identity that gave it, as `wxlive` on the operator's machine
    reported it: a log for a team, no evidence. CloudTrail has AWS's own.

    \b
    Examples:
      wxlive history
      wxlive history 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    campaigns = (
        [find_campaign(stack, campaign)]
        if campaign is not None
        else list(islice(stack.campaigns.newest_first(), CAMPAIGNS))
    )
    given = stack.history.all()
    if campaign is not None:
        given = [one for one in given if _is_about(one, campaigns[0])]
    entries = [*_commands(given, campaigns), *_happened(stack, campaigns)]
    entries.sort(key=lambda entry: entry.at)
    facts = {"history": [asdict(entry) for entry in entries]}
    return CommandResult(facts, screen=_listing(entries, stack.day_offset_hours))


def _is_about(given: GivenCommand, campaign: Campaign) -> bool:
    return given.campaign == campaign.campaign or given.command == campaign.command


def _commands(given: Iterable[GivenCommand], campaigns: Iterable[Campaign]) -> Iterable[Entry]:
    started = {campaign.command: campaign.campaign for campaign in campaigns}
    for one in given:
        yield Entry(
            at=one.at,
            by=one.by,
            what=REFUSED.format(action=one.action) if one.refused else one.action,
            campaign=one.campaign or started.get(one.command, ""),
            room_id=one.room_id,
            note=one.note,
            reason=one.refused,
        )


def _happened(stack: Stack, campaigns: Iterable[Campaign]) -> Iterable[Entry]:
    for campaign in campaigns:
        for happening in happenings(campaign, stack.report(campaign)):
            yield Entry(
                at=happening.at,
                by=_by(happening, campaign),
                what=_what(happening, campaign),
                campaign=campaign.campaign,
                room_id=campaign.room_id,
                reason=happening.reason or "",
            )


def _by(happening: Happening, campaign: Campaign) -> str:
    """Return whose doing it was; the command itself is another entry."""
    by_operator = (
        happening.hold is HoldKind.OPERATOR
        or happening.incident is Incident.CANCELLED
        or (happening.incident is Incident.STARTED and not _automatic(campaign))
    )
    return OPERATOR if by_operator else MACHINE


def _what(happening: Happening, campaign: Campaign) -> str:
    if happening.incident is Incident.STARTED:
        return _automatic(campaign) or happening.incident.value
    return happening.incident.value


def _automatic(campaign: Campaign) -> str | None:
    """Say how a campaign was started, if not by a command: its command's id begins with it."""
    return _AUTOMATIC.get(campaign.command.partition("#")[0])


def _listing(entries: Sequence[Entry], offset_hours: int) -> Listing:
    rows = [_row(entry, offset_hours) for entry in entries]
    return Listing(
        _("History: {number}").format(number=len(entries)),
        ("time", "campaign", "who", "what", "why"),
        rows,
    )


def _row(entry: Entry, offset_hours: int) -> tuple[str, ...]:
    why = _("; ").join(text for text in (entry.note, shown(entry.reason)) if text)
    room = _("room {room_id}").format(room_id=entry.room_id) if entry.room_id else ""
    is_typed = entry.by not in {OPERATOR, MACHINE} and not entry.reason
    what = entry.what if is_typed else shown(entry.what)
    who = shown(_short(entry.by))
    return format_time(entry.at, offset_hours), entry.campaign or room, who, what, why


def _short(by: str) -> str:
    """Leave out of an ARN what is the same for a whole account."""
    return by.rpartition(":")[2]
