"""What was fetched and waits to be merged, and how long that will take."""

from wxlive.domain.sync_runs import SyncRun

SLOW_MERGE_S = 2.0
"""A page of 2000 new rows at 1000 writes a second: what a page takes until one was measured."""

_WEIGHT = 4
"""A measured page counts for a quarter of the estimate."""


class WaitingPages:
    """The pages between the thread that fetches and the one that merges.

    ``all_calls`` counts the run's calls to WeChat, those for the waiting pages included. Each
    counter has one thread that writes it.
    """

    def __init__(self, run: SyncRun) -> None:
        self.all_calls = run.calls
        self._fetched = self._merged = 0
        known = run.pages and run.worked_ms
        self._page_s = run.worked_ms / run.pages / 1000 if known else SLOW_MERGE_S

    @property
    def merge_s(self) -> float:
        """How long merging what waits will take, in seconds, at the pace of the last pages."""
        return (self._fetched - self._merged) * self._page_s

    def fetched(self) -> None:
        """Note that a page was fetched."""
        self._fetched += 1

    def merged(self, took_s: float) -> None:
        """Note that a page was merged."""
        self._merged += 1
        self._page_s += (took_s - self._page_s) / _WEIGHT
