"""What a held campaign needs: decided from its record, the rooms and the time. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wxlive.domain.campaigns import HELD, Campaign, HoldKind
from wxlive.domain.rooms import Room


class Recovery(StrEnum):
    """What live_watch does about a campaign; push_start has actions of these names."""

    NOTHING = "nothing"
    END_HOLD = "end_hold"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why if the campaign is given up."""

    recovery: Recovery
    reason: str = ""


NOTHING = Decision(Recovery.NOTHING)


def choose_recovery(
    campaign: Campaign | None, rooms: Mapping[int, Room], *, now_s: float, room_wait_limit_s: int
) -> Decision:
    """Decide about the living campaign.

    A campaign that waits for its room resumes when the room is live. A hold does not outlive its
    room, whoever made it: a held campaign is given up once the room is over, or was not live, or
    not listed, for longer than the limit.
    """
    if campaign is None or campaign.state not in HELD:
        return NOTHING
    room = rooms.get(campaign.room_id)
    if room is not None and room.is_over:
        return Decision(Recovery.GIVE_UP, f"Room {room.room_id} is {room.status_words}")
    is_live = room is not None and room.is_live
    waits_for_it = campaign.hold_kind is HoldKind.ROOM
    gone_since = room.gone_since if room is not None else 0
    if is_live and not gone_since and not waits_for_it:
        return NOTHING
    # Only a campaign that waits for the room calls each minute: another's refusal may be long past.
    refused_since = campaign.not_live_since if waits_for_it or not gone_since else 0
    known = [at for at in (gone_since, refused_since) if at]
    # Whoever waits for a room of which nothing is known waits no longer either.
    since = min(known, default=now_s if is_live else campaign.held_since)
    if now_s - since > room_wait_limit_s:
        return Decision(
            Recovery.GIVE_UP,
            f"The room was not live for {room_wait_limit_s} s (RoomWaitLimitSeconds)",
        )
    return Decision(Recovery.END_HOLD) if is_live and waits_for_it else NOTHING
