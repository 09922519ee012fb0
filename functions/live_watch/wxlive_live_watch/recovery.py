"""What a stalled campaign needs: decided from its record, the rooms and the time. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.rooms import Room

PLAN_STALLED_S = 120
"""A planner stores chunks all the time; one that stored none for so long has died."""


class Recovery(StrEnum):
    """What live_watch does about a campaign."""

    NOTHING = "nothing"
    RESUME = "resume"
    PLAN = "plan"
    GIVE_UP = "give_up"


def choose_recovery(
    campaign: Campaign | None, rooms: Mapping[int, Room], *, now_s: float, room_wait_limit_s: int
) -> Recovery:
    """Decide about the newest campaign.

    A campaign that waits for its room resumes when the room is live and fails after the limit; one
    that waits for quota resumes on the next day; one whose planner died is planned on.
    """
    if campaign is None:
        return Recovery.NOTHING
    match campaign.state:
        case CampaignState.WAITING_LIVE:
            room = rooms.get(campaign.room_id)
            if room is not None and room.is_live:
                return Recovery.RESUME
            overdue = now_s - campaign.held_since > room_wait_limit_s
            return Recovery.GIVE_UP if overdue else Recovery.NOTHING
        case CampaignState.PAUSED if 0 < campaign.resume_at <= now_s:
            return Recovery.RESUME
        case CampaignState.PLANNED | CampaignState.SENDING if not campaign.fully_planned:
            quiet_since = max(campaign.created_at, campaign.planned_at)
            return Recovery.PLAN if now_s - quiet_since > PLAN_STALLED_S else Recovery.NOTHING
        case _:
            return Recovery.NOTHING
