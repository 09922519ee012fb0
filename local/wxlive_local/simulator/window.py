"""How much happened in the last stretch of time, and in the busiest one so far."""

from collections import deque


class SlidingWindow:
    """Amounts in any stretch of ``span_s`` seconds, open at its older end.

    Two amounts exactly ``span_s`` apart are never in one window. Times must not go backwards.
    Each operation is O(1) on average.
    """

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._entries: deque[tuple[float, int]] = deque()
        self._sum = 0
        self.busiest = 0

    def load(self, now: float) -> int:
        """What is in the window that ends at ``now``."""
        while self._entries and self._entries[0][0] <= now - self._span_s:
            self._sum -= self._entries.popleft()[1]
        return self._sum

    def add(self, now: float, amount: int) -> None:
        """Something happened now."""
        self._entries.append((now, amount))
        self._sum += amount
        # A window is fullest when it ends at an entry, so looking here misses no maximum.
        self.busiest = max(self.busiest, self.load(now))
