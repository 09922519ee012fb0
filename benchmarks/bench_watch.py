"""A year of live rooms on a virtual clock: how late their openings are noticed, and at what price.

The floor of a planned room is half the time between two polls, the mean delay of the fastest
polling that the policy has. That of a room without a plan is half the time between two polls if the
calls that planned rooms leave were spread evenly.
"""

from bench_harness.measurement import Measurement
from bench_harness.virtual_watch import DAILY_CALLS, Opening, Watched, percentile, watch
from wxlive_live_watch.poll_policy import SOON_S

DAYS, SEED = 365, 20261128


def measure() -> list[Measurement]:
    """Measure the year's delays by kind of opening, and the calls of its busiest day."""
    year = watch(DAYS, SEED)
    even_s = percentile(year.even_s, 50)
    floors_s = dict.fromkeys(Opening, SOON_S / 2) | {Opening.UNPLANNED: even_s / 2}
    delays = [_delay(kind, floors_s[kind], year) for kind in Opening]
    busiest = Measurement(
        name="watch, calls of the busiest day",
        what=f"of {DAYS} days; {sum(year.calls) / DAYS:.0f} on average",
        unit="calls",
        floors=[DAILY_CALLS],
        figures=[max(year.calls)],
    )
    return [*delays, busiest]


def _delay(kind: Opening, floor_s: float, year: Watched) -> Measurement:
    delays_s = year.delays_s[kind]
    shown = ", ".join(f"{p}th {percentile(delays_s, p):.1f} s" for p in (95, 99))
    return Measurement(
        name=f"watch, {kind.value}, median delay",
        what=f"{len(delays_s)} rooms; percentiles: {shown}; the latest {max(delays_s):.0f} s",
        unit="s",
        floors=[floor_s],
        figures=[percentile(delays_s, 50)],
    )
