"""What the results of a campaign call for: it is held, or it goes on after its trial.

Judged anew each minute, from the report as it stands then, and as soon as a result calls for it.
"""

from wxlive.domain.brakes import judge_brake
from wxlive.domain.campaigns import Campaign, CampaignState, Hold, HoldKind, PastHold
from wxlive.domain.reports import Report
from wxlive.domain.trials import judge_trial
from wxlive_push_start.control import start_again
from wxlive_push_start.dependencies import Dependencies


def judge(report: Report, deps: Dependencies) -> str | None:
    """Do what the results of the living campaign call for; returns what was done, if anything."""
    campaign = report.campaign
    verdict = judge_trial(report, deps.now())
    if verdict is not None and verdict.goes_on:
        return _go_on(campaign, verdict.reason, deps)
    if verdict is not None:
        return _hold(campaign, CampaignState.TRIAL, HoldKind.TRIAL, verdict.reason, deps)
    reason = judge_brake(campaign, report.reported, deps.brake_percent)
    if reason is not None:
        return _hold(campaign, CampaignState.PAUSED, HoldKind.BRAKE, reason, deps)
    return None


def _go_on(campaign: Campaign, reason: str, deps: Dependencies) -> str | None:
    """Go on with the rest after the trial, as the operator said beforehand.

    A hold for another reason stands: whoever ends that goes on with the trial.
    """
    now_s = deps.now()
    if campaign.state is CampaignState.SENDING:
        trial = PastHold(HoldKind.TRIAL, reason, int(now_s), int(now_s))
        past_holds = campaign.holds_with(trial)
    elif campaign.hold_kind is HoldKind.TRIAL:
        past_holds = campaign.holds_until(now_s)
    else:
        return None
    if not deps.campaigns.resume(
        campaign.campaign, campaign.hold_id, now_s, past_holds=past_holds, ends_trial=True
    ):
        return None
    start_again(campaign, deps)
    return "went on after the trial"


def _hold(
    campaign: Campaign, to: CampaignState, kind: HoldKind, reason: str, deps: Dependencies
) -> str | None:
    """Hold a campaign that sends, unless it was resumed since it was read."""
    if campaign.state is not CampaignState.SENDING:
        return None
    hold = Hold(kind, deps.new_id(), reason, int(deps.now()))
    held = deps.campaigns.hold(campaign.campaign, to, hold, as_read=campaign)
    return f"held: {kind.value}" if held else None
