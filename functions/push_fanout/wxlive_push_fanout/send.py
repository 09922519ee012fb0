"""One chunk: wait for its slot, claim it, call WeChat once, store the outcome."""

import uuid
from contextlib import suppress
from enum import StrEnum

from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.campaigns import HELD, Campaign, CampaignState
from wxlive.domain.chunks import ABANDONED, Chunk, ChunkState
from wxlive.domain.pace import LATENESS_ALLOWED_MS, TooFar
from wxlive.errors import Conflict, QuotaUsedUp, WxliveError
from wxlive.telemetry import Metric
from wxlive.wechat.apis import Api
from wxlive_push_fanout.dependencies import Dependencies
from wxlive_push_fanout.failure_decision import decide_after_failure

MAX_WAIT_MS = 12_000
"""How long a worker waits for its slot. With the largest sensible concurrency every worker's
slot is nearer; a farther one is left to a later message."""

CLAIM_LEAD_MS = 150
"""How long before its slot a chunk is claimed: the claim is a round trip to DynamoDB, and a
pause until then takes effect."""


class SendResult(StrEnum):
    """How a message was processed."""

    ACCEPTED = "accepted"
    DRAINED = "drained"
    HANDED_BACK = "handed_back"
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


def send(campaign_id: str, number: int, deps: Dependencies) -> SendResult:
    """Process one message of the queue.

    Safe to call any number of times for one chunk, at once or after a crash: the claim is a
    condition on the ledger, and a chunk whose worker died in between becomes unknown.
    """
    campaign = deps.campaigns.get(campaign_id)
    chunk = deps.ledger.chunk(campaign_id, number)
    if campaign is None or chunk is None:
        return SendResult.DRAINED
    if chunk.is_abandoned(deps.now()):
        # Whatever the campaign's state: a hold must not hide the chunk's outcome.
        return _settle_abandoned(campaign, chunk, deps)
    if campaign.state is not CampaignState.SENDING or chunk.state is not ChunkState.QUEUED:
        return SendResult.DRAINED
    openids = deps.ledger.openids(campaign_id, number)
    _warm_up(deps)
    slot = _reserve(deps, lead_ms=CLAIM_LEAD_MS)
    if isinstance(slot, TooFar):
        deps.queue.enqueue(campaign_id, number, delay_s=-(-slot.wait_ms // 1000))
        return SendResult.HANDED_BACK
    return _send_at(slot, campaign, chunk, openids, deps)


def _send_at(
    slot_ms: int, campaign: Campaign, chunk: Chunk, openids: list[str], deps: Dependencies
) -> SendResult:
    _sleep_until(slot_ms - CLAIM_LEAD_MS, deps)
    claim = uuid.uuid4().hex
    now_s = deps.now()
    day = day_of(now_s, deps.day_offset_hours)
    try:
        deps.ledger.claim(
            campaign.campaign, chunk, claim=claim, now_s=now_s, quota=deps.quota, day=day
        )
    except Conflict:
        return _not_claimed(campaign, chunk, deps)
    slot = _await_slot(slot_ms, deps)
    if isinstance(slot, TooFar):
        deps.ledger.finish(campaign.campaign, chunk.number, ChunkState.QUEUED, claim=claim)
        deps.queue.enqueue(campaign.campaign, chunk.number, delay_s=-(-slot.wait_ms // 1000))
        return SendResult.HANDED_BACK
    try:
        message_id = deps.wechat.push(campaign.room_id, openids)
    except WxliveError as error:
        return _not_sent(campaign, chunk, error, claim=claim, deps=deps)
    deps.ledger.finish(
        campaign.campaign, chunk.number, ChunkState.ACCEPTED, claim=claim, message_id=message_id
    )
    deps.telemetry.count(Metric.CHUNK_ACCEPTED)
    deps.telemetry.count(Metric.OPENIDS_ACCEPTED, len(openids))
    return SendResult.ACCEPTED


def _warm_up(deps: Dependencies) -> None:
    """Open the connection and fetch the token before a slot is reserved, by a useful call.

    A failure here will recur in the call itself, where a claim counts it.
    """
    if not deps.wechat.is_cold:
        return
    with suppress(WxliveError):
        quota = deps.wechat.quota(Api.PUSH_MESSAGE)
        now_s = deps.now()
        deps.quota.seed(day_of(now_s, deps.day_offset_hours), quota.used, now_s)


def _reserve(deps: Dependencies, lead_ms: int = 0) -> int | TooFar:
    """Reserve the next free slot that leaves ``lead_ms`` before it."""
    try:
        slot = deps.pace.reserve(
            now_ms=round(deps.now() * 1000) + lead_ms,
            interval_ms=deps.interval_ms,
            max_wait_ms=MAX_WAIT_MS - lead_ms,
        )
    except Conflict:  # others were faster every time: the same as a slot too far away
        return TooFar(wait_ms=deps.interval_ms)
    return TooFar(slot.wait_ms + lead_ms) if isinstance(slot, TooFar) else slot.at_ms


def _await_slot(slot_ms: int | TooFar, deps: Dependencies) -> int | TooFar:
    """Wait for the slot; a missed slot is replaced by a new one."""
    while not isinstance(slot_ms, TooFar):
        _sleep_until(slot_ms, deps)
        if deps.now() * 1000 - slot_ms <= LATENESS_ALLOWED_MS:
            break
        slot_ms = _reserve(deps)
    return slot_ms


def _sleep_until(moment_ms: int, deps: Dependencies) -> None:
    delay_s = moment_ms / 1000 - deps.now()
    if delay_s > 0:
        deps.sleep(delay_s)


def _settle_abandoned(campaign: Campaign, chunk: Chunk, deps: Dependencies) -> SendResult:
    """Nothing to send. A claim whose worker is gone is written down as unknown."""
    deps.ledger.finish(
        campaign.campaign,
        chunk.number,
        ChunkState.UNKNOWN,
        claim=chunk.claim,
        reason=ABANDONED,
    )
    deps.telemetry.count(Metric.CHUNK_UNKNOWN)
    return SendResult.UNKNOWN


def _not_claimed(campaign: Campaign, chunk: Chunk, deps: Dependencies) -> SendResult:
    """The transaction failed: held or ended meanwhile, claimed by another, quota, or a race."""
    now = deps.campaigns.get(campaign.campaign)
    row = deps.ledger.chunk(campaign.campaign, chunk.number)
    if now is None or now.state is not CampaignState.SENDING:
        return SendResult.DRAINED
    if row is None or row.state is not ChunkState.QUEUED:
        return SendResult.DRAINED
    if not deps.quota.left(day_of(deps.now(), deps.day_offset_hours)):
        error = QuotaUsedUp("Today's push calls are used up; calls resume on WeChat's next day")
        _hold(campaign, CampaignState.PAUSED, error, deps)
        return SendResult.NOT_SENT
    deps.queue.enqueue(campaign.campaign, chunk.number, delay_s=1)
    return SendResult.HANDED_BACK


def _not_sent(
    campaign: Campaign, chunk: Chunk, error: WxliveError, *, claim: str, deps: Dependencies
) -> SendResult:
    """Store the chunk's outcome, then the campaign's; enqueue the chunk again where that is due."""
    decision = decide_after_failure(
        error,
        openids=chunk.openids,
        attempts=chunk.attempts + 1,
        now_s=deps.now(),
        retry_busy=deps.retry_busy,
    )
    if decision.split:
        return _split(campaign, chunk, error, claim=claim, deps=deps)
    deps.ledger.finish(
        campaign.campaign,
        chunk.number,
        decision.chunk,
        claim=claim,
        errcode=error.errcode,
        rid=error.rid,
        reason=str(error),
    )
    deps.telemetry.problem(
        "push not accepted", error, chunk=chunk.number, decision=decision.chunk.value
    )
    if decision.campaign is not None:
        _hold(campaign, decision.campaign, error, deps)
    elif decision.chunk is ChunkState.QUEUED:
        deps.queue.enqueue(campaign.campaign, chunk.number, delay_s=decision.again_in_s)
    return _result(decision.chunk, deps)


def _split(
    campaign: Campaign, chunk: Chunk, error: WxliveError, *, claim: str, deps: Dependencies
) -> SendResult:
    """One openid spoils the call: halve until it is alone, so that the others are notified."""
    half = deps.ledger.split(campaign.campaign, chunk, claim=claim, now_s=deps.now())
    deps.telemetry.problem("chunk split", error, chunk=chunk.number, half=half)
    for number in (chunk.number, half):
        deps.queue.enqueue(campaign.campaign, number)
    return SendResult.NOT_SENT


def _hold(campaign: Campaign, to: CampaignState, error: WxliveError, deps: Dependencies) -> None:
    """Hold or end the campaign; for a used-up quota, until the next day."""
    now_s = deps.now()
    day_turns = day_ends_at(now_s, deps.day_offset_hours)
    moved = deps.campaigns.move(
        campaign.campaign,
        to,
        out_of=[CampaignState.SENDING],
        reason=str(error),
        held_since=int(now_s),
        resume_at=day_turns if isinstance(error, QuotaUsedUp) else 0,
    )
    if moved:
        deps.telemetry.count(Metric.CAMPAIGN_HELD if to in HELD else Metric.CAMPAIGN_FAILED)


def _result(state: ChunkState, deps: Dependencies) -> SendResult:
    match state:
        case ChunkState.UNKNOWN:
            deps.telemetry.count(Metric.CHUNK_UNKNOWN)
            return SendResult.UNKNOWN
        case ChunkState.REFUSED:
            deps.telemetry.count(Metric.CHUNK_REFUSED)
            return SendResult.REFUSED
        case _:
            return SendResult.NOT_SENT
