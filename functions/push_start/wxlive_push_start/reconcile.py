"""Each minute, the living campaign is compared with what should be going on.

Messages only make things faster. Whatever a lost message, a lost answer or a crash has left, is
found here within a minute or two.
"""

from dataclasses import replace
from typing import Any

from wxlive.domain.campaigns import HELD, Campaign, CampaignState, HoldKind
from wxlive.domain.chunks import ABANDONED, Chunk, ChunkState
from wxlive.domain.overdue import chunks_to_enqueue, plan_is_stalled
from wxlive.domain.reports import Report
from wxlive.stores.living import Living
from wxlive.telemetry import Metric
from wxlive_push_start.control import end_hold
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.judgement import judge
from wxlive_push_start.plan import EMPTY, fail
from wxlive_push_start.repeats import call_off
from wxlive_push_start.reporting import read_report

_DUE = frozenset({HoldKind.QUOTA, HoldKind.ACCESS})
"""Holds that end at a time; those for the room end when live_watch sees the room."""

ALL_REFUSED = "WeChat refused every chunk; nobody was notified"


def reconcile(deps: Dependencies) -> dict[str, Any]:
    """Bring the living campaign forward; returns what was done."""
    living = deps.living.load()
    if living is None or living.finished:
        return {"campaign": None}
    campaign = deps.campaigns.get(living.campaign)
    if campaign is None:
        return {"campaign": None}
    ledger = list(deps.ledger.chunks(campaign.campaign))
    _settle_abandoned(campaign, ledger, deps)
    report = read_report(campaign, deps)
    if call_off(report, deps):
        report = read_report(campaign, deps)
        ledger = list(deps.ledger.chunks(campaign.campaign))
    if report.nothing_left_to_send:
        close(living, report, deps)
        return {"campaign": campaign.campaign, "finished": True}
    done: dict[str, Any] = {"campaign": campaign.campaign}
    judged = judge(report, deps)
    if judged is not None:
        done["judged"] = judged
        campaign = deps.campaigns.get(campaign.campaign) or campaign
        report = replace(report, campaign=campaign, state=campaign.state)
    _count_levels(report, deps)
    if campaign.hold_kind in _DUE and 0 < campaign.resume_at <= deps.now():
        end_hold(campaign.campaign, campaign.hold_id, deps)
        done["resumed"] = campaign.hold_id
    elif plan_is_stalled(campaign, deps.now()):
        deps.plan_later(campaign.campaign)
        done["planned_on"] = True
    if campaign.state is CampaignState.SENDING:
        overdue = chunks_to_enqueue(campaign, ledger, deps.now())
        if overdue:
            deps.telemetry.count(Metric.CHUNK_ENQUEUED_AGAIN, len(overdue))
            deps.queue.enqueue_all(campaign.campaign, overdue)
        done["enqueued"] = len(overdue)
    deps.telemetry.logger.info("campaign reconciled", extra=done)
    return done


def _settle_abandoned(campaign: Campaign, ledger: list[Chunk], deps: Dependencies) -> None:
    """Settle the claims whose workers are gone as unknown: their calls may have left."""
    for chunk in ledger:
        if chunk.is_abandoned(deps.now()):
            deps.ledger.abandon(campaign.campaign, chunk, reason=ABANDONED)


def close(living: Living, report: Report, deps: Dependencies) -> None:
    """Record that a campaign has nothing left to send, once its metrics are published.

    One that has notified nobody fails, so that somebody hears of it. If the invocation is killed
    in between, the next one publishes them again.
    """
    campaign = report.campaign
    if not campaign.is_ended and not report.may_have_notified:
        fail(campaign, ALL_REFUSED if campaign.chunks else EMPTY, deps)
        report = read_report(deps.campaigns.get(campaign.campaign) or campaign, deps)
    _count_levels(report, deps)
    deps.telemetry.publish()
    deps.living.finish(living)


def _count_levels(report: Report, deps: Dependencies) -> None:
    """Count what an operator must look at, each minute for as long as it lasts.

    Levels, not events: an event is lost if its worker is killed before its metrics are written.
    """
    campaign = report.campaign
    is_held = campaign.state in HELD and campaign.hold_kind is not HoldKind.OPERATOR
    levels = {
        Metric.CAMPAIGN_HELD: int(is_held),
        Metric.CAMPAIGN_FAILED: int(report.state is CampaignState.FAILED),
        Metric.CHUNK_UNKNOWN: report.chunks[ChunkState.UNKNOWN],
        Metric.CHUNK_REFUSED: report.chunks[ChunkState.REFUSED],
    }
    for metric, level in levels.items():
        if level:
            deps.telemetry.count(metric, level)
