"""Reading WeChat's answers: JSON with an ``errcode``, turned into values or the error tree.

Errors arrive with HTTP 200 and an ``errmsg`` ending in ``rid: xxxxxxxx-xxxxxxxx-xxxxxxxx``.
Codes and reactions: sections 4-6 of the protocol reference, from the official pages.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from wxlive.errors import (
    BadCall,
    BadOpenid,
    Misconfigured,
    NotAllowed,
    OutcomeUnknown,
    QuotaUsedUp,
    RateLimited,
    RoomNotLive,
    RoomTaken,
    Stop,
    SystemBusy,
    TokenRefused,
    WxliveError,
)

_HTTP_OK = 200
_RID = re.compile(r"rid: ?([0-9a-f]{4,16}(?:-[0-9a-f]{4,16}){1,3})")
_CALLER = re.compile(r"invalid ip ((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f:]+)")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")

_CHECK_SECRET = "check appid and AppSecret in the secret against the Mini Program console"  # noqa: S105 - advice, no secret
_ASK_ADMIN = "the account's administrator must act in the Mini Program console"
_BUG = "this is a defect of wxlive: report it with the rid"

_MEANINGS: dict[int, tuple[type[WxliveError], str]] = {
    -1: (SystemBusy, "WeChat is busy; the same call may succeed in a moment"),
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
    45009: (QuotaUsedUp, "The day's quota of this API is used up; it goes on when the day turns"),
    45011: (RateLimited, "Too many calls this minute; it goes on in the next"),
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
_UNHEARD_OF = (Stop, "WeChat refused with a code that wxlive does not know; look it up")


def read_answer(status: int, body: bytes) -> dict[str, Any]:
    """Read an API answer.

    Returns:
        The JSON object, when its ``errcode`` is 0 or absent.

    Raises:
        OutcomeUnknown: not HTTP 200, or not a JSON object: nobody knows what was done.
        WxliveError: the member of the tree that the ``errcode`` stands for; ``Stop`` for one
            that the reference does not list.
    """
    if status != _HTTP_OK:
        raise OutcomeUnknown(
            f"WeChat answered HTTP {status} instead of 200; the call may or may not have been "
            "carried out"
        )
    answer = _read_object(body)
    code = _read_code(answer)
    if code:
        raise _error_for(code, str(answer.get("errmsg", "")))
    return answer


def meaning_of(code: int) -> str:
    """Say what an ``errcode`` means and what to do, in one sentence for an operator."""
    return _MEANINGS.get(code, _UNHEARD_OF)[1]


def whole(value: object) -> int:
    """Read a whole number that may arrive as digits in a string.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    raise ValueError("not a whole number")


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode()
        try:
            answer = json.loads(text)
        except ValueError:
            # The official sample answer of push_message ends in a comma.
            answer = json.loads(_TRAILING_COMMA.sub(r"\1", text))
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknown(
            "WeChat's answer is not JSON; the call may or may not have been carried out"
        ) from error
    if not isinstance(answer, dict):
        raise OutcomeUnknown(
            "WeChat's answer is not a JSON object; the call may or may not have been carried out"
        )
    return answer


def _read_code(answer: Mapping[str, Any]) -> int:
    try:
        return whole(answer.get("errcode", 0))
    except ValueError as error:
        raise OutcomeUnknown(
            "WeChat's errcode is not a number; the call may or may not have been carried out"
        ) from error


def _error_for(code: int, errmsg: str) -> WxliveError:
    found = _RID.search(errmsg)
    rid = found.group(1) if found else None
    kind, sentence = _MEANINGS.get(code, _UNHEARD_OF)
    caller = _CALLER.search(errmsg)
    if kind is NotAllowed and caller:
        sentence = f"{sentence}: {caller.group(1)}"
    return kind(sentence, errcode=code, rid=rid)
