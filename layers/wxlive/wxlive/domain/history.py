"""What happened to a campaign, read from its record and its report.

Nothing writes a history while a campaign runs: what happened follows from what is stored anyway, so
an incident that no worker lived to report is not missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from wxlive.domain.campaigns import HELD, Campaign, CampaignState, HoldKind, PastHold
from wxlive.domain.reports import Report


class Incident(StrEnum):
    """What can happen to a campaign."""

    STARTED = "started"
    HELD = "held"
    RESUMED = "resumed"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    FAILED = "failed"


FINAL = frozenset({Incident.SETTLED, Incident.CANCELLED, Incident.FAILED})
"""Nothing happens to a campaign after one of these."""

_ENDS = {
    CampaignState.CANCELLED: Incident.CANCELLED,
    CampaignState.FAILED: Incident.FAILED,
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One incident: ``at`` is when it happened (Unix s), ``hold`` the kind of hold it is about."""

    incident: Incident
    at: int
    reason: str | None = None
    hold: HoldKind | None = None

    @property
    def name(self) -> str:
        """The name of this happening: the same whenever, and by whomever, it is derived.

        A final one has no time in it: a campaign ends once.
        """
        when = "" if self.incident in FINAL else f"#{self.at}"
        return f"{self.incident.value}{when}" + (f"#{self.hold.value}" if self.hold else "")


def happenings(campaign: Campaign, report: Report | None, now_s: float) -> list[Happening]:
    """Return what happened to a campaign, the earliest first.

    Without its report a campaign that has settled looks as if it still ran: whether it has follows
    from WeChat's results.

    Args:
        campaign: the campaign.
        report: its report, or None.
        now_s: the present time (Unix s), which is when a campaign is seen to have settled.
    """
    ended = _end(campaign, report, now_s)
    last = [ended] if ended is not None else []
    started = Happening(Incident.STARTED, campaign.created_at)
    return [started, *_holds(campaign), *last]


def _holds(campaign: Campaign) -> Iterator[Happening]:
    """Yield when the campaign was held and resumed.

    A hold that another one follows at once, or the campaign's end, was not resumed from.
    """
    standing = campaign.state in HELD
    holds = campaign.holds_until(campaign.held_since) if standing else campaign.past_holds
    for hold, following in zip_longest(holds, holds[1:]):
        yield Happening(Incident.HELD, hold.since, hold.reason, hold.kind)
        if _was_resumed(hold, following, campaign):
            yield Happening(Incident.RESUMED, hold.until, hold.reason, hold.kind)


def _was_resumed(hold: PastHold, following: PastHold | None, campaign: Campaign) -> bool:
    if following is not None:
        return following.since > hold.until
    if campaign.is_ended:
        return hold.until < campaign.ended_at
    return campaign.state not in HELD


def _end(campaign: Campaign, report: Report | None, now_s: float) -> Happening | None:
    if campaign.state in _ENDS:
        return Happening(_ENDS[campaign.state], campaign.ended_at, campaign.reason)
    if report is None or report.state is not CampaignState.SETTLED or not report.may_have_notified:
        return None  # one that notified nobody is about to fail
    return Happening(Incident.SETTLED, int(now_s))
