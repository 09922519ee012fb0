"""One chunk: get ready, wait for its slot, claim it, call WeChat once, store the outcome.

Whatever may fail without WeChat (the token, the connection, the table) comes before the claim, and
nothing comes between the claim and the call. So a claim whose call did not leave is rare, and it is
undone.
"""

import math
from dataclasses import replace
from enum import StrEnum

from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import (
    ABANDONED,
    CALL_DELAY_S,
    CALL_LIMIT_S,
    MAX_OPENIDS_PER_CALL,
    Chunk,
    ChunkState,
)
from wxlive.domain.outcomes import Outcome
from wxlive.domain.pace import LATENESS_ALLOWED_MS, TooFar
from wxlive.errors import Conflict, NotReached, StoreBusy, WxliveError
from wxlive.telemetry import Metric
from wxlive.wechat.apis import Api
from wxlive_push_fanout.brake import brake
from wxlive_push_fanout.dependencies import Dependencies
from wxlive_push_fanout.failure_decision import decide_without_call
from wxlive_push_fanout.holds import explain_refused_claim, hold
from wxlive_push_fanout.outcomes import (
    LAST_RESORT_S,
    WRITE_S,
    Claim,
    store_answer,
    store_failure,
    undo_claim,
)

MAX_WAIT_MS = 12_000
"""How long a worker waits for its slot. With the largest sensible concurrency every worker's
slot is nearer; a farther one is left to a later message."""

CLAIM_LEAD_MS = 150
"""How long before its slot a chunk is claimed: the claim is a round trip to DynamoDB, and a
pause until then takes effect."""

STORING_S = WRITE_S + LAST_RESORT_S + 1
"""Time kept for storing the outcome after the longest call."""

_DAY_S = 86_400


class SendResult(StrEnum):
    """How a message was processed."""

    ACCEPTED = "accepted"
    DRAINED = "drained"
    HANDED_BACK = "handed_back"
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


def send(campaign_id: str, number: int, deps: Dependencies) -> SendResult:
    """Process one message of the queue that names a chunk.

    Safe to call any number of times for one chunk, at once or after a crash: the claim is a
    condition on the ledger, and a chunk whose worker died in between becomes unknown.
    """
    campaign = deps.campaigns.get(campaign_id)
    chunk = deps.ledger.chunk(campaign_id, number)
    if campaign is None or chunk is None:
        return SendResult.DRAINED
    if chunk.is_abandoned(deps.now()):
        # Whatever the campaign's state: a hold must not hide the chunk's outcome.
        return settle_abandoned(campaign, chunk, deps)
    if campaign.state is not CampaignState.SENDING or chunk.state is not ChunkState.QUEUED:
        return SendResult.DRAINED
    if (wait_s := math.ceil(chunk.waits_until - deps.now())) > 0:
        return _hand_back(campaign, chunk, wait_s, deps)
    return _send_queued(campaign, chunk, deps)


def _send_queued(campaign: Campaign, chunk: Chunk, deps: Dependencies) -> SendResult:
    if chunk.openids > min(deps.rate, MAX_OPENIDS_PER_CALL):
        return _cut(campaign, chunk, deps)
    openids = deps.ledger.openids(campaign.campaign, chunk.number)
    if openids is None:
        return _refuse_expired(campaign, chunk, deps)
    # Cut between the two reads: whoever cut it has enqueued both halves.
    return (
        _send(campaign, chunk, openids, deps)
        if len(openids) == chunk.openids
        else (SendResult.DRAINED)
    )


def _cut(campaign: Campaign, chunk: Chunk, deps: Dependencies) -> SendResult:
    """Cut a chunk that no call may hold: the limits were lowered after it was planned."""
    half = deps.ledger.split(campaign.campaign, chunk, claim="", now_s=deps.now())
    if half is not None:
        deps.queue.enqueue_all(campaign.campaign, [chunk.number, half])
    return SendResult.NOT_SENT


def _refuse_expired(campaign: Campaign, chunk: Chunk, deps: Dependencies) -> SendResult:
    deps.ledger.refuse(campaign.campaign, chunk, reason="Its openids have expired")
    return SendResult.REFUSED


