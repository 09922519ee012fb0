"""Notices that a campaign does not advance. Pure."""

from wxlive.domain.campaigns import CampaignState
from wxlive.domain.reports import Report

STALLED_AFTER_S = 90
"""Longer than WeChat's minute after 45011, longer than a worker lives."""


class StallDetector:
    """Compares the reports of a campaign as time passes."""

    def __init__(self, now_s: float) -> None:
        self._last: Report | None = None
        self._since_s = now_s

    def is_stalled(self, report: Report, now_s: float) -> bool:
        """Whether the campaign is sending and no chunk has changed its state for too long.

        After ``STALLED_AFTER_S`` seconds it says so once, then starts to count again.
        """
        changed = self._last is None or report.chunks != self._last.chunks
        expired = now_s - self._since_s > STALLED_AFTER_S
        if changed or expired:
            self._last, self._since_s = report, now_s
        return expired and not changed and report.state is CampaignState.SENDING
