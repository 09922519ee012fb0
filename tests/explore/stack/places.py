"""Where the stack's parts stand among what a world's actors share, and what parts are made of."""

from typing import NamedTuple

from wxlive.domain.calendar import day_ends_at

TABLES, QUEUE, INVOCATIONS, WECHAT, NOTES = range(5)

NAMES = ("tables", "queue", "invocations", "wechat", "notes")

NOW_S = 1_795_347_000
"""2026-11-22 19:30 in Beijing, when worlds begin."""

DAY, ROOM, CAMPAIGN = "2026-11-22", 1001, "20261122T193000-1001"
OTHER_ROOM = 1002

DAY_OFFSET_HOURS = 8
MIDNIGHT_S = day_ends_at(NOW_S, DAY_OFFSET_HOURS)

START = {"action": "start", "room_id": ROOM}
START_OTHER = {"action": "start", "room_id": OTHER_ROOM}

APPID = "wx0123456789abcdef"

STATE_TABLE, FOLLOWERS_TABLE = "state", "followers"
PUSH_QUEUE_URL = "https://sqs.invalid/1/push"
PUSH_START, PUSH_FANOUT, LIVE_WATCH = "push-start", "push-fanout", "live-watch"
FOLLOWER_SYNC = "follower-sync"


class Message(NamedTuple):
    """A message of the queue. While it is worked on it stays, and is seen from ``visible_ms``."""

    body: str
    visible_ms: int = 0
    receives: int = 0


class Queue(NamedTuple):
    """The queue, in order of its messages' text, and what was received too often."""

    messages: tuple[Message, ...] = ()
    dead: tuple[str, ...] = ()


class Invocation(NamedTuple):
    """An invocation that Lambda has accepted: not before a time, and again if it fails."""

    function: str
    payload: str
    not_before_ms: int = 0
    retries: int = 2


LAST_ROUNDS = 2


class Timer(NamedTuple):
    """A schedule: what it invokes, when next, and how many times are left of how many.

    Schedules go on for ever. A world watches them for some time after each fault, and
    ``LAST_ROUNDS`` more when nothing else would happen any more: one may see what another has done.
    ``lasts`` says how many of these have begun.
    """

    function: str
    payload: str
    next_ms: int
    every_ms: int
    left: int
    often: int
    lasts: int = 0


class Lambda(NamedTuple):
    """Invocations that wait, and schedules."""

    waiting: tuple[Invocation, ...] = ()
    timers: tuple[Timer, ...] = ()


class Call(NamedTuple):
    """A push that WeChat carried out."""

    message_id: str
    room_id: int
    openids: tuple[str, ...]


class Notice(NamedTuple):
    """A ``wxalive_follow_notify`` under way: who subscribed or left, and when (Unix s)."""

    openid: str
    is_subscribed: bool
    time_s: int


class Wechat(NamedTuple):
    """WeChat: the truth about what was pushed, and about who is subscribed.

    ``rooms`` are (id, live_status); ``pushed_room`` is the day's room, with the day; ``used`` are
    our calls that it has counted, with the day, ``foreign`` those of others. ``window`` is when
    (ms) how many openids arrived within the last second, ``calls`` what was carried out,
    ``doubtful`` the openids of pushes whose answer leaves that open. ``results`` are the message
    ids whose result is under way, ``to_come`` is what happens to rooms, in this order.
    ``followers`` are subscribed, each since when (Unix s); ``follows`` is who subscribes (True) or
    leaves, in this order, and ``notices`` says so to the callback.
    """

    rooms: tuple[tuple[int, int], ...]
    token_expires_ms: int
    token: str = "t1"
    pushed_room: tuple[str, int] = ("", 0)
    used: tuple[str, int] = ("", 0)
    foreign: int = 0
    window: tuple[tuple[int, int], ...] = ()
    calls: tuple[Call, ...] = ()
    doubtful: frozenset[tuple[str, ...]] = frozenset()
    results: tuple[str, ...] = ()
    to_come: tuple[tuple[int, int], ...] = ()
    followers: tuple[tuple[str, int], ...] = ()
    follows: tuple[tuple[str, bool], ...] = ()
    notices: tuple[Notice, ...] = ()
