"""One chunk: wait for its slot, claim it, call WeChat once, write down what became of it."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from wxlive.campaigns import ABANDONED, HELD, Campaign, CampaignState, Chunk, ChunkState
from wxlive.errors import Conflict, QuotaUsedUp, WxliveError
from wxlive.pace import LATENESS_ALLOWED_MS, TooFar, day_ends_at, day_of
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import PaceStore, QuotaStore
from wxlive.stores.queue import PushQueue
from wxlive.telemetry import Metric, Telemetry
from wxlive.wechat import PUSH_MESSAGE, WechatClient
from wxlive_push_fanout.fate import fate_after

MAX_WAIT_MS = 12_000
"""How long a worker waits for its slot. With the largest sensible concurrency every worker's
slot is nearer; a farther one is left to a later message."""

CLAIM_LEAD_MS = 150
"""How long before its slot a chunk is claimed: the claim is a round trip to DynamoDB, and a
pause until then takes effect."""


class Ending(StrEnum):
    """How a message was dealt with."""

    ACCEPTED = "accepted"
    DRAINED = "drained"
    HANDED_BACK = "handed_back"
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sender works with. ``now`` is Unix seconds, ``interval_ms`` the pace."""

    wechat: WechatClient
    campaigns: CampaignStore
    pace: PaceStore
    quota: QuotaStore
    queue: PushQueue
    telemetry: Telemetry
    interval_ms: int
    retry_busy: bool
    day_offset_hours: int
    now: Callable[[], float]
    sleep: Callable[[float], None]


