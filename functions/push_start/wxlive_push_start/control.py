"""The operator's hand on a running campaign: pause, resume, cancel."""

from wxlive.campaigns import HELD, CampaignState, ChunkState
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
