"""Chunks that wait to be sent again: whoever was notified after all is not notified twice."""

from wxlive.domain.chunks import ChunkState
from wxlive.domain.outcomes import Outcome
from wxlive.domain.reports import Report
from wxlive_push_start.dependencies import Dependencies


def call_off(report: Report, deps: Dependencies) -> bool:
    """Accept the queued chunks of a campaign whose earlier call a result has proven meanwhile.

    Returns:
        Whether there are any.
    """
    for chunk, call in report.called_off:
        accepted = Outcome(ChunkState.ACCEPTED, message_id=call.message_id)
        deps.ledger.finish(
            report.campaign.campaign, chunk.number, accepted, claim=call.claim, now_s=deps.now()
        )
    return bool(report.called_off)