def send(campaign_id: str, number: int, parts: Parts) -> Ending:
    """Deal with one message of the queue.

    Safe to call any number of times for one chunk, at once or after a crash: the claim is a
    condition on the ledger, and a chunk whose worker died in between becomes unknown.
    """
    campaign = parts.campaigns.get(campaign_id)
    chunk = parts.campaigns.chunk(campaign_id, number)
    if campaign is None or chunk is None:
        return Ending.DRAINED
    if chunk.is_abandoned(parts.now()):
        # Whatever the campaign's state: a hold would hide the chunk's fate for good.
        return _settle_abandoned(campaign, chunk, parts)
    if campaign.state is not CampaignState.SENDING or chunk.state is not ChunkState.QUEUED:
        return Ending.DRAINED
    openids = parts.campaigns.openids(campaign_id, number)
    _warm_up(parts)
    slot = _reserve(parts, lead_ms=CLAIM_LEAD_MS)
    if isinstance(slot, TooFar):
        parts.queue.ring(campaign_id, number, delay_s=-(-slot.wait_ms // 1000))
        return Ending.HANDED_BACK
    return _send_at(slot, campaign, chunk, openids, parts)


def _send_at(
    slot_ms: int, campaign: Campaign, chunk: Chunk, openids: list[str], parts: Parts
) -> Ending:
    _sleep_until(slot_ms - CLAIM_LEAD_MS, parts)
    claim = uuid.uuid4().hex
    now_s = parts.now()
    quota = parts.quota.taking(day_of(now_s, parts.day_offset_hours), now_s)
    try:
        parts.campaigns.claim(campaign.campaign, chunk, claim=claim, now_s=now_s, quota=quota)
    except Conflict:
        return _not_claimed(campaign, chunk, parts)
    slot = _meet(slot_ms, parts)
    if isinstance(slot, TooFar):
        parts.campaigns.finish(campaign.campaign, chunk.number, ChunkState.QUEUED, claim=claim)
        parts.queue.ring(campaign.campaign, chunk.number, delay_s=-(-slot.wait_ms // 1000))
        return Ending.HANDED_BACK
    try:
        message_id = parts.wechat.push(campaign.room_id, openids)
    except WxliveError as error:
        return _not_sent(campaign, chunk, error, claim=claim, parts=parts)
    parts.campaigns.finish(
        campaign.campaign, chunk.number, ChunkState.ACCEPTED, claim=claim, message_id=message_id
    )
    parts.telemetry.count(Metric.CHUNK_ACCEPTED)
    parts.telemetry.count(Metric.OPENIDS_ACCEPTED, len(openids))
    return Ending.ACCEPTED


def _warm_up(parts: Parts) -> None:
    """Open the connection and fetch the token before a slot is taken, by a useful question.

    What goes wrong here the call itself will meet again, with a claim to count it.
    """
    if not parts.wechat.is_cold:
        return
    with suppress(WxliveError):
        quota = parts.wechat.quota(PUSH_MESSAGE)
        now_s = parts.now()
        parts.quota.seed(day_of(now_s, parts.day_offset_hours), quota.used, now_s)


def _reserve(parts: Parts, lead_ms: int = 0) -> int | TooFar:
    """Reserve the next free slot that leaves ``lead_ms`` before it."""
    try:
        slot = parts.pace.reserve(
            now_ms=round(parts.now() * 1000) + lead_ms,
            interval_ms=parts.interval_ms,
            max_wait_ms=MAX_WAIT_MS - lead_ms,
        )
    except Conflict:  # overtaken every time: as good as a slot too far away
        return TooFar(wait_ms=parts.interval_ms)
    return TooFar(slot.wait_ms + lead_ms) if isinstance(slot, TooFar) else slot.at_ms


def _meet(slot_ms: int | TooFar, parts: Parts) -> int | TooFar:
    """Wait for the slot; one that was missed is given up for a new one."""
    while not isinstance(slot_ms, TooFar):
        _sleep_until(slot_ms, parts)
        if parts.now() * 1000 - slot_ms <= LATENESS_ALLOWED_MS:
            break
        slot_ms = _reserve(parts)
    return slot_ms


def _sleep_until(moment_ms: int, parts: Parts) -> None:
    delay_s = moment_ms / 1000 - parts.now()
    if delay_s > 0:
        parts.sleep(delay_s)


def _settle_abandoned(campaign: Campaign, chunk: Chunk, parts: Parts) -> Ending:
    """Nothing to send. A claim whose worker is gone is written down as unknown."""
    parts.campaigns.finish(
        campaign.campaign,
        chunk.number,
        ChunkState.UNKNOWN,
        claim=chunk.claim,
        reason=ABANDONED,
    )
    parts.telemetry.count(Metric.CHUNK_UNKNOWN)
    return Ending.UNKNOWN


def _not_claimed(campaign: Campaign, chunk: Chunk, parts: Parts) -> Ending:
    """The transaction failed: held or ended meanwhile, claimed by another, quota, or a race."""
    now = parts.campaigns.get(campaign.campaign)
    row = parts.campaigns.chunk(campaign.campaign, chunk.number)
    if now is None or now.state is not CampaignState.SENDING:
        return Ending.DRAINED
    if row is None or row.state is not ChunkState.QUEUED:
        return Ending.DRAINED
    if not parts.quota.left(day_of(parts.now(), parts.day_offset_hours)):
        error = QuotaUsedUp("Today's push calls are used up; it goes on when WeChat's day turns")
        _hold(campaign, CampaignState.PAUSED, error, parts)
        return Ending.NOT_SENT
    parts.queue.ring(campaign.campaign, chunk.number, delay_s=1)
    return Ending.HANDED_BACK


def _not_sent(
    campaign: Campaign, chunk: Chunk, error: WxliveError, *, claim: str, parts: Parts
) -> Ending:
    """Write the chunk's fate, then the campaign's, then have it sent again where that is due."""
    fate = fate_after(
        error,
        openids=chunk.openids,
        attempts=chunk.attempts + 1,
        now_s=parts.now(),
        retry_busy=parts.retry_busy,
    )
    if fate.split:
        return _split(campaign, chunk, error, claim=claim, parts=parts)
    parts.campaigns.finish(
        campaign.campaign,
        chunk.number,
        fate.chunk,
        claim=claim,
        errcode=error.errcode,
        rid=error.rid,
        reason=str(error),
    )
    parts.telemetry.problem("push not accepted", error, chunk=chunk.number, fate=fate.chunk.value)
    if fate.campaign is not None:
        _hold(campaign, fate.campaign, error, parts)
    elif fate.chunk is ChunkState.QUEUED:
        parts.queue.ring(campaign.campaign, chunk.number, delay_s=fate.again_in_s)
    return _ending(fate.chunk, parts)


def _split(
    campaign: Campaign, chunk: Chunk, error: WxliveError, *, claim: str, parts: Parts
) -> Ending:
    """One openid spoils the call: halve until it stands alone, so that the others are told."""
    half = parts.campaigns.split(campaign.campaign, chunk, claim=claim, now_s=parts.now())
    parts.telemetry.problem("chunk split", error, chunk=chunk.number, half=half)
    for number in (chunk.number, half):
        parts.queue.ring(campaign.campaign, number)
    return Ending.NOT_SENT


def _hold(campaign: Campaign, to: CampaignState, error: WxliveError, parts: Parts) -> None:
    """Hold or end the campaign; a used-up quota says itself when to go on."""
    now_s = parts.now()
    day_turns = day_ends_at(now_s, parts.day_offset_hours)
    moved = parts.campaigns.move(
        campaign.campaign,
        to,
        out_of=[CampaignState.SENDING],
        reason=str(error),
        held_since=int(now_s),
        resume_at=day_turns if isinstance(error, QuotaUsedUp) else 0,
    )
    if moved:
        parts.telemetry.count(Metric.CAMPAIGN_HELD if to in HELD else Metric.CAMPAIGN_FAILED)


def _ending(state: ChunkState, parts: Parts) -> Ending:
    match state:
        case ChunkState.UNKNOWN:
            parts.telemetry.count(Metric.CHUNK_UNKNOWN)
            return Ending.UNKNOWN
        case ChunkState.REFUSED:
            parts.telemetry.count(Metric.CHUNK_REFUSED)
            return Ending.REFUSED
        case _:
            return Ending.NOT_SENT
