"""Holding a campaign, and why a claim was refused."""

from wxlive.domain.calendar import day_ends_at
from wxlive.domain.campaigns import Campaign, CampaignState, Hold, HoldKind
from wxlive_push_fanout.dependencies import Dependencies
from wxlive_push_fanout.failure_decision import resume_at

_DAY_S = 86_400


def hold(
    campaign: Campaign, kind: HoldKind, reason: str, *, day_s: float, deps: Dependencies
) -> None:
    """Hold a campaign that is sending. ``day_s`` is a time (Unix s) in the day of the call."""
    now_s = deps.now()
    ends_at = day_ends_at(day_s, deps.day_offset_hours)
    due = resume_at(kind, now_s=now_s, day_began_at=ends_at - _DAY_S, day_ends_at=ends_at)
    if kind is HoldKind.ROOM:
        deps.campaigns.note_not_live(campaign.campaign, now_s)
    state = CampaignState.WAITING_LIVE if kind is HoldKind.ROOM else CampaignState.PAUSED
    made = Hold(kind, deps.new_id(), reason, int(now_s), due)
    deps.campaigns.hold(campaign.campaign, state, made)


def explain_refused_claim(
    campaign: Campaign, day: str, deps: Dependencies
) -> tuple[HoldKind, str] | None:
    """Return why a day does not take a call of the campaign, None if it does."""
    if not deps.quota.left(day):
        return HoldKind.QUOTA, f"All push calls of {day} are used up; calls resume on the next day"
    holder = deps.days.holder(day)
    if holder is not None and holder[0] != campaign.room_id:
        return HoldKind.DAY, (
            f"Room {holder[0]} has {day} at WeChat, which allows one room a day; resume the "
            "campaign on another day, or cancel it"
        )
    choice = deps.rooms.chosen(day)
    if choice is not None and choice.room_id != campaign.room_id:
        return HoldKind.DAY, (
            f"Room {choice.room_id} is chosen for {day}, and WeChat allows one room a day; run "
            "`wxlive rooms unchoose` and resume the campaign, or cancel it"
        )
    return None