def _send(campaign: Campaign, chunk: Chunk, openids: list[str], deps: Dependencies) -> SendResult:
    if brake(campaign, deps):
        return SendResult.NOT_SENT
    try:
        get_ready(deps)
    except WxliveError as error:
        return _not_called(campaign, chunk, error, deps)
    return _send_in_slot(campaign, chunk, openids, deps)


def settle_abandoned(campaign: Campaign, chunk: Chunk, deps: Dependencies) -> SendResult:
    """Settle a claim whose worker is gone as unknown: its call may have left."""
    deps.ledger.abandon(campaign.campaign, chunk, reason=ABANDONED)
    return SendResult.UNKNOWN


def get_ready(deps: Dependencies) -> None:
    """Get a token and a connection before a slot is reserved, by a useful call.

    Raises:
        WxliveError: WeChat can't be called now.
    """
    if deps.wechat.is_ready(MAX_WAIT_MS / 1000 + CALL_DELAY_S):
        return
    asked_s = deps.now()
    try:
        quota = deps.wechat.quota(Api.PUSH_MESSAGE)
    except WxliveError:
        if deps.wechat.is_ready(MAX_WAIT_MS / 1000 + CALL_DELAY_S):
            return  # only the quota can't be had
        raise
    deps.quota.learn(
        quota, asked_s=asked_s, answered_s=deps.now(), offset_hours=deps.day_offset_hours
    )


