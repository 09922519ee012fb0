"""A campaign notifies every follower of an audience once that a room is live.

Decisions are stored: the campaign's (sending, paused, …) and each chunk's (queued, sending,
accepted, …). What follows from them is derived when it is read (``wxlive.domain.reports``). So
nothing can drift apart, and a result may come before or after our own record of its
``message_id``.

::

    planned → sending → (sent → settled)
                 ⇅ paused, waiting_live, trial      → cancelled, failed
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wxlive.domain.audience import EVERYBODY, Audience

CAMPAIGN_KEPT_S = 90 * 86_400

PAST_HOLDS_KEPT = 50
"""So many holds of a campaign stay on record; the record must stay small."""


LONGEST_INTERVAL_S = 30
"""The slowest pace has calls so far apart; after a minute messages would be taken for lost."""


class CampaignState(StrEnum):
    """The state of a campaign. ``SENT`` and ``SETTLED`` are derived, never stored."""

    PLANNED = "planned"
    SENDING = "sending"
    WAITING_LIVE = "waiting_live"
    PAUSED = "paused"
    TRIAL = "trial"
    CANCELLED = "cancelled"
    FAILED = "failed"
    SENT = "sent"
    SETTLED = "settled"


ENDED = frozenset({CampaignState.CANCELLED, CampaignState.FAILED})
"""Nothing more will be sent, whatever is still queued."""

HELD = frozenset({CampaignState.PAUSED, CampaignState.WAITING_LIVE, CampaignState.TRIAL})
"""Nothing is sent until the campaign is resumed."""

UNENDED = frozenset({CampaignState.PLANNED, CampaignState.SENDING}) | HELD


class HoldKind(StrEnum):
    """Why a campaign is held.

    Holds for quota, room and access end by themselves once their cause is gone; the operator ends
    the others.
    """

    OPERATOR = "operator"
    DAY = "day"
    QUOTA = "quota"
    ROOM = "room"
    ACCESS = "access"
    TRIAL = "trial"
    BRAKE = "brake"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold of a campaign. ``hold_id`` names it, so that nobody ends another one by mistake.

    ``resume_at`` is when it is due to end (Unix s), 0 where that is not known.
    """

    kind: HoldKind
    hold_id: str
    reason: str
    since: int
    resume_at: int = 0


@dataclass(frozen=True, slots=True)
class PastHold:
    """A hold that has ended: why and from when until when the campaign was held (Unix s)."""

    kind: HoldKind
    reason: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Trial:
    """The part of an audience that is notified first, in one call; the rest waits for its results.

    ``openids`` is how many it has at most. ``members`` names the stored list of who they are, "" if
    they are the first of the audience. The campaign goes on by itself if at least ``go_on_at``
    percent were notified, 0 if only the operator goes on.
    """

    openids: int
    members: str = ""
    go_on_at: int = 0


@dataclass(frozen=True, slots=True)
class Campaign:
    """One push of one room. Times are Unix seconds.

    ``target`` is its audience. ``audience`` and ``chunks`` count what is planned so far;
    ``cursors`` are the last keys that were read, by segment of the table, and
    ``fully_planned`` says that no openid follows them. ``resume_at`` is when a hold is
    due to end, ``held_since`` when it began, ``resumed_at`` when the last one ended; ``hold_kind``
    and ``hold_id`` name it. ``past_holds`` are the holds before it, the latest
    ``PAST_HOLDS_KEPT``; ``ended_at`` is when the campaign was cancelled or failed.
    ``not_live_since`` is when WeChat first refused a call because the room was not live, 0 after a
    call was accepted. ``spread`` is how many sizes its chunks have. ``plan_id`` names the last step
    of its planning, ``command`` the command that started it; ``again`` says that it includes
    followers whom the room has notified before. ``per_second`` is the pace that the
    operator set, in openids, 0 for the stack's own. ``trial`` is the part that is notified first,
    if any, and ``trial_ended_at`` when the campaign went on with the rest (Unix s), 0 before.
    """

    campaign: str
    room_id: int
    day: str
    state: CampaignState
    created_at: int
    reason: str | None = None
    audience: int = 0
    chunks: int = 0
    target: Audience = EVERYBODY
    cursors: Mapping[str, str] = field(default_factory=dict)
    fully_planned: bool = False
    planned_at: int = 0
    held_since: int = 0
    resume_at: int = 0
    hold_kind: HoldKind | None = None
    hold_id: str = ""
    resumed_at: int = 0
    not_live_since: int = 0
    spread: int = 1
    plan_id: str = ""
    command: str = ""
    again: bool = False
    per_second: int = 0
    past_holds: tuple[PastHold, ...] = ()
    ended_at: int = 0
    trial: Trial | None = None
    trial_ended_at: int = 0

    @property
    def trial_is_open(self) -> bool:
        """Whether its trial is not over: nobody else is planned, so nobody else is notified."""
        return self.trial is not None and not self.trial_ended_at

    @property
    def awaits_trial(self) -> bool:
        """Whether planning waits for the end of the trial, whose own part is planned."""
        return self.trial_is_open and self.chunks > 0 and not self.fully_planned

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will be sent, whatever is still queued."""
        return self.state in ENDED

    def rate(self, limit: int) -> int:
        """Return at how many openids a second it is sent, where ``limit`` are allowed."""
        return min(self.per_second or limit, limit)

    def holds_until(self, now_s: float) -> tuple[PastHold, ...]:
        """Return ``past_holds``, and the hold that stands as if it ended now (Unix s)."""
        if self.state not in HELD:
            return self.past_holds
        kind = self.hold_kind or HoldKind.OPERATOR
        hold = PastHold(kind, self.reason or "", self.held_since, int(now_s))
        return self.holds_with(hold)

    def holds_with(self, hold: PastHold) -> tuple[PastHold, ...]:
        """Return ``past_holds``, and one that has ended since."""
        return (*self.past_holds, hold)[-PAST_HOLDS_KEPT:]
