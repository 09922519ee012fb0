"""Each minute, what happened to the campaigns is compared with what was announced of it.

An event is published before it is recorded: one may come twice, with the same ``event_id``, and
none is lost with its worker.
"""

from wxlive.domain.announcements import announce_campaign
from wxlive.domain.campaigns import HELD, Campaign
from wxlive.domain.history import FINAL, happenings
from wxlive.domain.reports import Report
from wxlive.stores.announcements import Announced
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.reporting import read_report


def announce(deps: Dependencies) -> int:
    """Announce what has not been announced; returns how many events were published.

    Raises:
        RetryLater: EventBridge did not accept an event; the next minute publishes it again.
    """
    return sum(_announce(before, deps) for before in deps.announcements.pending())


def _announce(before: Announced, deps: Dependencies) -> int:
    campaign = deps.campaigns.get(before.campaign)
    if campaign is None:
        deps.announcements.finish(before.campaign)
        return 0
    report = _report(campaign, deps)
    happened = happenings(campaign, report)
    new = [happening for happening in happened if happening.name not in before.names]
    deps.events.publish(*(announce_campaign(each, campaign, report) for each in new))
    if happened[-1].incident in FINAL:
        deps.announcements.finish(campaign.campaign)
    elif new:
        deps.announcements.save(before, [happening.name for happening in happened])
    return len(new)


def _report(campaign: Campaign, deps: Dependencies) -> Report | None:
    """Return the report of a campaign that may have come to its end."""
    if campaign.state in HELD or not (campaign.is_ended or campaign.fully_planned):
        return None
    return read_report(campaign, deps)
