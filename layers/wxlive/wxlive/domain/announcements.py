"""What the stack announces: events for EventBridge, as docs/events.md describes them.

No openid is in any of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import ChunkState
from wxlive.domain.history import FINAL, HOLDS, Happening, Incident
from wxlive.domain.reports import Report
from wxlive.domain.rooms import Room

ROOM_WENT_LIVE = "Room went live"

DETAIL_TYPES: Mapping[Incident, str] = {
    Incident.STARTED: "Campaign started",
    Incident.HELD: "Campaign held",
    Incident.TRIAL_DONE: "Campaign trial done",
    Incident.BRAKED: "Campaign braked",
    Incident.RESUMED: "Campaign resumed",
    Incident.SETTLED: "Campaign settled",
    Incident.CANCELLED: "Campaign cancelled",
    Incident.FAILED: "Campaign failed",
}

_BEGIN_A_HOLD = frozenset({Incident.HELD, *HOLDS.values()})

_OUTCOMES = (
    ChunkState.ACCEPTED,
    ChunkState.REFUSED,
    ChunkState.UNKNOWN,
    ChunkState.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event. ``detail["event_id"]`` is the same however often it is published.

    Its type is in the detail as well, for targets that are passed the detail alone.
    """

    detail: Mapping[str, Any]

    @property
    def detail_type(self) -> str:
        """EventBridge's name of the type."""
        return str(self.detail["type"])


def announce_room(room: Room, *, auto_push: bool) -> Announcement:
    """Announce that a room went live."""
    detail = {
        "type": ROOM_WENT_LIVE,
        "event_id": f"room#{room.room_id}#{room.live_since}",
        "at": room.live_since,
        "room_id": room.room_id,
        "name": room.name,
        "live_since": room.live_since,
        "starts_at": room.starts_at,
        "auto_push": auto_push,
    }
    return Announcement(detail)


def announce_campaign(
    happening: Happening, campaign: Campaign, report: Report | None
) -> Announcement:
    """Announce what happened to a campaign; its end comes with the report's figures."""
    detail: dict[str, Any] = {
        "type": DETAIL_TYPES[happening.incident],
        "event_id": f"campaign#{campaign.campaign}#{happening.name}",
        "at": happening.at,
        "campaign": campaign.campaign,
        "room_id": campaign.room_id,
        "reason": happening.reason,
    }
    if happening.hold is not None:
        detail["hold"] = happening.hold.value
    if happening.incident in _BEGIN_A_HOLD:
        detail["resume_at"] = campaign.resume_at or None
    if happening.incident in FINAL and report is not None:
        detail["audience"] = campaign.audience
        detail["openids"] = {state.value: report.openids[state] for state in _OUTCOMES}
        detail["results"] = dict(report.results)
    return Announcement(detail)
