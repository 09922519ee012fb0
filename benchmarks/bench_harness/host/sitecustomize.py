"""What a host does to each Python process that has this folder in ``PYTHONPATH``.

Python imports this module when a process starts. The environment says what happens:

- ``WXLIVE_CLOCK_AHEAD_S`` shifts ``time.time()``. What ships reads the clock nowhere else.
- ``WXLIVE_CLOCK_SPREAD_S`` shifts it by up to so much more or less, differently in each process.
- ``WXLIVE_SLOW_START_S`` delays the start.
"""

import os
import random
import time


def _seconds(name: str) -> float:
    return float(os.environ.get(name, "0"))


_SPREAD_S = _seconds("WXLIVE_CLOCK_SPREAD_S")
_AHEAD_S = _seconds("WXLIVE_CLOCK_AHEAD_S") + random.SystemRandom().uniform(-_SPREAD_S, _SPREAD_S)
_time = time.time


def _shifted_time() -> float:
    return _time() + _AHEAD_S


time.time = _shifted_time
time.sleep(_seconds("WXLIVE_SLOW_START_S"))
