"""The exit codes of every command, and which one a campaign deserves. Pure."""

from collections.abc import Mapping

from wxlive.domain.campaigns import HELD, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.reports import Report

DONE = 0
NEEDS_ATTENTION = 1
REFUSED = 2
INTERRUPTED = 130
PIPE_CLOSED = 141

EXIT_CODES: Mapping[int, str] = {
    DONE: "Done. A campaign that is on its way, waits after its trial, or has notified its whole "
    "audience, is well.",
    NEEDS_ATTENTION: "Done, but something needs attention; the output names it. For a campaign: it "
    "is paused or waits for its room, it was cancelled or failed before everybody was notified, a "
    "call was refused, or has an unknown outcome or an overdue result. With `--wait` and in "
    "`wxlive watch` also: the time is up, and it is not over.",
    REFUSED: "Refused or wrong usage; stderr says why in one sentence.",
    INTERRUPTED: "Ctrl-C; stderr says what goes on without the command, if anything does.",
    PIPE_CLOSED: "The reader of the output closed the pipe.",
}
"""What each code means; docs/cli.md shows this table."""


def code_of(report: Report, *, waited: bool = False) -> int:
    """Return the exit code that a campaign deserves: the same in every command that shows it.

    Args:
        report: what became of the campaign so far.
        waited: whether the command waited for the end of the campaign.
    """
    if waited and not report.is_over:
        return NEEDS_ATTENTION
    stands_still = report.state in HELD and report.state is not CampaignState.TRIAL
    return NEEDS_ATTENTION if stands_still or leaves_out(report) or report.in_trouble else DONE


def leaves_out(report: Report) -> bool:
    """Whether a campaign was cancelled before everybody was notified."""
    if report.state is not CampaignState.CANCELLED:
        return False
    return bool(report.chunks[ChunkState.CANCELLED]) or not report.campaign.fully_planned
