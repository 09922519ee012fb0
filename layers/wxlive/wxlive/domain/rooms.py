"""Live rooms as ``getliveinfo`` shows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from wxlive.domain.audience import EVERYBODY, Audience


class RoomStatus(IntEnum):
    """``live_status``: docs/wechat-protocol.md#room-status."""

    LIVE = 101
    NOT_STARTED = 102
    ENDED = 103
    BANNED = 104
    PAUSED = 105
    ABNORMAL = 106
    EXPIRED = 107


OVER = frozenset({RoomStatus.ENDED, RoomStatus.BANNED, RoomStatus.EXPIRED})
"""A room in one of these does not open again."""

_WORDS = {
    RoomStatus.LIVE: "live",
    RoomStatus.NOT_STARTED: "not started",
    RoomStatus.ENDED: "ended",
    RoomStatus.BANNED: "banned",
    RoomStatus.PAUSED: "paused",
    RoomStatus.ABNORMAL: "abnormal",
    RoomStatus.EXPIRED: "expired",
}


@dataclass(frozen=True, slots=True)
class Room:
    """A room. ``starts_at`` and ``ends_at`` (planned) are Unix seconds, 0 where unknown.

    ``status`` is kept as WeChat gave it: an unknown number is no reason to lose the room.
    The rest is ours (Unix s, 0 where it is not so): ``live_since`` is when the room was first seen
    live, ``closed_since`` when it was first seen not live after that, ``unlisted_since`` when a
    live room was first missing from the list.
    """

    room_id: int
    name: str
    status: int
    starts_at: int
    ends_at: int
    live_since: int = 0
    closed_since: int = 0
    unlisted_since: int = 0

    @property
    def is_live(self) -> bool:
        """Only a room that is live may be pushed (9410006 otherwise)."""
        return self.status == RoomStatus.LIVE

    @property
    def is_over(self) -> bool:
        """Whether it will not open again."""
        return self.status in OVER

    @property
    def gone_since(self) -> int:
        """Since when WeChat's list no longer shows it live (Unix s), 0 if it does or never did."""
        return self.unlisted_since or self.closed_since

    @property
    def status_words(self) -> str:
        """The status for a person, such as ``not started (102)``."""
        return words_of(self.status)


def words_of(status: int) -> str:
    """Return a ``live_status`` for a person, such as ``not started (102)``."""
    known = _WORDS.get(status)  # type: ignore[call-overload]  # an int finds its IntEnum
    return f"{known or 'in an unknown state'} ({status})"


def newly_live(known: Mapping[int, Room], seen: Iterable[Room]) -> list[Room]:
    """The rooms that are live now and were not when last recorded."""
    return [
        room
        for room in seen
        if room.is_live and not (room.room_id in known and known[room.room_id].is_live)
    ]


def noticed(known: Mapping[int, Room], seen: Iterable[Room], now_s: float) -> dict[int, Room]:
    """Add to the rooms that are seen now since when each has been live."""
    return {room.room_id: _since(known.get(room.room_id), room, int(now_s)) for room in seen}


def unlisted(known: Mapping[int, Room], seen: Mapping[int, Room], now_s: float) -> dict[int, Room]:
    """Return the live rooms that are missing from a whole list, with since when they are."""
    return {
        room_id: replace(room, unlisted_since=room.unlisted_since or int(now_s))
        for room_id, room in known.items()
        if room.is_live and room_id not in seen
    }


def _since(before: Room | None, room: Room, now_s: int) -> Room:
    if room.is_live:
        return replace(room, live_since=(before.live_since if before else 0) or now_s)
    if before is None or not (before.is_live or before.closed_since):
        return room
    return replace(room, closed_since=before.closed_since or now_s)


@dataclass(frozen=True, slots=True)
class Choice:
    """The room that a person wants pushed on a day, since ``chosen_at`` (Unix s).

    ``push_at`` is when its push is planned (Unix s), 0 if it is not: a planned push is carried out
    at that time, or as soon as the room is live, whether AutoPush is on or off. A room that is only
    chosen is pushed by AutoPush. ``target`` is whom the push is for.
    """

    room_id: int
    chosen_at: int
    push_at: int = 0
    target: Audience = EVERYBODY

    @property
    def word(self) -> str:
        """Whether the room is ``planned`` or only ``chosen``."""
        return "planned" if self.push_at else "chosen"

    def is_wanted(self, now_s: float, *, auto_push: bool) -> bool:
        """Whether the room is to be pushed now, if it is live."""
        return self.push_at <= now_s if self.push_at else auto_push
