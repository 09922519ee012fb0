"""Followers, rooms and events, as WeChat knows them.

An event's ``fields`` are its part of a message, nested as in docs/wechat-protocol.md#events;
``callbacks`` writes them as XML or JSON.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, Self

LIVE: Final = 101
NOT_STARTED: Final = 102

Action = Literal["add_follow", "del_follow"]

_OPENID = re.compile(r"o[A-Za-z0-9_-]{27}")


def is_openid(text: str) -> bool:
    """Return whether the text has the shape of an openid."""
    return _OPENID.fullmatch(text) is not None


def made_up_openid(number: int) -> str:
    """Return the simulator's ``number``-th openid: well-formed, the same in every run."""
    return f"oSim{number:024d}"


@dataclass(frozen=True, slots=True)
class Follower:
    """A row of WeChat's follower list. ``subscribe_time`` is Unix seconds."""

    openid: str
    subscribe_time: int
    room_id: int
    room_status: int


@dataclass(frozen=True, slots=True)
class Room:
    """A live room. Times are Unix seconds; ``end_time`` is the planned end."""

    roomid: int
    live_status: int
    start_time: int
    end_time: int
    name: str = "made-up room"
    anchor_name: str = "made-up anchor"

    def as_json(self) -> dict[str, Any]:
        """Return the row of ``getliveinfo``, with all the fields that WeChat sends."""
        return {
            **asdict(self),
            "cover_img": "http://127.0.0.1/cover.jpg",
            "share_img": "http://127.0.0.1/share.jpg",
            "feeds_img": "http://127.0.0.1/feeds.jpg",
            "goods": [],
            "live_type": 0,
            "close_like": 0,
            "close_goods": 0,
            "close_comment": 0,
            "close_kf": 1,
            "close_replay": 1,
            "is_feeds_public": 1,
            "creater_openid": made_up_openid(0),
        }


@dataclass(frozen=True, slots=True)
class FollowEvent:
    """A user subscribed or unsubscribed at ``time`` (Unix seconds)."""

    openid: str
    action: Action
    room_id: int
    time: int
    live_status: int = LIVE

    @property
    def sender(self) -> str:
        """The callback's ``FromUserName``."""
        return self.openid

    def fields(self) -> dict[str, Any]:
        """Return the event's part of the message."""
        return {
            "Event": "wxalive_follow_notify",
            "FollowNotify": {
                "room_id": self.room_id,
                "user_openid": self.openid,
                "time": self.time,
                "live_status": self.live_status,
                "action": self.action,
            },
        }


@dataclass(frozen=True, slots=True)
class PushResult:
    """The outcome of an accepted push in counts; the five outcomes add up to the total."""

    message_id: str
    room_id: int
    time: int
    total_count: int
    success_count: int
    openid_error_count: int = 0
    relation_error_count: int = 0
    user_recv_limit_count: int = 0
    internal_error_count: int = 0

    @property
    def sender(self) -> str:
        """The callback's ``FromUserName``: no follower in particular."""
        return made_up_openid(0)

    def fields(self) -> dict[str, Any]:
        """Return the event's part of the message."""
        notify = asdict(self)
        del notify["time"]
        return {"Event": "wxalive_push_message_notify", "PushMessageApiNotify": notify}


CallbackEvent = FollowEvent | PushResult


@dataclass(frozen=True, slots=True)
class FollowChange:
    """An order to the simulator: have a user subscribe or unsubscribe at ``time``, or now."""

    openid: str
    action: Action
    room_id: int = 1
    time: int | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read a change from a control request.

        Raises:
            ValueError: a field is unknown, missing or of the wrong type; the message names it.
        """
        unknown = raw.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"an event has no {', '.join(sorted(unknown))}")
        if not isinstance(raw.get("openid"), str) or not raw["openid"]:
            raise ValueError("an event needs an openid, a non-empty string")
        if raw.get("action") not in {"add_follow", "del_follow"}:
            raise ValueError("an event's action is add_follow or del_follow")
        if any(not isinstance(raw.get(name, 0), int | None) for name in ("room_id", "time")):
            raise ValueError("an event's room_id and time are whole numbers")
        return cls(**raw)
