"""Which room is to be pushed today: the chosen one, or the first that went live. Pure."""

from collections.abc import Iterable

from wxlive.domain.rooms import Choice, Room

FRESH_S = 3600
"""A show that has just begun goes on as today's when midnight passes."""


def choose_room(
    rooms: Iterable[Room],
    choice: Choice | None,
    *,
    auto_push: bool,
    day_began_at: int,
    now_s: float,
) -> Room | None:
    """Return the live room to push, None while there is none.

    A room that was live before the day began (Unix s), and for longer than ``FRESH_S``, is
    yesterday's show; only a choice pushes it.
    """
    live = [room for room in rooms if room.is_live]
    if choice is not None:
        wanted = choice.is_wanted(now_s, auto_push=auto_push)
        return next((room for room in live if wanted and room.room_id == choice.room_id), None)
    since = min(day_began_at, now_s - FRESH_S)
    todays = [room for room in live if auto_push and room.live_since >= since]
    return min(todays, key=_order, default=None)


def push_wanted_since(room: Room | None, choice: Choice | None, now_s: float) -> int | None:
    """Since when (Unix s) a room should be pushed, None if none should.

    ``room`` is the one that ``choose_room`` returned. A planned push is wanted from its time on,
    whether the room is live or not.
    """
    chosen_at = (choice.push_at or choice.chosen_at) if choice is not None else 0
    if room is not None:
        return max(room.live_since, chosen_at)
    return chosen_at if choice is not None and 0 < choice.push_at <= now_s else None


def _order(room: Room) -> tuple[int, int, int]:
    return room.live_since, room.starts_at, room.room_id
