"""The brake: whether the last results of a campaign say that it should hold itself. Pure."""

from collections.abc import Iterable

from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import Chunk
from wxlive.domain.events import RESULT_ERRORS, PushResult
from wxlive.domain.shares import format_share

CALLS_JUDGED = 5
"""The brake judges the last so many reported calls."""


def judge_brake(
    campaign: Campaign, reported: Iterable[tuple[Chunk, PushResult]], percent: int
) -> str | None:
    """Return why a campaign that sends should hold itself, None if it should not.

    After a resume only the calls that were claimed later count: the others are what the operator
    has seen. An open trial has a verdict of its own.

    Args:
        campaign: the campaign.
        reported: chunks of it with their results, at least those that came last.
        percent: the share of openids not notified at which it holds, 0 if it never does.
    """
    if not percent or campaign.state is not CampaignState.SENDING or campaign.trial_is_open:
        return None
    since = [
        (chunk, result) for chunk, result in reported if chunk.claimed_at > campaign.resumed_at
    ]
    last = sorted((result for _, result in since), key=came_at)[-CALLS_JUDGED:]
    if len(last) < CALLS_JUDGED or not fails(last, percent):
        return None
    total, failed = _sum(last, "total"), _sum(last, "total") - _sum(last, "success")
    errors = [f"{_sum(last, name):,} {name}" for name in RESULT_ERRORS if _sum(last, name)]
    return (
        f"{failed:,} of {total:,} followers in the last {CALLS_JUDGED} reported calls were not "
        f"notified ({format_share(failed, total)}; {', '.join(errors) or 'no error is named'})"
    )


def came_at(result: PushResult) -> tuple[int, str]:
    """Return by what results are in order: when each came (Unix s), and its name."""
    return result.received_at or result.time_s, result.message_id


def fails(results: Iterable[PushResult], percent: int) -> bool:
    """Whether at least that share of the openids of some calls was not notified."""
    results = list(results)
    total, success = _sum(results, "total"), _sum(results, "success")
    return (total - success) * 100 >= percent * total > 0


def _sum(results: Iterable[PushResult], count: str) -> int:
    return sum(getattr(result, count) for result in results)