def _send_in_slot(
    campaign: Campaign, chunk: Chunk, openids: list[str], deps: Dependencies
) -> SendResult:
    """Call in the next slot; a slot that is missed is given up for another."""
    while True:
        slot_ms = _reserve(campaign, chunk.openids, deps)
        if isinstance(slot_ms, TooFar):
            return _hand_back(campaign, chunk, -(-slot_ms.wait_ms // 1000), deps)
        if not (_has_time(slot_ms, deps) and _waits_ready(slot_ms, deps)):
            return _hand_back(campaign, chunk, 0, deps)
        if deps.now() * 1000 > slot_ms:  # it took long to connect again
            continue
        claim = _claim(campaign, chunk, slot_ms, deps)
        if isinstance(claim, SendResult):
            return claim
        _sleep_until(slot_ms, deps)
        if _is_punctual(claim, deps):
            return _call(campaign, chunk, openids, claim, deps)
        if not undo_claim(campaign, chunk, claim, None, deps):
            return SendResult.NOT_SENT
        chunk = replace(chunk, claim=claim.claim)  # as it stands now


def _waits_ready(slot_ms: int, deps: Dependencies) -> bool:
    """Wait for the time of the claim; returns whether a call needs nothing else first."""
    _sleep_until(slot_ms - CLAIM_LEAD_MS, deps)
    if not deps.wechat.is_ready(CALL_DELAY_S):
        return False
    try:
        deps.wechat.reconnect()
    except NotReached:  # whoever gets the chunk next finds out whether that lasts
        return False
    return True


def _claim(
    campaign: Campaign, chunk: Chunk, slot_ms: int, deps: Dependencies
) -> Claim | SendResult:
    day = day_of(slot_ms / 1000, deps.day_offset_hours)
    claim = Claim(deps.new_id(), deps.now(), slot_ms, day)
    try:
        deps.ledger.claim(
            campaign,
            chunk,
            claim=claim.claim,
            now_s=claim.claimed_s,
            slot_ms=slot_ms,
            quota=deps.quota,
            day=day,
        )
    except Conflict:
        return _not_claimed(campaign, chunk, claim, deps)
    except StoreBusy as error:
        # The claim may stand although its answer was lost.
        undo_claim(campaign, chunk, claim, str(error), deps)
        return _hand_back(campaign, chunk, 1, deps)
    return claim


def _call(
    campaign: Campaign, chunk: Chunk, openids: list[str], claim: Claim, deps: Dependencies
) -> SendResult:
    try:
        message_id = deps.wechat.push(campaign.room_id, openids)
    except WxliveError as error:
        state = store_failure(campaign, chunk, error, claim, deps)
        return _RESULTS.get(state, SendResult.NOT_SENT)
    outcome = Outcome(ChunkState.ACCEPTED, message_id=message_id)
    store_answer(campaign, chunk, outcome, claim, deps)
    deps.telemetry.count(Metric.CHUNK_ACCEPTED)
    deps.telemetry.count(Metric.OPENIDS_ACCEPTED, len(openids))
    if campaign.not_live_since:
        deps.campaigns.note_live(campaign.campaign)
    return SendResult.ACCEPTED


_RESULTS = {ChunkState.UNKNOWN: SendResult.UNKNOWN, ChunkState.REFUSED: SendResult.REFUSED}


def _reserve(campaign: Campaign, openids: int, deps: Dependencies) -> int | TooFar:
    """Reserve the next free slot that leaves time for the claim before it."""
    now_s = deps.now()
    midnight_ms = day_ends_at(now_s, deps.day_offset_hours) * 1000
    try:
        slot = deps.pace.reserve(
            openids=openids,
            rate=campaign.rate(deps.rate),
            now_ms=round(now_s * 1000) + CLAIM_LEAD_MS,
            max_wait_ms=MAX_WAIT_MS - CLAIM_LEAD_MS,
            midnights_ms=(midnight_ms - _DAY_S * 1000, midnight_ms),
        )
    except Conflict:  # others were faster every time: the same as a slot too far away
        return TooFar(wait_ms=1000)
    return TooFar(slot.wait_ms + CLAIM_LEAD_MS) if isinstance(slot, TooFar) else slot.at_ms


def _has_time(slot_ms: int, deps: Dependencies) -> bool:
    """Whether waiting, the longest call and storing its outcome fit into this invocation."""
    needed_s = slot_ms / 1000 - deps.now() + CALL_LIMIT_S + STORING_S
    return needed_s <= deps.remaining_s()


def _is_punctual(claim: Claim, deps: Dependencies) -> bool:
    """Whether the call may still leave: in its slot, and soon after its claim."""
    now_s = deps.now()
    in_slot = now_s * 1000 - claim.slot_ms <= LATENESS_ALLOWED_MS
    return in_slot and now_s - claim.claimed_s <= CALL_DELAY_S


def _sleep_until(time_ms: int, deps: Dependencies) -> None:
    delay_s = time_ms / 1000 - deps.now()
    if delay_s > 0:
        deps.sleep(delay_s)


def _hand_back(campaign: Campaign, chunk: Chunk, delay_s: int, deps: Dependencies) -> SendResult:
    deps.queue.enqueue(campaign.campaign, chunk.number, delay_s=delay_s)
    return SendResult.HANDED_BACK


def _not_called(
    campaign: Campaign, chunk: Chunk, error: WxliveError, deps: Dependencies
) -> SendResult:
    """WeChat could not be called, so nothing was claimed: try again later, or hold."""
    decision = decide_without_call(error, attempts=chunk.attempts, now_s=deps.now())
    deps.telemetry.problem("push not possible", error, chunk=chunk.number)
    if decision.counts:
        attempts = 0 if decision.hold else chunk.attempts + 1
        deps.ledger.count_attempts(campaign.campaign, chunk.number, attempts)
    if decision.hold is not None:
        hold(campaign, decision.hold, str(error), called_s=deps.now(), deps=deps)
    else:
        deps.queue.enqueue(campaign.campaign, chunk.number, delay_s=decision.again_in_s)
    return SendResult.NOT_SENT


def _not_claimed(campaign: Campaign, chunk: Chunk, claim: Claim, deps: Dependencies) -> SendResult:
    """A condition of the claim failed: find out which, and do what follows from it."""
    row = deps.ledger.chunk(campaign.campaign, chunk.number)
    as_read = row is not None and row.is_queued_as(chunk)
    current = deps.campaigns.get(campaign.campaign)
    lives = not deps.living.is_replaced(campaign.campaign)
    if not (as_read and lives) or current is None or current.state is not CampaignState.SENDING:
        return SendResult.DRAINED
    refused = explain_refused_claim(campaign, claim.day, deps)
    if refused is not None:
        kind, reason = refused
        hold(campaign, kind, reason, called_s=claim.slot_ms / 1000, deps=deps)
        return SendResult.NOT_SENT
    return _hand_back(campaign, chunk, 1, deps)
