"""Which room is to be pushed today: the chosen one, or the first that went live. Pure."""

from collections.abc import Iterable

from wxlive.domain.rooms import Choice, Room


def choose_room(
    rooms: Iterable[Room], choice: Choice | None, *, auto_push: bool, day_began_at: int
) -> Room | None:
    """Return the live room to push, None while there is none.

    A room that was live before the day began (Unix s) is yesterday's show; only a choice pushes it.
    """
    live = [room for room in rooms if room.is_live]
    if choice is not None:
        wanted = auto_push or choice.due
        return next((room for room in live if wanted and room.room_id == choice.room_id), None)
    opened_today = [room for room in live if auto_push and room.live_since >= day_began_at]
    return min(opened_today, key=_order, default=None)


def push_wanted_since(room: Room | None, choice: Choice | None) -> int | None:
    """Since when (Unix s) a room should be pushed: it is live, or its planned time has come."""
    if room is not None:
        return room.live_since
    return choice.chosen_at if choice is not None and choice.due else None


def _order(room: Room) -> tuple[int, int, int]:
    return room.live_since, room.starts_at, room.room_id
