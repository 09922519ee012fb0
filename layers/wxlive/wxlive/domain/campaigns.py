"""A campaign notifies every follower of an audience once that a room is live.

Decisions are stored: the campaign's (sending, paused, …) and each chunk's (queued, sending,
accepted, …). What follows from them is derived when it is read (``wxlive.domain.reports``). So
nothing can drift apart, and a result may come before or after our own record of its
``message_id``.

::

    planned → sending → (sent → settled)
                 ⇅ paused, waiting_live      → cancelled, failed
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wxlive.domain.audience import EVERYBODY, Audience

CAMPAIGN_KEPT_S = 90 * 86_400

CLOCK_SKEW_S = 300
"""WeChat stamps results with its own clock."""


class CampaignState(StrEnum):
    """The state of a campaign. ``SENT`` and ``SETTLED`` are derived, never stored."""

    PLANNED = "planned"
    SENDING = "sending"
    WAITING_LIVE = "waiting_live"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FAILED = "failed"
    SENT = "sent"
    SETTLED = "settled"


ENDED = frozenset({CampaignState.CANCELLED, CampaignState.FAILED})
"""Nothing more will be sent, whatever is still queued."""

HELD = frozenset({CampaignState.PAUSED, CampaignState.WAITING_LIVE})
"""Nothing is sent until the campaign is resumed."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One push of one room. Times are Unix seconds.

    ``target`` is its audience. ``audience`` and ``chunks`` count what is planned so far;
    ``cursors`` are the last openids that were planned, by segment of the table, and
    ``fully_planned`` says that no openid follows them. ``resume_at`` is set while the campaign
    waits for quota, ``held_since`` while it is held for any reason.
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
