"""Shifts ``time.time()`` of each Python process that has this folder in ``PYTHONPATH``.

What ships reads the clock nowhere else. Python imports this module when a process starts.
"""

import os
import time

_AHEAD_S = float(os.environ.get("WXLIVE_CLOCK_AHEAD_S", "0"))
_time = time.time


def _shifted_time() -> float:
    return _time() + _AHEAD_S


time.time = _shifted_time
