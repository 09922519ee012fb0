"""Ingesting, for the callback and for the consumer of its backlog.

Both fail fast: while WeChat waits there is no time for a second attempt, and the backlog queue is
the second attempt of everything else.
"""

from wxlive import aws
from wxlive.bootstrap.process import forgotten_store, settings, state_table, telemetry
from wxlive.ingest import EventIngestor
from wxlive.stores.callback_queues import CallbackQueue
from wxlive.stores.followers import FollowerStore
from wxlive.stores.recent_results import RecentResultStore
from wxlive.stores.results import ResultStore


def event_ingestor() -> EventIngestor:
    """Build the ingestor of authentic messages."""
    return EventIngestor(
        followers=FollowerStore(aws.dynamodb_client(aws.FAIL_FAST), settings().followers_table),
        results=lambda: ResultStore(state_table(aws.FAIL_FAST)),
        recent_results=_recent_results,
        quarantine=callback_queue(settings().callback_quarantine_url),
        telemetry=telemetry(),
        admits=forgotten_store(aws.FAIL_FAST).admits,
    )


def _recent_results() -> RecentResultStore | None:
    """Return where the brake of a push finds the results that came last, None if it is off."""
    if not settings().brake_percent:
        return None
    return RecentResultStore(state_table(aws.FAIL_FAST))


def callback_queue(url: str) -> CallbackQueue:
    """Build a queue of the callback; its client is built when first used."""
    return CallbackQueue(lambda: aws.sqs(aws.FAIL_FAST), url)
