"""What the callback works with."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from wxlive import aws
from wxlive.bootstrap.ingest import callback_queue, event_ingestor
from wxlive.bootstrap.process import secret_store, settings, telemetry
from wxlive.ingest import EventIngestor, Sink
from wxlive.process_cache import once_per_process
from wxlive.settings import Secrets, Settings
from wxlive.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the callback works with. ``now`` is Unix seconds."""

    settings: Settings
    secrets: Callable[[], Secrets]
    ingestor: EventIngestor
    backlog: Sink
    telemetry: Telemetry
    now: Callable[[], float] = time.time


@once_per_process
def build_dependencies() -> Dependencies:
    """Build them, once a process."""
    return Dependencies(
        settings=settings(),
        secrets=secret_store(aws.FAIL_FAST).load,
        ingestor=event_ingestor(),
        backlog=callback_queue(settings().callback_backlog_url),
        telemetry=telemetry(),
    )
