"""Storing what became of a claimed chunk, whatever happens.

What WeChat said is kept: in the ledger as long as there is time, else in a message that another
invocation stores, else in the log.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState, RefusedCall
from wxlive.domain.outcomes import Outcome
from wxlive.errors import NotReached, StoreBusy, WxliveError
from wxlive.stores.push_queue import OutcomeMessage
from wxlive_push_fanout.dependencies import Dependencies
from wxlive_push_fanout.failure_decision import FailureDecision, decide_after_failure
from wxlive_push_fanout.holds import hold


@dataclass(frozen=True, slots=True)
class Claim:
    """A permit for one call in a slot: its name, when it was made (Unix s), the slot (Unix ms)."""

    claim: str
    claimed_s: float
    slot_ms: int
    day: str


WRITE_S = 6
"""One write to a busy table takes at most so long: ``stores.dynamo.PATIENCE_S`` and a call."""

LAST_RESORT_S = 3
"""Time kept for the message that carries an outcome that could not be stored."""


def store_answer(
    campaign: Campaign, chunk: Chunk, outcome: Outcome, claim: Claim, deps: Dependencies
) -> None:
    """Store the outcome of a call."""
    message = OutcomeMessage(campaign.campaign, chunk.number, claim.claim, outcome)
    _keep(message, lambda: store(message, deps), deps)


def store_failure(
    campaign: Campaign, chunk: Chunk, error: WxliveError, claim: Claim, deps: Dependencies
) -> ChunkState:
    """Store what follows from a failed call: for the chunk, the campaign, the queue.

    Returns:
        The chunk's new state.
    """
    decision = decide_after_failure(
        error,
        openids=chunk.openids,
        attempts=chunk.attempts,
        now_s=deps.now(),
        retry_busy=deps.retry_busy,
    )
    deps.telemetry.problem(
        "push not accepted", error, chunk=chunk.number, decision=decision.chunk.value
    )
    if decision.split and _split(campaign, chunk, error, claim, deps):
        return ChunkState.QUEUED
    if isinstance(error, NotReached):
        undo_claim(campaign, chunk, claim, str(error), deps)
    else:
        outcome = Outcome(
            decision.chunk,
            errcode=error.errcode,
            rid=error.rid,
            reason=str(error),
            may_have_notified=decision.may_have_notified,
            wait_s=decision.again_in_s,
        )
        store_answer(campaign, chunk, outcome, claim, deps)
    _follow(campaign, chunk, decision, error, claim, deps)
    return decision.chunk


def undo_claim(
    campaign: Campaign, chunk: Chunk, claim: Claim, reason: str | None, deps: Dependencies
) -> bool:
    """Queue a chunk again whose call surely did not leave, and refund the call.

    Returns:
        Whether the ledger has it now; if not, a message will bring it there.
    """
    message = OutcomeMessage(
        campaign.campaign,
        chunk.number,
        claim.claim,
        Outcome(ChunkState.QUEUED, reason=reason),
        refund_day=claim.day,
    )
    return _keep(message, lambda: store(message, deps), deps)


def store_later(message: OutcomeMessage, deps: Dependencies) -> None:
    """Store an outcome that its worker could not store; what is queued by it is sent again.

    Raises:
        StoreBusy: the table is busy.
    """
    store(message, deps)
    if message.outcome.to is ChunkState.QUEUED:
        deps.queue.enqueue(message.campaign, message.chunk)


def store(message: OutcomeMessage, deps: Dependencies) -> None:
    """Store an outcome in the ledger; nothing changes if its claim no longer holds.

    Raises:
        StoreBusy: the table is busy.
    """
    if message.refund_day:
        stored = deps.ledger.unclaim(
            message.campaign,
            message.chunk,
            claim=message.claim,
            now_s=deps.now(),
            quota=deps.quota,
            day=message.refund_day,
            reason=message.outcome.reason,
        )
    else:
        stored = deps.ledger.finish(
            message.campaign, message.chunk, message.outcome, claim=message.claim, now_s=deps.now()
        )
    if not stored:
        # The claim was settled otherwise: the log keeps what WeChat said.
        deps.telemetry.logger.warning("outcome came too late", extra=_facts(message))


def _keep(message: OutcomeMessage, write: Callable[[], None], deps: Dependencies) -> bool:
    """Write until it succeeds or the time is up, then leave it to a message, then to the log.

    Returns:
        Whether it was written.

    Raises:
        Exception: neither the table nor the queue took the outcome; it is in the log, and a result
            of WeChat's will prove it.
    """
    while deps.remaining_s() > WRITE_S + LAST_RESORT_S:
        try:
            write()
        except StoreBusy:
            deps.sleep(0.2)
        except Exception:  # waiting does not help, but the outcome must not be lost
            deps.telemetry.logger.exception("outcome not stored yet", extra=_facts(message))
            break
        else:
            return True
    try:
        deps.queue.send(message)
    except Exception:  # once is not enough to give up what WeChat said
        deps.telemetry.logger.exception("outcome not queued yet", extra=_facts(message))
    else:
        return False
    try:
        deps.queue.send(message)
    except Exception:  # whatever failed: the log is the last place to keep it
        deps.telemetry.logger.exception("outcome not stored", extra=_facts(message))
        raise
    return False


def _facts(message: OutcomeMessage) -> dict[str, Any]:
    return {
        "campaign": message.campaign,
        "chunk": message.chunk,
        "message_id": message.outcome.message_id,
        "outcome": asdict(message),
    }


def _split(
    campaign: Campaign, chunk: Chunk, error: WxliveError, claim: Claim, deps: Dependencies
) -> bool:
    """One openid spoils the call: halve until it is alone, so that the others are notified.

    Returns:
        Whether it was cut; if not, the chunk as a whole is queued again.
    """
    refused = RefusedCall(claim.slot_ms, chunk.openids, error.errcode or 0)
    try:
        half = deps.ledger.split(
            campaign.campaign, chunk, claim=claim.claim, now_s=deps.now(), refused=refused
        )
    except StoreBusy:
        return False
    if half is None:
        return False
    deps.telemetry.logger.info("chunk split", extra={"chunk": chunk.number, "half": half})
    deps.queue.enqueue_all(campaign.campaign, [chunk.number, half])
    return True


def _follow(
    campaign: Campaign,
    chunk: Chunk,
    decision: FailureDecision,
    error: WxliveError,
    claim: Claim,
    deps: Dependencies,
) -> None:
    if decision.counts:
        attempts = 0 if decision.hold else chunk.attempts + 1
        deps.ledger.count_attempts(campaign.campaign, chunk.number, attempts)
    if decision.ends:
        deps.campaigns.end(campaign.campaign, CampaignState.FAILED, str(error), deps.now())
    elif decision.hold is not None:
        hold(campaign, decision.hold, str(error), called_s=claim.slot_ms / 1000, deps=deps)
    elif decision.chunk is ChunkState.QUEUED:
        deps.queue.enqueue(campaign.campaign, chunk.number, delay_s=decision.again_in_s)
