"""Error replies of WeChat's API: docs/wechat-protocol.md#error-codes."""

import secrets
from typing import Any, Final

SYSTEM_ERROR: Final = -1
TOKEN_NOT_LATEST: Final = 40001
BAD_GRANT_TYPE: Final = 40002
BAD_APPID: Final = 40013
TOKEN_MALFORMED: Final = 40014
BAD_ARGS: Final = 40097
BAD_SECRET: Final = 40125
TOKEN_MISSING: Final = 41001
APPID_MISSING: Final = 41002
SECRET_MISSING: Final = 41004
TOKEN_EXPIRED: Final = 42001
NEEDS_POST: Final = 43002
EMPTY_BODY: Final = 44002
DAY_USED_UP: Final = 45009
TOO_FAST: Final = 45011
NOT_JSON: Final = 47001
UNKNOWN_PATH: Final = 76003
NO_ROOMS: Final = 9410000
OTHER_ROOM_TODAY: Final = 9410005
ROOM_NOT_LIVE: Final = 9410006

_MESSAGES: Final = {
    SYSTEM_ERROR: "system error",
    TOKEN_NOT_LATEST: "invalid credential, access_token is invalid or not latest",
    BAD_GRANT_TYPE: "invalid grant_type",
    BAD_APPID: "invalid appid",
    TOKEN_MALFORMED: "invalid access_token",
    BAD_ARGS: "invalid args",
    BAD_SECRET: "invalid appsecret",
    TOKEN_MISSING: "access_token missing",
    APPID_MISSING: "appid missing",
    SECRET_MISSING: "appsecret missing",
    TOKEN_EXPIRED: "access_token expired",
    NEEDS_POST: "require POST method",
    EMPTY_BODY: "empty post data",
    DAY_USED_UP: "reach max api daily quota limit",
    TOO_FAST: "api minute-quota reach limit, must slower, retry next minute",
    NOT_JSON: "data format error",
    UNKNOWN_PATH: "cgi_path not found, please check",
    NO_ROOMS: "empty room list",
    OTHER_ROOM_TODAY: "another room was already pushed today",
    ROOM_NOT_LIVE: "room is not live",
}


class ApiError(Exception):
    """The call is answered with ``errcode``; ``detail`` is appended to its message."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        message = _MESSAGES.get(errcode, "error")
        self.errcode = errcode
        self.errmsg = f"{message}: {detail}" if detail else message
        super().__init__(f"{errcode} {self.errmsg}")


def error_body(error: ApiError, now: float) -> dict[str, Any]:
    """Return the body of an error reply, which is sent with HTTP 200."""
    return {"errcode": error.errcode, "errmsg": f"{error.errmsg} rid: {new_rid(now)}"}


def new_rid(now: float) -> str:
    """Return a new request id: three groups of eight hex digits, the first one the time."""
    return f"{int(now) & 0xFFFFFFFF:08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
