"""What follows from a failed call, for the chunk and for the campaign. Pure.

The errcodes: docs/wechat-protocol.md#error-codes. What surely did not reach WeChat is sent
again; what may have is never sent again by itself.
"""

from dataclasses import dataclass

from wxlive.domain.campaigns import CampaignState
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
    SystemBusy,
    WxliveError,
)

ATTEMPTS_ALLOWED = 8
"""Claims of one chunk that may end without reaching WeChat before the campaign pauses."""

_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class FailureDecision:
    """What to do next.

    ``chunk`` is the ledger's new state; QUEUED means it will be sent again, after ``again_in_s``
    seconds unless ``campaign`` holds or ends everything. ``split`` means in two halves, because
    one openid spoils the call.
    """

    chunk: ChunkState
    campaign: CampaignState | None = None
    again_in_s: int = 0
    split: bool = False


def decide_after_failure(  # noqa: PLR0911 - one return for each row of the table of errcodes
    error: WxliveError, *, openids: int, attempts: int, now_s: float, retry_busy: bool
) -> FailureDecision:
    """Decide after a call with ``openids`` failed. ``attempts`` counts this one."""
    match error:
        case OutcomeUnknown():
            return FailureDecision(ChunkState.UNKNOWN)
        case SystemBusy() if not retry_busy:
            return FailureDecision(ChunkState.UNKNOWN)
        case RetryLater():
            return _again(attempts)
        case RateLimited():
            return FailureDecision(ChunkState.QUEUED, again_in_s=_MINUTE_S - int(now_s) % _MINUTE_S)
        case QuotaUsedUp():
            return FailureDecision(ChunkState.QUEUED, CampaignState.PAUSED)
        case RoomNotLive():
            return FailureDecision(ChunkState.QUEUED, CampaignState.WAITING_LIVE)
        case RoomTaken():
            return FailureDecision(ChunkState.REFUSED, CampaignState.FAILED)
        case BadOpenid() if openids > 1:
            return FailureDecision(ChunkState.QUEUED, split=True)
        case BadCall():
            return FailureDecision(ChunkState.REFUSED)
        case _:
            # Surely not sent, and no other chunk will succeed before a human has acted.
            return FailureDecision(ChunkState.QUEUED, CampaignState.PAUSED)


def _again(attempts: int) -> FailureDecision:
    if attempts >= ATTEMPTS_ALLOWED:
        return FailureDecision(ChunkState.QUEUED, CampaignState.PAUSED)
    return FailureDecision(ChunkState.QUEUED, again_in_s=min(2**attempts, _MINUTE_S))
