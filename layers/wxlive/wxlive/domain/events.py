"""The events that WeChat pushes. ``wxlive.wechat.event_parser`` reads them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class FollowAction(StrEnum):
    """What the user did, in WeChat's words."""

    ADD_FOLLOW = "add_follow"
    DEL_FOLLOW = "del_follow"


@dataclass(frozen=True, slots=True)
class FollowNotify:
    """``wxalive_follow_notify``: a viewer subscribed or unsubscribed in a room.

    ``time_s`` is when, in Unix seconds; ``room_status`` is the event's ``live_status``
    (101 live, 102 not started, 103 ended); both are 0 where absent, because who left matters more
    than where. ``openid`` is ``user_openid``, the subscriber, while
    ``FromUserName`` is only who sent the event.
    """

    openid: str
    room_id: int
    time_s: int
    room_status: int
    action: FollowAction


RESULT_ERRORS = ("openid_error", "relation_error", "user_recv_limit", "internal_error")
"""WeChat's counts of those of a call who were not notified."""


@dataclass(frozen=True, slots=True)
class PushResult:
    """``wxalive_push_message_notify``: what became of one accepted ``push_message`` call.

    ``time_s`` is the event's ``CreateTime``. ``message_id`` is text even if WeChat sends a
    number: it is a name, and it needs all its 64 bits. ``received_at`` is when the first of its
    callbacks was stored, by our clock (Unix s), 0 where that is not known.
    """

    message_id: str
    room_id: int
    time_s: int
    total: int
    success: int
    openid_error: int
    relation_error: int
    user_recv_limit: int
    internal_error: int
    received_at: int = field(default=0, compare=False)

    @property
    def adds_up(self) -> bool:
        """Whether the total is the successes plus the four kinds of error."""
        return self.total == (
            self.success
            + self.openid_error
            + self.relation_error
            + self.user_recv_limit
            + self.internal_error
        )


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """Anything else: answer it, count it and forget it.

    ``name`` is the event's name or the message's type, fit for a log: at most 64 visible
    characters, others shown as ``?``; ``unnamed`` if there is neither.
    """

    name: str


Event: TypeAlias = FollowNotify | PushResult | OtherEvent
