"""Sums over a sliding window of time: the current one and the largest one so far."""

from collections import deque


class SlidingWindow:
    """Sums the amounts of the last ``span_s`` seconds, open at the older end.

    Two amounts exactly ``span_s`` apart are never in the same window. Times must not decrease.
    Each operation is O(1) on average.
    """

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._entries: deque[tuple[float, int]] = deque()
        self._sum = 0
        self.busiest = 0

    def load(self, now: float) -> int:
        """Return the sum of the window that ends at ``now``."""
        while self._entries and self._entries[0][0] <= now - self._span_s:
            self._sum -= self._entries.popleft()[1]
        return self._sum

    def add(self, now: float, amount: int) -> None:
        """Add an amount at ``now``."""
        self._entries.append((now, amount))
        self._sum += amount
        # A window is largest when it ends at an entry, so no maximum is missed here.
        self.busiest = max(self.busiest, self.load(now))
