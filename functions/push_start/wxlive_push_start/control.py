"""The operator's control of a campaign: pause, resume, cancel, and decide about the unknown."""

from wxlive.domain.campaigns import ENDED, HELD, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.reports import Report
from wxlive.errors import InvalidCommand
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.reporting import read_report

_UNENDED = frozenset({CampaignState.PLANNED, CampaignState.SENDING}) | HELD


def pause(campaign_id: str, deps: Dependencies) -> Report:
    """Send nothing more until ``resume``. A call in progress is finished.

    Raises:
        InvalidCommand: no such campaign, or it has nothing left to send.
    """
    _unfinished(campaign_id, "paused", deps)
    deps.campaigns.move(
        campaign_id,
        CampaignState.PAUSED,
        out_of=_UNENDED,
        reason="Paused by the operator",
        held_since=int(deps.now()),
    )
    return _report(campaign_id, deps)


def resume(campaign_id: str, deps: Dependencies) -> Report:
    """Resume: enqueue every chunk that waits, and continue planning where it stopped.

    Harmless on a campaign that is sending. A chunk in progress is enqueued too: a valid claim is
    kept, and one whose worker died without a message left becomes unknown.

    Raises:
        InvalidCommand: no such campaign, or it has nothing left to send.
    """
    standing = _unfinished(campaign_id, "resumed", deps)
    deps.campaigns.move(campaign_id, CampaignState.SENDING, out_of=_UNENDED)
    for chunk in deps.ledger.chunks(campaign_id):
        if chunk.state in {ChunkState.QUEUED, ChunkState.SENDING}:
            deps.queue.enqueue(campaign_id, chunk.number)
    if not standing.campaign.fully_planned:
        deps.plan_later(campaign_id)
    return _report(campaign_id, deps)


def cancel(campaign_id: str, deps: Dependencies) -> Report:
    """Send nothing more. What WeChat has accepted cannot be undone.

    Raises:
        InvalidCommand: no such campaign, or it has nothing left to send.
    """
    _unfinished(campaign_id, "cancelled", deps)
    deps.campaigns.move(
        campaign_id,
        CampaignState.CANCELLED,
        out_of=_UNENDED,
        reason="Cancelled by the operator",
    )
    return _report(campaign_id, deps)


def resend_unknown(campaign_id: str, deps: Dependencies) -> Report:
    """Send the unknown chunks again. Followers whom the first call reached are notified twice.

    Raises:
        InvalidCommand: no such campaign, nothing is unknown, or the campaign has ended.
    """
    standing = _with_unknown(campaign_id, deps)
    if standing.campaign.state in ENDED:
        raise InvalidCommand(
            f"Campaign {campaign_id} is {standing.state.value}; nothing more is sent of it"
        )
    for chunk in standing.unknown:
        again = deps.ledger.decide(
            campaign_id, chunk, ChunkState.QUEUED, reason="Sent again by the operator"
        )
        if again:
            deps.queue.enqueue(campaign_id, chunk.number)
    return _report(campaign_id, deps)


def accept_unknown(campaign_id: str, deps: Dependencies) -> Report:
    """Treat the unknown chunks as sent. Followers whom the call did not reach are not notified.

    Raises:
        InvalidCommand: no such campaign, or nothing is unknown.
    """
    for chunk in _with_unknown(campaign_id, deps).unknown:
        deps.ledger.decide(
            campaign_id, chunk, ChunkState.ACCEPTED, reason="Accepted by the operator"
        )
    return _report(campaign_id, deps)


def _with_unknown(campaign_id: str, deps: Dependencies) -> Report:
    standing = _report(campaign_id, deps)
    if not standing.unknown:
        raise InvalidCommand(
            f"Campaign {campaign_id} has no unknown chunk; there is nothing to resolve"
        )
    return standing


def _unfinished(campaign_id: str, payload: str, deps: Dependencies) -> Report:
    standing = _report(campaign_id, deps)
    if standing.nothing_left_to_send:
        raise InvalidCommand(
            f"Campaign {campaign_id} is {standing.state.value} and has nothing left to send; "
            f"it can't be {payload}"
        )
    return standing


def _report(campaign_id: str, deps: Dependencies) -> Report:
    campaign = deps.campaigns.get(campaign_id)
    if campaign is None:
        raise InvalidCommand(
            f"There is no campaign {campaign_id}; `wxlive status` shows the newest"
        )
    return read_report(campaign, deps)
