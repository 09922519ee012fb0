"""Sums over a sliding window."""

import random

from wxlive_local.simulator.window import SlidingWindow


def test_amounts_a_whole_span_apart_are_in_different_windows() -> None:
    window = SlidingWindow(1.0)
    window.add(10.0, 2)
    assert window.load(10.999) == 2
    assert window.load(11.0) == 0


def test_the_busiest_window_is_that_of_an_exhaustive_search() -> None:
    rng = random.Random(11)
    entries = sorted((rng.uniform(0, 20), rng.randrange(1, 50)) for _ in range(200))
    window = SlidingWindow(1.0)
    for at, amount in entries:
        window.add(at, amount)
    sums = [sum(n for t, n in entries if end - 1.0 < t <= end) for end, _ in entries]
    assert window.busiest == max(sums)
