"""A run of the schedule: poll once, and again every few seconds while a room is likely to open.

The schedule runs once a minute, at any second of it. So a run that polls more often goes on until
the next one has begun and takes over (``RoomStore.ask``): there is no gap, and no two runs ask
WeChat for the same moment.
"""

from typing import Any

from wxlive_live_watch.dependencies import Dependencies
from wxlive_live_watch.poll import Polled, poll

AWAKE_S = 110
"""The next run has begun by then: two that follow each other are less than two minutes apart."""


def watch(deps: Dependencies) -> dict[str, Any]:
    """Poll, and again for as long as the next poll can't wait for the next run.

    Returns:
        What was seen and done by the last poll.
    """
    until_s = deps.now() + AWAKE_S
    polled = poll(deps)
    while (at_s := _next_at(polled)) is not None and at_s < until_s:
        deps.sleep(max(0.0, at_s - deps.now()))
        polled = poll(deps)
    return polled.facts


def _next_at(polled: Polled) -> float | None:
    """Return when this run is to poll again, None if the next run is soon enough."""
    return polled.due.at if polled.due is not None and polled.due.is_soon else None
