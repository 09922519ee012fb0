"""What the backlog's consumer works with."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from wxlive.bootstrap.ingest import event_ingestor
from wxlive.bootstrap.process import telemetry
from wxlive.ingest import EventIngestor
from wxlive.process_cache import once_per_process
from wxlive.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the backlog's consumer works with. ``now`` is Unix seconds."""

    ingestor: EventIngestor
    telemetry: Telemetry
    now: Callable[[], float] = time.time


@once_per_process
def build_dependencies() -> Dependencies:
    """Build them, once a process."""
    return Dependencies(event_ingestor(), telemetry())
