"""WeChat's side of a Mini Program as a pure model: no network, no clock of its own.

Every API call goes through ``Platform.call``. It behaves as docs/wechat-protocol.md says, and is
strict where that page knows of no answer.
"""

import hmac
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wxlive.settings import MessageMode
from wxlive_local.simulator.entities import (
    LIVE,
    NOT_STARTED,
    FollowChange,
    Follower,
    FollowEvent,
    PushResult,
    Room,
    is_openid,
    made_up_openid,
)
from wxlive_local.simulator.errcodes import (
    APPID_MISSING,
    BAD_APPID,
    BAD_ARGS,
    BAD_GRANT_TYPE,
    BAD_SECRET,
    EMPTY_BODY,
    NEEDS_POST,
    NO_ROOMS,
    NOT_JSON,
    OTHER_ROOM_TODAY,
    ROOM_NOT_LIVE,
    SECRET_MISSING,
    SYSTEM_ERROR,
    TOO_FAST,
    ApiError,
    error_body,
)
from wxlive_local.simulator.followers import FollowerList
from wxlive_local.simulator.ledger import Ledger, PushCall
from wxlive_local.simulator.list_shapes import ListShape, page_of
from wxlive_local.simulator.quota import (
    FOLLOWERS,
    LIVE_INFO,
    PUBLISHED_LIMITS,
    PUSH,
    QUOTA_GET,
    STABLE_TOKEN,
    Limit,
    Quotas,
    beijing_day,
)
from wxlive_local.simulator.tokens import StableTokens

Json = dict[str, Any]

MAX_ROWS: Final = 2000
_DEFAULT_ROWS: Final = 200
_MAX_ROOMS: Final = 50
_SMALLEST_19_DIGITS: Final = 10**18


@dataclass(frozen=True, slots=True)
class Account:
    """The Mini Program's settings in its console. ``data_format`` is ``xml`` or ``json``."""

    appid: str = "wx5a1f00c0ffee1234"
    secret: str = field(default="0123456789abcdef0123456789abcdef", repr=False)
    token: str = field(default="made-up-token", repr=False)
    aes_key: str = field(default="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", repr=False)
    mode: MessageMode = MessageMode.SECURE
    data_format: str = "xml"
    user_name: str = "gh_5a1f00c0ffee"

    def __post_init__(self) -> None:
        if self.data_format not in {"xml", "json"}:
            raise ValueError(f"data_format is {self.data_format!r}; it must be 'xml' or 'json'")


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """What a test may change about WeChat.

    The two shares, 0 to 1, are the parts of the followers whose message fails that way; which
    followers depends on their openids only. ``openids_per_window`` is the limit of a push for
    any ``window_s`` seconds.
    """

    limits: Mapping[str, Limit] = field(default_factory=lambda: dict(PUBLISHED_LIMITS))
    token_life_s: float = 7200
    token_overlap_s: float = 300
    openids_per_window: int = 2000
    window_s: float = 1.0
    user_recv_limit_share: float = 0.0
    internal_error_share: float = 0.0
    zero_cursor_is_an_error: bool = True
    list_shape: ListShape = field(default_factory=ListShape)


@dataclass(frozen=True, slots=True)
class ApiReply:
    """The JSON body of a reply, and the result that an accepted push will have."""

    body: Json
    result: PushResult | None = None

    @property
    def errcode(self) -> int:
        """The reply's errcode; 0 if it has none."""
        return int(self.body.get("errcode", 0))


