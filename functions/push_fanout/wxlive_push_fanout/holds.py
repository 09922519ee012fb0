"""Holding a campaign, and why a claim was refused."""

from wxlive.domain.campaigns import Campaign, CampaignState, Hold, HoldKind
from wxlive_push_fanout.dependencies import Dependencies
from wxlive_push_fanout.failure_decision import resume_at


def hold(
    campaign: Campaign, kind: HoldKind, reason: str, *, called_s: float, deps: Dependencies
) -> None:
    """Hold a campaign that is sending, because of a call in the slot at ``called_s`` (Unix s)."""
    now_s = deps.now()
    due = resume_at(kind, now_s=now_s, called_s=called_s, offset_hours=deps.day_offset_hours)
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
            f"Room {choice.room_id} is {choice.word} for {day}, and WeChat allows one room a day; "
            "run `wxlive rooms unchoose` and resume the campaign, or cancel it"
        )
    return None
