"""The operator's hand on a campaign: pause, resume, cancel, and what to do about the unknown."""

from wxlive.campaigns import ENDED, HELD, CampaignState, ChunkState
from wxlive.errors import Refused
from wxlive.reports import Report
from wxlive_push_start.start import Parts

_ALIVE = frozenset({CampaignState.PLANNED, CampaignState.SENDING}) | HELD


def pause(campaign_id: str, parts: Parts) -> Report:
    """Send nothing more until ``resume``. A call under way is finished.

    Raises:
        Refused: no such campaign, or it has nothing left to send.
    """
    _alive(campaign_id, "paused", parts)
    parts.campaigns.move(
        campaign_id,
        CampaignState.PAUSED,
        out_of=_ALIVE,
        reason="Paused by the operator",
        held_since=int(parts.now()),
    )
    return _report(campaign_id, parts)


def resume(campaign_id: str, parts: Parts) -> Report:
    """Go on: ring for every chunk that waits, and plan on where planning stopped.

    Harmless on a campaign that is sending. A chunk under way is rung for too: a living claim
    stands, and one whose worker died without a message left becomes unknown.

    Raises:
        Refused: no such campaign, or it has nothing left to send.
    """
    standing = _alive(campaign_id, "resumed", parts)
    parts.campaigns.move(campaign_id, CampaignState.SENDING, out_of=_ALIVE)
    for chunk in parts.campaigns.chunks(campaign_id):
        if chunk.state in {ChunkState.QUEUED, ChunkState.SENDING}:
            parts.queue.ring(campaign_id, chunk.number)
    if not standing.campaign.fully_planned:
        parts.plan_later(campaign_id)
    return _report(campaign_id, parts)


def cancel(campaign_id: str, parts: Parts) -> Report:
    """Send nothing more, for good. What WeChat has accepted cannot be called back.

    Raises:
        Refused: no such campaign, or it has nothing left to send.
    """
    _alive(campaign_id, "cancelled", parts)
    parts.campaigns.move(
        campaign_id,
        CampaignState.CANCELLED,
        out_of=_ALIVE,
        reason="Cancelled by the operator",
    )
    return _report(campaign_id, parts)


def resend_unknown(campaign_id: str, parts: Parts) -> Report:
    """Send the unknown chunks again. Whoever WeChat told the first time is told twice.

    Raises:
        Refused: no such campaign, nothing is unknown, or the campaign has ended.
    """
    standing = _with_unknown(campaign_id, parts)
    if standing.campaign.state in ENDED:
        raise Refused(
            f"Campaign {campaign_id} is {standing.state.value}; nothing more is sent of it"
        )
    for chunk in standing.unknown:
        again = parts.campaigns.decide(
            campaign_id, chunk, ChunkState.QUEUED, reason="Sent again by the operator"
        )
        if again:
            parts.queue.ring(campaign_id, chunk.number)
    return _report(campaign_id, parts)


def accept_unknown(campaign_id: str, parts: Parts) -> Report:
    """Take the unknown chunks for sent. Whoever WeChat did not tell is not told.

    Raises:
        Refused: no such campaign, or nothing is unknown.
    """
    for chunk in _with_unknown(campaign_id, parts).unknown:
        parts.campaigns.decide(
            campaign_id, chunk, ChunkState.ACCEPTED, reason="Taken for sent by the operator"
        )
    return _report(campaign_id, parts)


def _with_unknown(campaign_id: str, parts: Parts) -> Report:
    standing = _report(campaign_id, parts)
    if not standing.unknown:
        raise Refused(f"Campaign {campaign_id} has no unknown chunk; there is nothing to resolve")
    return standing


def _alive(campaign_id: str, wish: str, parts: Parts) -> Report:
    standing = _report(campaign_id, parts)
    if standing.nothing_left_to_send:
        raise Refused(
            f"Campaign {campaign_id} is {standing.state.value} and has nothing left to send; "
            f"it can't be {wish}"
        )
    return standing


def _report(campaign_id: str, parts: Parts) -> Report:
    campaign = parts.campaigns.get(campaign_id)
    if campaign is None:
        raise Refused(f"There is no campaign {campaign_id}; `wxlive status` shows the newest")
    return parts.campaigns.report(campaign, parts.now())