class Platform:
    """What WeChat knows of one Mini Program, and the ledger of the calls it got."""

    def __init__(
        self, account: Account, now: Callable[[], float], settings: PlatformSettings | None = None
    ) -> None:
        self.account = account
        self.settings = settings or PlatformSettings()
        self.now = now
        self.followers = FollowerList()
        self.list_shape = self.settings.list_shape
        self.rooms: dict[int, Room] = {}
        self.tokens = StableTokens(
            now, life_s=self.settings.token_life_s, overlap_s=self.settings.token_overlap_s
        )
        self.quotas = Quotas(now, self.settings.limits)
        self.ledger = Ledger(self.settings.window_s)
        self._last_pushed = (-1, 0)  # the day, the room
        self._message_number = 0
        self._made_up = 0
        self._apis: dict[str, Callable[[Json], ApiReply]] = {
            STABLE_TOKEN: self._stable_token,
            FOLLOWERS: self._get_followers,
            PUSH: self._push_message,
            LIVE_INFO: self._get_live_info,
            QUOTA_GET: self._get_quota,
        }

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of all APIs."""
        return tuple(self._apis)

    def summary(self, *, openids: bool = False) -> Json:
        """Return the ledger's figures, the number of followers, and that of tokens."""
        return self.ledger.summary(openids=openids) | {
            "followers": len(self.followers),
            "tokens": {"issued": self.tokens.issued, "forced": self.tokens.forced},
        }

    # ------------------------------------------------------------- the API

    def call(
        self, path: str, access_token: str | None, raw: bytes, method: str = "POST"
    ) -> ApiReply:
        """Answer one API call and enter it in the ledger.

        Returns:
            The reply; to a bad call, one with an errcode.
        """
        at = self.now()
        try:
            reply = self._apis[path](self._checked_body(path, access_token, raw, method))
        except ApiError as error:
            reply = ApiReply(error_body(error, at))
        self.ledger.called(path, reply.errcode)
        if path == PUSH:
            room_id, openids = _read_push(raw)
            message_id = reply.body.get("message_id")
            self.ledger.push(PushCall(at, room_id, openids, reply.errcode, message_id))
        return reply

    def _checked_body(self, path: str, access_token: str | None, raw: bytes, method: str) -> Json:
        """Check method, token, JSON and quota, in this order; return the call's body."""
        if method != "POST":
            raise ApiError(NEEDS_POST)
        if path != STABLE_TOKEN:
            self.tokens.check(access_token)
        if not raw:
            raise ApiError(EMPTY_BODY)
        body = _parse(raw)
        if body is None:
            raise ApiError(NOT_JSON)
        self.quotas.take(path)
        return body

    def _stable_token(self, body: Json) -> ApiReply:
        if body.get("grant_type") != "client_credential":
            raise ApiError(BAD_GRANT_TYPE)
        for name, missing in (("appid", APPID_MISSING), ("secret", SECRET_MISSING)):
            if not body.get(name):
                raise ApiError(missing)
        if body["appid"] != self.account.appid:
            raise ApiError(BAD_APPID)
        if not hmac.compare_digest(str(body["secret"]).encode(), self.account.secret.encode()):
            raise ApiError(BAD_SECRET)
        force = body.get("force_refresh", False)
        if not isinstance(force, bool):
            raise ApiError(BAD_ARGS, "force_refresh is true or false")
        token, expires_in = self.tokens.issue(force=force)
        return ApiReply({"access_token": token, "expires_in": expires_in})

    def _get_followers(self, body: Json) -> ApiReply:
        limit = _read_int(body, "limit", low=1, high=MAX_ROWS, default=_DEFAULT_ROWS)
        cursor: int | None = None
        if "page_break" in body:
            cursor = _read_int(body, "page_break", low=0, high=(1 << 53) - 1)
            if cursor == 0:
                # Samples send 0 for the first page; in practice it was answered with -1
                # (docs/wechat-protocol.md#follower-list).
                if self.settings.zero_cursor_is_an_error:
                    raise ApiError(SYSTEM_ERROR)
                cursor = None
        rows, following = page_of(self.followers, self.list_shape, limit, cursor)
        page_break = {} if following is None else {"page_break": following}
        return _ok(
            followers=[
                {
                    "openid": row.openid,
                    "subscribe_time": row.subscribe_time,
                    "room_id": row.room_id,
                    "room_status": row.room_status,
                }
                for row in rows
            ],
            **page_break,
        )

    def _push_message(self, body: Json) -> ApiReply:
        room_id = _read_int(body, "room_id", low=1, high=(1 << 53) - 1)
        openids = body.get("user_openid")
        if not isinstance(openids, list) or not all(isinstance(o, str) for o in openids):
            raise ApiError(BAD_ARGS, "user_openid is a list of strings")
        if not 1 <= len(openids) <= MAX_ROWS:
            raise ApiError(BAD_ARGS, f"user_openid takes 1 to {MAX_ROWS}")
        self._check_push(room_id, len(openids))
        result = self._result(room_id, openids)
        return ApiReply(_ok(message_id=result.message_id).body, result)

    def _check_push(self, room_id: int, openids: int) -> None:
        """Accept a push, or raise why it is refused: docs/wechat-protocol.md#push."""
        now, today = self.now(), beijing_day(self.now())
        self.ledger.arrived.add(now, openids)
        room = self.rooms.get(room_id)
        if room is None or room.live_status != LIVE:
            raise ApiError(ROOM_NOT_LIVE)
        pushed_on, pushed_room = self._last_pushed
        if pushed_on == today and pushed_room != room_id:
            raise ApiError(OTHER_ROOM_TODAY)
        if self.ledger.accepted.load(now) + openids > self.settings.openids_per_window:
            raise ApiError(TOO_FAST)
        self.ledger.accepted.add(now, openids)
        self._last_pushed = (today, room_id)

    def _get_live_info(self, body: Json) -> ApiReply:
        start = _read_int(body, "start", low=0, high=1 << 31)
        limit = _read_int(body, "limit", low=1, high=1 << 31)
        if not self.rooms:
            raise ApiError(NO_ROOMS)
        rooms = sorted(self.rooms.values(), key=lambda r: (r.start_time, r.roomid), reverse=True)
        # 100 are documented, 50 are returned: docs/wechat-protocol.md#live-rooms.
        rows = rooms[start : start + min(limit, _MAX_ROOMS)]
        return _ok(total=len(rooms), room_info=[room.as_json() for room in rows], live_replay=[])

    def _get_quota(self, body: Json) -> ApiReply:
        return _ok(**self.quotas.usage(body.get("cgi_path")))

    # ------------------------------------------------------------- changes

    def apply(self, change: FollowChange) -> FollowEvent:
        """Have a user subscribe or unsubscribe; return the event that WeChat will send."""
        time = int(self.now()) if change.time is None else change.time
        status = self._status(change.room_id)
        if change.action == "add_follow":
            self.followers.add(Follower(change.openid, time, change.room_id, status))
        else:
            self.followers.remove(change.openid)
        return FollowEvent(change.openid, change.action, change.room_id, time, status)

    def add_followers(self, count: int, *, room_id: int = 1, spread_s: int = 3600) -> list[str]:
        """Add new followers without events, who subscribed in the last ``spread_s`` seconds.

        Returns:
            Their openids, in the order they subscribed.
        """
        openids = [made_up_openid(self._made_up + n) for n in range(1, count + 1)]
        self._made_up += count
        self.list_followers(openids, room_id=room_id, spread_s=spread_s)
        return openids

    def list_followers(self, openids: list[str], *, room_id: int = 1, spread_s: int = 3600) -> None:
        """Make these openids followers without any event, as if it was lost."""
        first, status = int(self.now()) - spread_s, self._status(room_id)
        self.followers.extend(
            Follower(openid, first + spread_s * n // max(1, len(openids)), room_id, status)
            for n, openid in enumerate(openids)
        )

    def set_room(self, roomid: int, live_status: int, **changes: Any) -> Room:
        """Create a room, or change the fields that are given; a new one starts now for an hour.

        Raises:
            TypeError: a room has no such field.
        """
        old = self.rooms.get(roomid)
        now = int(self.now())
        known: Json = {"start_time": now, "end_time": now + 3600}
        if old is not None:
            known = {
                "start_time": old.start_time,
                "end_time": old.end_time,
                "name": old.name,
                "anchor_name": old.anchor_name,
            }
        self.rooms[roomid] = Room(roomid=roomid, live_status=live_status, **(known | changes))
        return self.rooms[roomid]

    def _status(self, room_id: int) -> int:
        room = self.rooms.get(room_id)
        return NOT_STARTED if room is None else room.live_status

    # -------------------------------------------------------------- results

    def _result(self, room_id: int, openids: list[str]) -> PushResult:
        outcomes = [self._outcome(openid) for openid in openids]
        return PushResult(
            message_id=self._new_message_id(),
            room_id=room_id,
            time=int(self.now()),
            total_count=len(openids),
            success_count=outcomes.count("success"),
            openid_error_count=outcomes.count("openid_error"),
            relation_error_count=outcomes.count("relation_error"),
            user_recv_limit_count=outcomes.count("user_recv_limit"),
            internal_error_count=outcomes.count("internal_error"),
        )

    def _outcome(self, openid: str) -> str:
        if openid not in self.followers:
            return "relation_error" if is_openid(openid) else "openid_error"
        draw = zlib.crc32(openid.encode()) / (1 << 32)
        if draw < self.settings.user_recv_limit_share:
            return "user_recv_limit"
        if draw < self.settings.user_recv_limit_share + self.settings.internal_error_share:
            return "internal_error"
        return "success"

    def _new_message_id(self) -> str:
        # With the time, ids are unique even if a stack outlives its simulator.
        self._message_number += 1
        moment = (int(self.now() * 1000) << 20) + self._message_number
        return str(_SMALLEST_19_DIGITS + moment % (9 * _SMALLEST_19_DIGITS))


def _ok(**fields: Any) -> ApiReply:
    return ApiReply({"errcode": 0, "errmsg": "ok", **fields})


def _read_int(body: Json, name: str, *, low: int, high: int, default: int | None = None) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ApiError(BAD_ARGS, f"{name} is a number from {low} to {high}")
    return value


def _parse(raw: bytes) -> Json | None:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _read_push(raw: bytes) -> tuple[int | None, tuple[str, ...]]:
    """Return the room and the openids of a push, as far as they are readable."""
    body = _parse(raw) or {}
    room_id, openids = body.get("room_id"), body.get("user_openid")
    return (
        room_id if isinstance(room_id, int) else None,
        tuple(o for o in openids if isinstance(o, str)) if isinstance(openids, list) else (),
    )
