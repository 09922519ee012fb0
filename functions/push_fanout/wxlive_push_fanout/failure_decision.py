"""What follows from a call that failed, or could not be made. Pure.

The errcodes: docs/wechat-protocol.md#error-codes. What surely did not reach WeChat is sent
again; what may have is never sent again by itself.
"""

from dataclasses import dataclass, replace

from wxlive.domain.calendar import calls_resume_at
from wxlive.domain.campaigns import HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.errors import (
    BadCall,
    BadOpenid,
    OutcomeUnknown,
    QuotaUsedUp,
    RateLimited,
    RetryLater,
    RoomNotLive,
    RoomTaken,
    Stop,
    SystemBusy,
    WxliveError,
)

ATTEMPTS_ALLOWED = 8
"""Attempts in a row that may not reach WeChat before the campaign is held."""

BUSY_AGAIN_S = 90
"""A busy WeChat may have carried out the call. Results come within seconds, and each minute
``push_start`` calls off what one has proven: a call that waits for longer is not made in vain."""

ACCESS_RETRY_S = 300
"""How long a campaign is held that WeChat does not let in, before the machine tries again."""

_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class FailureDecision:
    """What to do next.

    ``chunk`` is the ledger's new state; QUEUED means it will be sent again, after ``again_in_s``
    seconds unless ``hold`` holds the campaign or ``ends`` ends it. ``split`` means in two halves,
    because one openid spoils the call. ``counts`` says that the attempt counts as one that did not
    reach WeChat, ``may_have_notified`` that the call may have been carried out all the same.
    """

    chunk: ChunkState
    hold: HoldKind | None = None
    ends: bool = False
    again_in_s: int = 0
    split: bool = False
    counts: bool = False
    may_have_notified: bool = False


def decide_after_failure(  # noqa: PLR0911 - one return for each row of the table of errcodes
    error: WxliveError, *, openids: int, attempts: int, now_s: float, retry_busy: bool
) -> FailureDecision:
    """Decide after a call with ``openids`` failed. ``attempts`` failed before it."""
    match error:
        case OutcomeUnknown():
            return FailureDecision(ChunkState.UNKNOWN)
        case SystemBusy() if not retry_busy:
            return FailureDecision(ChunkState.UNKNOWN)
        case SystemBusy():
            again = decide_without_call(error, attempts=attempts, now_s=now_s)
            return replace(again, again_in_s=BUSY_AGAIN_S, may_have_notified=True)
        case QuotaUsedUp():
            return FailureDecision(ChunkState.QUEUED, HoldKind.QUOTA)
        case RoomNotLive():
            return FailureDecision(ChunkState.QUEUED, HoldKind.ROOM)
        case RoomTaken():
            return FailureDecision(ChunkState.REFUSED, ends=True)
        case BadOpenid() if openids > 1:
            return FailureDecision(ChunkState.QUEUED, split=True)
        case BadCall():
            return FailureDecision(ChunkState.REFUSED)
        case _:
            return decide_without_call(error, attempts=attempts, now_s=now_s)


def decide_without_call(error: WxliveError, *, attempts: int, now_s: float) -> FailureDecision:
    """Decide after a failure that kept the call from being made. ``attempts`` failed before it."""
    match error:
        case RateLimited():
            return FailureDecision(ChunkState.QUEUED, again_in_s=_to_next_minute_s(now_s))
        case Stop():
            # No other chunk will succeed before a human has acted.
            return FailureDecision(ChunkState.QUEUED, HoldKind.ACCESS)
        case _ if attempts + 1 >= ATTEMPTS_ALLOWED:
            return FailureDecision(ChunkState.QUEUED, HoldKind.ACCESS, counts=True)
        case RetryLater():
            again_in_s = min(2 ** (attempts + 1), _MINUTE_S)
            return FailureDecision(ChunkState.QUEUED, again_in_s=again_in_s, counts=True)
        case _:
            return FailureDecision(ChunkState.QUEUED, again_in_s=_MINUTE_S, counts=True)


def resume_at(kind: HoldKind, *, now_s: float, called_s: float, offset_hours: int) -> int:
    """Return when a hold is due to end (Unix s), 0 where that is not known.

    Args:
        kind: why the campaign is held.
        now_s: the present time.
        called_s: when the call was made that is the reason, or would have been (Unix s).
        offset_hours: the offset of WeChat's day from UTC.
    """
    match kind:
        case HoldKind.QUOTA:
            return calls_resume_at(called_s, offset_hours)
        case HoldKind.ACCESS:
            return int(now_s) + ACCESS_RETRY_S
        case _:
            return 0


def _to_next_minute_s(now_s: float) -> int:
    return _MINUTE_S - int(now_s) % _MINUTE_S
