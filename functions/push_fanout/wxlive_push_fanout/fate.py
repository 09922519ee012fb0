"""What a refusal by WeChat means for the chunk, and for the campaign. Pure decisions.

The reactions are those of the protocol reference, section 6. What surely did not reach WeChat
is sent again; what may have is never sent again by itself.
"""

from dataclasses import dataclass

from wxlive.campaigns import CampaignState, ChunkState
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
"""Claims of one chunk that ended without reaching WeChat before a human is called."""

_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens next.

    ``chunk`` is the ledger's new state; QUEUED means it will be sent again, after ``again_in_s``
    seconds unless ``campaign`` holds or ends everything. ``split`` means in two halves, because
    one openid spoils the call.
    """

    chunk: ChunkState
    campaign: CampaignState | None = None
    again_in_s: int = 0
    split: bool = False


def fate_after(  # noqa: PLR0911 - one return for each row of the reference's table
    error: WxliveError, *, openids: int, attempts: int, now_s: float, retry_busy: bool
) -> Fate:
    """Decide after a call with ``openids`` failed. ``attempts`` counts this one."""
    match error:
        case OutcomeUnknown():
            return Fate(ChunkState.UNKNOWN)
        case SystemBusy() if not retry_busy:
            return Fate(ChunkState.UNKNOWN)
        case RetryLater():
            return _again(attempts)
        case RateLimited():
            return Fate(ChunkState.QUEUED, again_in_s=_MINUTE_S - int(now_s) % _MINUTE_S)
        case QuotaUsedUp():
            return Fate(ChunkState.QUEUED, CampaignState.PAUSED)
        case RoomNotLive():
            return Fate(ChunkState.QUEUED, CampaignState.WAITING_LIVE)
        case RoomTaken():
            return Fate(ChunkState.REFUSED, CampaignState.FAILED)
        case BadOpenid() if openids > 1:
            return Fate(ChunkState.QUEUED, split=True)
        case BadCall():
            return Fate(ChunkState.REFUSED)
        case _:
            # Surely not sent, and no other chunk will fare better before a human has acted.
            return Fate(ChunkState.QUEUED, CampaignState.PAUSED)


def _again(attempts: int) -> Fate:
    if attempts >= ATTEMPTS_ALLOWED:
        return Fate(ChunkState.QUEUED, CampaignState.PAUSED)
    return Fate(ChunkState.QUEUED, again_in_s=min(2**attempts, _MINUTE_S))
