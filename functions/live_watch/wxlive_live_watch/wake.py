"""Which campaign needs waking: decided from its record, the rooms and the time. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from wxlive.campaigns import Campaign, CampaignState
from wxlive.rooms import Room

PLAN_STALLED_S = 120
"""A planner stores a chunk every moment; one silent for so long has died."""


class Wake(StrEnum):
    """What to ask of push_start, or to do about a campaign."""

    NOTHING = "nothing"
    RESUME = "resume"
    PLAN = "plan"
    GIVE_UP = "give_up"


def wake(
    campaign: Campaign | None, rooms: Mapping[int, Room], *, now_s: float, room_wait_limit_s: int
) -> Wake:
    """Decide about the newest campaign.

    A campaign waiting for its room goes on when the room is live and fails after the limit; one
    waiting for quota goes on when the day has turned; one whose planner died is planned on.
    """
    if campaign is None:
        return Wake.NOTHING
    match campaign.state:
        case CampaignState.WAITING_LIVE:
            room = rooms.get(campaign.room_id)
            if room is not None and room.is_live:
                return Wake.RESUME
            overdue = now_s - campaign.held_since > room_wait_limit_s
            return Wake.GIVE_UP if overdue else Wake.NOTHING
        case CampaignState.PAUSED if 0 < campaign.resume_at <= now_s:
            return Wake.RESUME
        case CampaignState.PLANNED | CampaignState.SENDING if not campaign.fully_planned:
            quiet_since = max(campaign.created_at, campaign.planned_at)
            return Wake.PLAN if now_s - quiet_since > PLAN_STALLED_S else Wake.NOTHING
        case _:
            return Wake.NOTHING
