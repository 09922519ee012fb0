"""The brake, before each call: the last results may call for a hold within the second.

``push_start`` judges the same from all results, each minute.
"""

from wxlive.domain.brakes import CALLS_JUDGED, fails, judge_brake
from wxlive.domain.campaigns import Campaign, CampaignState, Hold, HoldKind
from wxlive.errors import StoreBusy
from wxlive_push_fanout.dependencies import Dependencies

LOOKED_AT = 2 * CALLS_JUDGED
"""Results that are read: some may be of calls from before the campaign was resumed."""


def brake(campaign: Campaign, deps: Dependencies) -> bool:
    """Hold a campaign whose last calls have failed; returns whether it is held so.

    A table that is too busy for that does not keep the call from being made.
    """
    if not deps.brake_percent or campaign.trial_is_open:
        return False
    try:
        reason = _reason(campaign, deps)
        if reason is None:
            return False
        hold = Hold(HoldKind.BRAKE, deps.new_id(), reason, int(deps.now()))
        return deps.campaigns.hold(campaign.campaign, CampaignState.PAUSED, hold, as_read=campaign)
    except StoreBusy:
        return False


def _reason(campaign: Campaign, deps: Dependencies) -> str | None:
    """Judge the last results; the ledger, which says whose they are, is read if they look bad."""
    newest = deps.recent_results.newest(campaign.room_id, LOOKED_AT)
    if len(newest) < CALLS_JUDGED or not fails(newest[:CALLS_JUDGED], deps.brake_percent):
        return None
    by_message = {result.message_id: result for result in newest}
    reported = [
        (chunk, by_message[chunk.message_id])
        for chunk in deps.ledger.chunks(campaign.campaign)
        if chunk.message_id in by_message
    ]
    return judge_brake(campaign, reported, deps.brake_percent)
