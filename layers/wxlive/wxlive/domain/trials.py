"""What a trial has shown: judged from the campaign's report and the time. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from wxlive.domain.chunks import ChunkState
from wxlive.domain.events import RESULT_ERRORS
from wxlive.domain.reports import Report
from wxlive.domain.shares import format_share

RESULT_AWAITED_S = 120
"""A trial's result comes within seconds. After so long the operator decides without it."""


@dataclass(frozen=True, slots=True)
class TrialVerdict:
    """What follows from a trial: whether the campaign goes on by itself, and the trial's shares."""

    goes_on: bool
    reason: str


def judge_trial(report: Report, now_s: float) -> TrialVerdict | None:
    """Judge the trial of a campaign; None if it has none, or its results may still come.

    Where nobody follows the trial, there is nothing to decide.
    Whoever was in a call that was refused, is unknown or has no result counts as not notified.
    """
    campaign = report.campaign
    trial = campaign.trial
    if trial is None or not campaign.awaits_trial or _may_be_reported(report, now_s):
        return None
    told, total = report.results["success"], campaign.audience
    goes_on = trial.go_on_at > 0 and told * 100 >= trial.go_on_at * total
    return TrialVerdict(goes_on, f"Trial: {', '.join(_shares(report))}")


def _may_be_reported(report: Report, now_s: float) -> bool:
    """Whether a call is still to be made, or its result may come."""
    if report.chunks[ChunkState.QUEUED] or report.chunks[ChunkState.SENDING]:
        return True
    awaited = report.unreported + report.chunks[ChunkState.UNKNOWN]
    return bool(awaited) and now_s - report.last_called_at <= RESULT_AWAITED_S


def _shares(report: Report) -> Iterator[str]:
    total, results = report.campaign.audience, report.results
    told = results["success"]
    yield f"{told:,} of {total:,} told ({format_share(told, total)})"
    refused, unknown = report.openids[ChunkState.REFUSED], report.openids[ChunkState.UNKNOWN]
    others = {
        **{name: results[name] for name in RESULT_ERRORS},
        "refused": refused,
        "unknown": unknown,
        "without a result": total - results["total"] - refused - unknown,
    }
    for name, openids in others.items():
        if openids > 0:
            yield f"{openids:,} {name} ({format_share(openids, total)})"
