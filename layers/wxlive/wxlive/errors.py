"""The one error tree, sorted by what the caller must do.

::

    WxliveError
    ├── RetryLater            nothing happened; the same call may soon succeed
    │   ├── NotReached        the request never left, or never arrived
    │   ├── SystemBusy        WeChat said -1
    │   ├── StoreBusy         a table refused or did not answer for as long as there was time
    │   └── Conflict          another worker wrote the record first
    ├── Wait                  nothing happened; it can only succeed after something changes
    │   ├── RateLimited       45011, until the next minute
    │   ├── QuotaUsedUp       45009, or our own counter, until the next day
    │   └── RoomNotLive       9410006, until the room opens
    ├── TokenRefused          40001 / 40014 / 42001: fetch a token once, try once more
    ├── OutcomeUnknown        the request may have been carried out; never repeat it blindly
    ├── Stop                  nothing happened and nothing will until a human acts
    │   ├── Misconfigured     settings, secret, appid
    │   ├── NotAllowed        IP allow-list, missing permission, frozen or blocked account
    │   ├── RoomTaken         9410005: another room was pushed today
    │   ├── InvalidCommand    the operator's command is not possible as things are
    │   └── BadCall           WeChat calls our request malformed: a bug
    │       └── BadOpenid     40003: one openid spoils the whole call
    └── RequestRejected       a request is forged, stale or malformed: answer 4xx, change nothing

Every message says what was refused, why, and what to do next. Errors that WeChat
answered carry its ``errcode`` and the request id ``rid`` its support asks for.
"""


class WxliveError(Exception):
    """The root. ``errcode`` and ``rid`` are WeChat's, where WeChat answered.

    ``str(error)`` is one sentence fit for an operator: no secret, no token, no openid.
    """

    def __init__(self, message: str, *, errcode: int | None = None, rid: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.errcode = errcode
        self.rid = rid

    def __str__(self) -> str:
        facts = [f"errcode {self.errcode}"] if self.errcode is not None else []
        facts += [f"rid {self.rid}"] if self.rid else []
        return f"{self.message} ({', '.join(facts)})" if facts else self.message


class RetryLater(WxliveError):
    """Nothing happened at the other side; the same call may soon succeed."""


class NotReached(RetryLater):
    """The request surely did not arrive: no connection was made."""


class SystemBusy(RetryLater):
    """WeChat answered -1. Safe to repeat for reads; for a push see ``PushRetryBusy``."""


class StoreBusy(RetryLater):
    """A table was throttled, busy or unreachable for as long as there was time to retry.

    A write may have been carried out although its answer was lost.
    """


class Conflict(RetryLater):
    """A condition of a write failed: another worker was first, or our own lost write was."""


class Wait(WxliveError):
    """Nothing happened, and nothing will before something changes at WeChat."""


class RateLimited(Wait):
    """45011: too many calls this minute."""


class QuotaUsedUp(Wait):
    """45009, or our own counter refused before WeChat would."""


class RoomNotLive(Wait):
    """9410006: the room is not in the live state."""


class TokenRefused(WxliveError):
    """The access token is wrong, malformed or expired."""


class OutcomeUnknown(WxliveError):
    """The request may have been carried out: a lost or unreadable answer."""


class Stop(WxliveError):
    """Nothing will change until a human acts."""


class Misconfigured(Stop):
    """A setting, the secret or the appid is missing or wrong."""


class NotAllowed(Stop):
    """WeChat refuses this caller: allow-list, permission, frozen or blocked account."""


class RoomTaken(Stop):
    """9410005: another room was already pushed today."""


class InvalidCommand(Stop):
    """The operator's command is not possible as things are."""


class BadCall(Stop):
    """WeChat calls our request malformed."""


class BadOpenid(BadCall):
    """40003: WeChat refuses the whole call because of one openid."""


class RequestRejected(WxliveError):
    """Something from outside is forged, stale or malformed. ``status`` is the HTTP answer."""

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.status = status
