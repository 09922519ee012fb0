"""Time that stands still unless somebody sleeps."""

from factories import NOW_S


class Clock:
    """Time as the functions see it (Unix s); ``slept`` lists the seconds of each sleep."""

    def __init__(self, now_s: float = NOW_S) -> None:
        self.now_s = float(now_s)
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds
