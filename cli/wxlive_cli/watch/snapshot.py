"""A running campaign at one moment, and how it is shown."""

from dataclasses import dataclass
from gettext import gettext as _

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.text import Text

from wxlive.domain.chunks import ChunkState
from wxlive_cli.formatting import format_quantity
from wxlive_cli.language import shown
from wxlive_cli.report.facts import CallError, CampaignFacts
from wxlive_cli.tables import facts_table
from wxlive_cli.text import printable
from wxlive_cli.time_parsing import format_clock

RATE_OVER_S = 10
"""The rate shown is the average of this many seconds."""

ERRORS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A campaign at one moment. Counts are openids; ``rate`` and ``limit`` are per second.

    ``is_counted`` says that the audience is complete; until then it is what was read so far.
    """

    state: str
    reason: str | None
    accepted: int
    left: int
    unknown: int
    refused: int
    audience: int
    rate: int
    limit: int
    delivered: int
    awaited: int
    minutes_left: float | None
    calls_left: int
    errors: tuple[str, ...]
    is_counted: bool = True

    @property
    def accepted_of_audience(self) -> str:
        """Say how many of the audience are accepted, as far as its size is known."""
        if self.is_counted:
            return _("{accepted} of {audience}").format(
                accepted=f"{self.accepted:,}", audience=f"{self.audience:,}"
            )
        return _("{accepted} of at least {audience}").format(
            accepted=f"{self.accepted:,}", audience=f"{self.audience:,}"
        )


def take_snapshot(facts: CampaignFacts, *, now_s: float, calls_left: int) -> Snapshot:
    """Summarize a campaign as it stands at ``now_s``; ``calls_left`` are those of today."""
    openids = facts.report.openids
    left = openids[ChunkState.QUEUED] + openids[ChunkState.SENDING]
    rate = _rate(facts, now_s)
    return Snapshot(
        state=facts.report.state.value,
        reason=facts.report.campaign.reason,
        accepted=facts.accepted,
        left=left,
        unknown=openids[ChunkState.UNKNOWN],
        refused=openids[ChunkState.REFUSED],
        audience=facts.audience,
        rate=rate,
        limit=facts.limit,
        delivered=facts.report.results["success"],
        awaited=facts.awaited,
        minutes_left=round(left / rate / 60, 1) if rate else None,
        calls_left=calls_left,
        errors=tuple(map(_describe, facts.errors[:ERRORS_SHOWN])),
        is_counted=facts.is_counted,
    )


def render_panel(snapshot: Snapshot) -> RenderableType:
    """Render a snapshot for a terminal."""
    rows: dict[str, str | int | None] = {
        "state": snapshot.state,
        "reason": snapshot.reason,
        "accepted": snapshot.accepted_of_audience,
        "left": f"{snapshot.left:,}{_minutes(snapshot)}",
        "unknown": f"{snapshot.unknown:,}",
        "refused": f"{snapshot.refused:,}",
        "rate": _("{rate} of {limit} openids/s").format(
            rate=f"{snapshot.rate:,}", limit=f"{snapshot.limit:,}"
        ),
        "results": _("{delivered} delivered, {awaited} awaited").format(
            delivered=f"{snapshot.delivered:,}", awaited=f"{snapshot.awaited:,}"
        ),
        "calls left today": f"{snapshot.calls_left:,}",
    }
    bar = ProgressBar(total=max(1, snapshot.audience), completed=snapshot.accepted, width=None)
    errors = [Text(printable(error), style="yellow") for error in snapshot.errors]
    return Group(facts_table("", rows), bar, *errors)


def render_line(snapshot: Snapshot, now_s: float, offset_hours: int) -> str:
    """Render a snapshot as one line; the clock is in the zone of that offset."""
    clock = format_clock(now_s, offset_hours)
    parts = [
        f"{clock} {shown(snapshot.state)}",
        _("{number} accepted").format(number=snapshot.accepted_of_audience),
        _left(snapshot),
        _("{number} unknown").format(number=f"{snapshot.unknown:,}"),
        _("{rate} of {limit} openids/s").format(
            rate=f"{snapshot.rate:,}", limit=f"{snapshot.limit:,}"
        ),
        _("{number} delivered").format(number=f"{snapshot.delivered:,}"),
        _("{number} calls left today").format(number=f"{snapshot.calls_left:,}"),
        *([shown(snapshot.reason)] if snapshot.reason else []),
        *snapshot.errors,
    ]
    return _("; ").join(parts)


def _rate(facts: CampaignFacts, now_s: float) -> int:
    """Average the last seconds, or all of them if the campaign is younger than that."""
    recent = [second for second in facts.seconds if now_s - RATE_OVER_S < second.at <= now_s]
    if not recent:
        return 0
    over_s = min(RATE_OVER_S, int(now_s) - facts.seconds[0].at + 1)
    return sum(second.openids for second in recent) // over_s


def _describe(error: CallError) -> str:
    calls = format_quantity(error.calls, "call")
    return _("{errcode} in {calls}: {meaning}").format(
        errcode=error.errcode or _("no answer"), calls=calls, meaning=shown(error.meaning)
    )


def _left(snapshot: Snapshot) -> str:
    left = f"{snapshot.left:,}"
    if snapshot.minutes_left is None or not snapshot.left:
        return _("{number} left").format(number=left)
    return _("{number} left, {minutes} min").format(number=left, minutes=snapshot.minutes_left)


def _minutes(snapshot: Snapshot) -> str:
    if snapshot.minutes_left is None or not snapshot.left:
        return ""
    return _(", {minutes} min").format(minutes=snapshot.minutes_left)
