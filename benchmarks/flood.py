"""Send callbacks at a rate for a time: ``python benchmarks/flood.py 300 60``."""

import sys

from bench_harness.callback_flood import flood

if __name__ == "__main__":
    rate, duration_s = map(int, sys.argv[1:] or (300, 60))
    result = flood(rate, duration_s)
    print(f"{result.describe()}, {result.answered_per_second:.0f} a second of {rate}")
