"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_EVERY_S = 0.05


def wait_for(look: Callable[[], T], within_s: float) -> T:
    """Look until there is something to see; returns it, or what was seen last in time."""
    until_s = time.monotonic() + within_s
    while not (seen := look()) and time.monotonic() < until_s:
        time.sleep(_EVERY_S)
    return seen
