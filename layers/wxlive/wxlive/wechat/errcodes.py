"""WeChat's errcodes as members of the error tree: docs/wechat-protocol.md#error-codes."""

import re

from wxlive.errors import (
    BadCall,
    BadOpenid,
    Misconfigured,
    NotAllowed,
    QuotaUsedUp,
    RateLimited,
    RoomNotLive,
    RoomTaken,
    Stop,
    SystemBusy,
    TokenRefused,
    WxliveError,
)

NO_ROOMS = frozenset({1, 9410000})
"""The errcodes by which ``getliveinfo`` says that there is no room:
docs/wechat-protocol.md#live-rooms."""

_RID = re.compile(r"rid: ?([0-9a-f]{4,16}(?:-[0-9a-f]{4,16}){1,3})")
_CALLER = re.compile(r"invalid ip ((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f:]+)")

_CHECK_SECRET = "check appid and AppSecret in the secret against the Mini Program console"  # noqa: S105 - advice, no secret
_ASK_ADMIN = "the account's administrator must act in the Mini Program console"
_BUG = "this is a defect of wxlive: report it with the rid"

_MEANINGS: dict[int, tuple[type[WxliveError], str]] = {
    -1: (SystemBusy, "WeChat is busy; the same call may soon succeed"),
    40001: (TokenRefused, "WeChat refused the access token; a new one is fetched once"),
    40014: (TokenRefused, "WeChat calls the access token malformed; a new one is fetched once"),
    42001: (TokenRefused, "The access token has expired; a new one is fetched once"),
    41001: (BadCall, f"The access token was missing; {_BUG}"),
    40002: (Misconfigured, f"WeChat refused the grant type; {_BUG}"),
    40013: (Misconfigured, f"WeChat does not know this appid; {_CHECK_SECRET}"),
    40125: (Misconfigured, f"WeChat refused the AppSecret; {_CHECK_SECRET}"),
    41002: (Misconfigured, f"The appid was missing; {_CHECK_SECRET}"),
    41004: (Misconfigured, f"The AppSecret was missing; {_CHECK_SECRET}"),
    40164: (NotAllowed, "This address is not on WeChat's IP allow-list; add it in the console"),
    61004: (NotAllowed, "This address is not on WeChat's IP allow-list; add it in the console"),
    45035: (NotAllowed, "This address is not on WeChat's IP allow-list; add it in the console"),
    40243: (NotAllowed, f"The AppSecret is frozen; {_ASK_ADMIN}"),
    89503: (NotAllowed, f"This call waits for the administrator's confirmation; {_ASK_ADMIN}"),
    89506: (NotAllowed, f"The administrator refused this address for 24 hours; {_ASK_ADMIN}"),
    89507: (NotAllowed, f"The administrator refused this address for an hour; {_ASK_ADMIN}"),
    45009: (QuotaUsedUp, "The day's quota of this API is used up; calls resume on the next day"),
    45011: (RateLimited, "Too many calls this minute; calls resume in the next"),
    43002: (BadCall, f"WeChat expected another HTTP method; {_BUG}"),
    44002: (BadCall, f"WeChat saw an empty request; {_BUG}"),
    47001: (BadCall, f"WeChat could not read the request; {_BUG}"),
    40097: (BadCall, f"WeChat refused an argument; {_BUG}"),
    200002: (BadCall, f"WeChat refused an argument; {_BUG}"),
    40003: (BadOpenid, "WeChat calls an openid invalid; it may belong to another Mini Program"),
    48001: (NotAllowed, f"This API is not granted (live not enabled?); {_ASK_ADMIN}"),
    61007: (NotAllowed, f"This API is not in the granted permission set; {_ASK_ADMIN}"),
    48004: (NotAllowed, f"This API is blocked for the account; {_ASK_ADMIN}"),
    50002: (NotAllowed, f"The account is restricted; {_ASK_ADMIN}"),
    9410005: (RoomTaken, "Another room was already pushed today; WeChat allows one a day"),
    9410006: (RoomNotLive, "WeChat says the room is not live; check it in the console"),
}
_UNKNOWN_CODE = (Stop, "WeChat refused with a code that wxlive does not know; look it up")


def meaning_of(code: int) -> str:
    """Say what an ``errcode`` means and what to do, in one sentence for an operator."""
    return _MEANINGS.get(code, _UNKNOWN_CODE)[1]


def error_for(code: int, errmsg: str) -> WxliveError:
    """Return the error of an ``errcode``, with the ``rid`` of its ``errmsg``."""
    found = _RID.search(errmsg)
    rid = found.group(1) if found else None
    kind, sentence = _MEANINGS.get(code, _UNKNOWN_CODE)
    caller = _CALLER.search(errmsg)
    if kind is NotAllowed and caller:
        sentence = f"{sentence}: {caller.group(1)}"
    return kind(sentence, errcode=code, rid=rid)
