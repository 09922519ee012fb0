"""What happened: to a campaign, and by whose command.

Nothing writes a history while a campaign runs: what happened to it follows from its record and its
report, so an incident that no worker lived to report is not missing. The operator's commands are
recorded by ``wxlive``, before they are carried out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from wxlive.domain.campaigns import HELD, Campaign, CampaignState, HoldKind, PastHold
from wxlive.domain.reports import Report


class Incident(StrEnum):
    """What can happen to a campaign."""

    STARTED = "started"
    HELD = "held"
    TRIAL_DONE = "trial_done"
    BRAKED = "braked"
    RESUMED = "resumed"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    FAILED = "failed"


FINAL = frozenset({Incident.SETTLED, Incident.CANCELLED, Incident.FAILED})
"""Nothing happens to a campaign after one of these."""

HOLDS: Mapping[HoldKind, Incident] = {
    HoldKind.TRIAL: Incident.TRIAL_DONE,
    HoldKind.BRAKE: Incident.BRAKED,
}
"""What the beginning of a hold is called; of other kinds it is ``HELD``."""

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


@dataclass(frozen=True, slots=True)
class GivenCommand:
    """A command of the operator's, as ``wxlive`` recorded it before it was carried out.

    ``command`` is its id, ``by`` the AWS identity that the operator's credentials name: a claim of
    the program that recorded it. ``refused`` is the sentence by which it was refused, if it was.
    """

    command: str
    action: str
    at: int
    by: str
    note: str = ""
    campaign: str = ""
    room_id: int = 0
    refused: str = ""


def happenings(campaign: Campaign, report: Report | None) -> list[Happening]:
    """Return what happened to a campaign, the earliest first.

    Without its report a campaign that has settled looks as if it still ran: whether it has follows
    from WeChat's results.
    """
    ended = _end(campaign, report)
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
        began = HOLDS.get(hold.kind, Incident.HELD)
        yield Happening(began, hold.since, hold.reason, hold.kind)
        if _was_resumed(hold, following, campaign):
            yield Happening(Incident.RESUMED, hold.until, hold.reason, hold.kind)


def _was_resumed(hold: PastHold, following: PastHold | None, campaign: Campaign) -> bool:
    if following is not None:
        return following.since > hold.until
    if campaign.is_ended:
        return hold.until < campaign.ended_at
    return campaign.state not in HELD


def _end(campaign: Campaign, report: Report | None) -> Happening | None:
    if campaign.state in _ENDS:
        return Happening(_ENDS[campaign.state], campaign.ended_at, campaign.reason)
    if report is None or report.state is not CampaignState.SETTLED or not report.may_have_notified:
        return None  # one that notified nobody is about to fail
    return Happening(Incident.SETTLED, report.settled_at or campaign.planned_at)
