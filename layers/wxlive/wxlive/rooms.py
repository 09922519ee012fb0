"""Live rooms as ``getliveinfo`` shows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from wxlive.answers import whole


class RoomStatus(IntEnum):
    """``live_status`` (official page of getliveinfo)."""

    LIVE = 101
    NOT_STARTED = 102
    ENDED = 103
    BANNED = 104
    PAUSED = 105
    ABNORMAL = 106
    EXPIRED = 107


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
    """

    room_id: int
    name: str
    status: int
    starts_at: int
    ends_at: int

    @classmethod
    def from_answer(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of ``room_info``; the id is named ``roomid`` there and ``room_id`` elsewhere.

        Raises:
            ValueError: the row has no usable id, status or time.
        """
        room_id = row.get("roomid", row.get("room_id"))
        if room_id is None or row.get("live_status") is None:
            raise ValueError("a room without roomid or live_status")
        return cls(
            room_id=whole(room_id),
            name=str(row.get("name", "")),
            status=whole(row["live_status"]),
            starts_at=whole(row.get("start_time") or 0),
            ends_at=whole(row.get("end_time") or 0),
        )

    @property
    def is_live(self) -> bool:
        """Only a room that is live may be pushed (9410006 otherwise)."""
        return self.status == RoomStatus.LIVE

    @property
    def status_words(self) -> str:
        """The status for a person, such as ``not started (102)``."""
        known = _WORDS.get(self.status)  # type: ignore[call-overload]  # an int finds its IntEnum
        return f"{known or 'in an unknown state'} ({self.status})"


def newly_live(known: Mapping[int, Room], seen: Iterable[Room]) -> list[Room]:
    """The rooms that are live now and were not when last recorded."""
    return [
        room
        for room in seen
        if room.is_live and not (room.room_id in known and known[room.room_id].is_live)
    ]
