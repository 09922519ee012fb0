"""Whether a push may be planned for a time: the room, the day, what is planned or was done. Pure.

Times are Unix seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from gettext import gettext as _

from wxlive.domain.calendar import day_of
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.rooms import Choice, Room
from wxlive.errors import InvalidCommand
from wxlive_cli.planned.plans import PlannedPush
from wxlive_cli.time_parsing import format_time

MAX_AHEAD_S = 30 * 86_400
"""A plan further ahead is a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a room and the day of a plan.

    ``campaigns`` are the room's, the newest first; ``holder`` is the room that has the day at
    WeChat, ``choice`` the room that is chosen or planned for it.
    """

    room: Room | None
    campaigns: Sequence[Campaign]
    holder: int | None
    choice: Choice | None


def check_plan(wanted: Choice, known: Known, *, now_s: float, offset_hours: int) -> list[str]:
    """Check a plan, and return what the operator should know about it, a sentence each.

    Raises:
        InvalidCommand: the plan would come to nothing.
    """
    room_id, at = wanted.room_id, wanted.push_at
    _check_room(room_id, known.room)
    _check_day(room_id, at, known.room, now_s=now_s, offset_hours=offset_hours)
    day = day_of(at, offset_hours)
    _check_other_plan(wanted, day, known, offset_hours)
    says = []
    choice = known.choice
    if choice is not None and choice.room_id != room_id:
        says.append(
            _("Room {chosen} was chosen for {day}; room {room_id} takes its place.").format(
                chosen=choice.room_id, day=day, room_id=room_id
            )
        )
    elif choice is not None and choice.push_at:
        says.append(
            _("Room {room_id} was planned for {time}; the new plan takes its place.").format(
                room_id=room_id, time=format_time(choice.push_at, offset_hours)
            )
        )
    if (warning := _check_campaigns(wanted, known.campaigns)) is not None:
        says.append(warning)
    return says


def _check_room(room_id: int, room: Room | None) -> None:
    if room is None:
        raise InvalidCommand(
            f"Room {room_id} is not known; check the id in `wxlive rooms`, where a new room "
            "appears within 15 minutes"
        )
    if room.is_over:
        raise InvalidCommand(f"Room {room_id} is {room.status_words}; plan another room")


def _check_day(
    room_id: int, at: int, room: Room | None, *, now_s: float, offset_hours: int
) -> None:
    """A planned push waits for its room until the end of its day, not longer."""
    day, today = day_of(at, offset_hours), day_of(now_s, offset_hours)
    if at > now_s + MAX_AHEAD_S:
        raise InvalidCommand(
            f"{format_time(at, offset_hours)} is more than {MAX_AHEAD_S // 86_400} days away; "
            "plan the push when the show is nearer"
        )
    if room is None or not room.starts_at:
        return
    first = day_of(room.starts_at, offset_hours)
    last = max(first, day_of(room.ends_at, offset_hours) if room.ends_at else first)
    if first <= day <= max(last, today):
        return
    raise InvalidCommand(
        f"Room {room_id} is planned for {format_time(room.starts_at, offset_hours)}, and a push "
        f"that is planned for {day} ends with that day; choose a time on the room's day"
    )


def _check_other_plan(wanted: Choice, day: str, known: Known, offset_hours: int) -> None:
    if known.holder is not None and known.holder != wanted.room_id:
        raise InvalidCommand(
            f"Room {known.holder} already has {day}, and WeChat allows one room a day; choose "
            "another day"
        )
    if known.choice is None or not known.choice.push_at:
        return
    plan = PlannedPush.of(known.choice, offset_hours)
    if plan.room_id != wanted.room_id:
        raise InvalidCommand(
            f"Room {plan.room_id} is planned for {day} ({plan.planned}), and WeChat allows one "
            "room a day; remove that plan first with `wxlive planned remove`"
        )
    if plan == PlannedPush.of(wanted, offset_hours):
        raise InvalidCommand(f"{plan.planned} is already planned; see `wxlive planned`")


def _check_campaigns(wanted: Choice, campaigns: Sequence[Campaign]) -> str | None:
    """Whatever the day: a room notifies nobody twice."""
    room_id = wanted.room_id
    newest = next((campaign for campaign in campaigns if campaign.target == wanted.target), None)
    if newest is None:
        return None
    if newest.is_ended:
        is_cancelled = newest.state is CampaignState.CANCELLED
        word = _("cancelled") if is_cancelled else _("ended as failed")
        return _(
            "Campaign {campaign} for room {room_id} was {word}; the planned push "
            "notifies those whom the room has not notified."
        ).format(campaign=newest.campaign, room_id=room_id, word=word)
    raise InvalidCommand(
        f"Room {room_id} is pushed by campaign {newest.campaign}, and a planned push notifies "
        "nobody twice; see `wxlive status`"
    )
