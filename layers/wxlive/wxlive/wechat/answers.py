"""Reading what the APIs answer. Pure, no I/O.

A malformed answer raises ``OutcomeUnknown``: whether the call was carried out is not
known. Numbers may arrive as digits in a string (docs/wechat-protocol.md#reading-events).
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from wxlive.domain.followers import MAX_CLOCK_LEAD_S, ListedRow
from wxlive.domain.rooms import Room
from wxlive.errors import OutcomeUnknown
from wxlive.wechat.access_token import AccessToken
from wxlive.wechat.errcodes import error_for
from wxlive.wechat.fields import MESSAGE_ID, read_number_or_zero, read_openid

_TOO_MANY_DIGITS = 100
_NUMBER_END = 2**63
_LAST_TIME = 2**32
"""No time of a room is later (Unix s); milliseconds are."""
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row of the list that makes no sense: whose it is, if that can be read, and why."""

    openid: str | None
    why: str


@dataclass(frozen=True, slots=True)
class FollowerPage:
    """One page of the list. ``cursor`` is WeChat's opaque ``page_break``, None where missing."""

    rows: tuple[ListedRow, ...]
    cursor: int | str | None
    skipped: tuple[SkippedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomPage:
    """One page of the rooms. ``skipped`` is why rows that make no sense were left out."""

    rooms: tuple[Room, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.rooms) + len(self.skipped)


@dataclass(frozen=True, slots=True)
class ApiQuota:
    """What ``openapi/quota/get`` says of an API's day, in calls."""

    daily_limit: int
    used: int


def read_answer(status: int, body: bytes) -> dict[str, Any]:
    """Read an API answer.

    Returns:
        The JSON object, when its ``errcode`` is 0 or absent.

    Raises:
        OutcomeUnknown: not HTTP 200, or not a JSON object.
        WxliveError: the member of the tree of the ``errcode``; ``Stop`` for one
            that is not documented.
    """
    if status != HTTPStatus.OK:
        raise OutcomeUnknown(
            f"WeChat answered HTTP {status} instead of 200; the call may or may not have been "
            "carried out"
        )
    answer = _read_object(body)
    code = _read_code(answer)
    if code:
        raise error_for(code, str(answer.get("errmsg", "")))
    return answer


def read_followers(answer: Mapping[str, Any], asked_s: float) -> FollowerPage:
    """Read the answer of ``get_wxa_followers``, asked for at ``asked_s`` (Unix s).

    Rows are read by the rules of the callback's events. One that makes no sense is skipped: its
    openid is not 1 to 128 visible characters, or a number is out of range.

    Raises:
        OutcomeUnknown: it is no page: it has neither ``followers`` nor a ``page_break``, or one of
            them is of the wrong type.
    """
    rows, cursor = answer.get("followers"), answer.get("page_break")
    if rows is None and cursor is None:
        raise OutcomeUnknown("WeChat's follower page has neither followers nor a page_break")
    with _unreadable("WeChat's follower page is malformed; nothing of it was used"):
        if not isinstance(rows, list | None):
            raise TypeError("followers is no list")
        read = [_read_row(row, asked_s) for row in rows or ()]
        return FollowerPage(
            rows=tuple(row for row in read if isinstance(row, ListedRow)),
            cursor=_read_cursor(cursor),
            skipped=tuple(row for row in read if isinstance(row, SkippedRow)),
        )


def read_message_id(answer: Mapping[str, Any]) -> str:
    """Read the answer of ``push_message``; a number is as good as text."""
    message_id = answer.get("message_id")
    if isinstance(message_id, bool) or not isinstance(message_id, int | str) or not message_id:
        raise OutcomeUnknown("WeChat accepted the push without a message_id")
    if not MESSAGE_ID.fullmatch(str(message_id)):
        raise OutcomeUnknown("WeChat accepted the push, but no result can have its message_id")
    return str(message_id)


def read_rooms(answer: Mapping[str, Any]) -> RoomPage:
    """Read the answer of ``getliveinfo``. One odd row never hides the other rooms.

    Raises:
        OutcomeUnknown: it is no list of rooms, or none of its rows makes sense.
    """
    with _unreadable("WeChat's room list is malformed"):
        rows = answer.get("room_info") or []
        if not isinstance(rows, list):
            raise TypeError("room_info is no list")
        read = [_read_room_or_skip(row) for row in rows]
        rooms = tuple(row for row in read if isinstance(row, Room))
        if rows and not rooms:
            raise ValueError("no row is a room")
        return RoomPage(rooms, tuple(row for row in read if isinstance(row, str)))


def read_quota(answer: Mapping[str, Any]) -> ApiQuota:
    """Read the answer of ``openapi/quota/get``."""
    with _unreadable("WeChat's quota answer is malformed"):
        quota = answer["quota"]
        limit, used = read_int(quota["daily_limit"]), read_int(quota["used"])
        return ApiQuota(daily_limit=limit, used=max(0, used))


def read_addresses(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the answer of ``getcallbackip``."""
    found = answer.get("ip_list")
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise OutcomeUnknown("WeChat's list of callback addresses is malformed")
    return tuple(found)


def read_token(answer: Mapping[str, Any], requested_at: int) -> AccessToken:
    """Read the answer of ``stable_token``, requested at ``requested_at`` (Unix s)."""
    with _unreadable("WeChat's token answer is malformed; try again"):
        value = answer["access_token"]
        if not isinstance(value, str) or not value:
            raise ValueError("no access token")
        expires_at = requested_at + read_int(answer["expires_in"])
        return AccessToken(value=value, fetched_at=requested_at, expires_at=expires_at)


def read_int(value: object) -> int:
    """Read a whole number of 64 bits, which may arrive as digits in a string.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _NUMBER_END:
        return value
    raise ValueError("not a whole number of 64 bits")


@contextmanager
def _unreadable(sentence: str) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise OutcomeUnknown(sentence) from error


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        # What is not UTF-8 spoils the text that it stands in, and not the whole answer.
        text = body.decode(errors="replace")
        try:
            answer = json.loads(text)
        except ValueError:
            # The official sample answer of push_message ends in a comma; and a number may have more
            # digits than Python reads.
            answer = json.loads(_TRAILING_COMMA.sub(r"\1", text), parse_int=_read_digits)
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknown(
            "WeChat's answer is not JSON; the call may or may not have been carried out"
        ) from error
    if not isinstance(answer, dict):
        raise OutcomeUnknown(
            "WeChat's answer is not a JSON object; the call may or may not have been carried out"
        )
    return answer


def _read_digits(digits: str) -> int | str:
    return int(digits) if len(digits) < _TOO_MANY_DIGITS else digits


def _read_code(answer: Mapping[str, Any]) -> int:
    with _unreadable(
        "WeChat's errcode is not a number; the call may or may not have been carried out"
    ):
        return read_int(answer.get("errcode", 0))


def _read_row(row: object, asked_s: float) -> ListedRow | SkippedRow:
    if not isinstance(row, Mapping):
        return SkippedRow(None, "it is no object")
    try:
        openid = read_openid(row.get("openid"))
    except ValueError as error:
        return SkippedRow(None, f"openid is {error}")
    try:
        read = ListedRow(
            openid,
            subscribed_at=read_number_or_zero(row.get("subscribe_time")),
            room_id=read_number_or_zero(row.get("room_id")),
            room_status=read_number_or_zero(row.get("room_status")),
        )
    except ValueError as error:
        return SkippedRow(openid, f"a number is {error}")
    if read.subscribed_at > asked_s + MAX_CLOCK_LEAD_S:
        return SkippedRow(openid, "subscribe_time is in the future")
    return read


def _read_cursor(value: object) -> int | str | None:
    if value is None or isinstance(value, int | str):
        return value
    raise ValueError("page_break is neither a number nor a string")


def _read_room_or_skip(row: object) -> Room | str:
    if not isinstance(row, Mapping):
        return "it is no object"
    try:
        return _read_room(row)
    except ValueError as error:
        return str(error)


def _read_room(row: Mapping[str, Any]) -> Room:
    """Read a row of ``room_info``; the id is named ``roomid`` there and ``room_id`` elsewhere."""
    room_id = row.get("roomid", row.get("room_id"))
    if room_id is None or row.get("live_status") is None:
        raise ValueError("a room without roomid or live_status")
    return Room(
        room_id=read_int(room_id),
        # A name that is cut in the middle of an emoji is no text to whoever stores it.
        name=str(row.get("name", "")).encode(errors="replace").decode(),
        status=read_int(row["live_status"]),
        starts_at=_read_time(row.get("start_time")),
        ends_at=_read_time(row.get("end_time")),
    )


def _read_time(value: object) -> int:
    """Read a time of a room, which decides nothing that its status does not: 0 if it is none."""
    try:
        time_s = read_int(value)
    except ValueError:
        return 0
    return time_s if 0 <= time_s < _LAST_TIME else 0
