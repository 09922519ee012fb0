"""Taking one guard of the protocol away, to see what it is for.

A guard is a decision of the shipped code that is no condition of a write.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from explore.stack import dependencies
from wxlive.digests import DigestSet
from wxlive.domain import pace
from wxlive.domain.chunks import Chunk
from wxlive.stores.ledger import LedgerStore
from wxlive_push_fanout import outcomes, send
from wxlive_push_start import left_out, reconcile, start


def _none(*_: object, **__: object) -> None:
    return None


def _true(*_: object, **__: object) -> bool:
    return True


def _false(*_: object, **__: object) -> bool:
    return False


def _nothing(*_: object, **__: object) -> tuple[()]:
    return ()


def _written_once(_message: object, write: Callable[[], None], _deps: object) -> bool:
    write()
    return True


GUARDS: Mapping[str, tuple[Any, str, Any]] = {
    "a claim without a worker is settled": (Chunk, "is_abandoned", _false),
    "a call leaves in its slot": (send, "_is_punctual", _true),
    "an outcome that can't be stored is kept": (outcomes, "_keep", _written_once),
    "a call that may have notified is remembered": (LedgerStore, "_called", _none),
    "what comes after a decision corrects it": (LedgerStore, "_correct", _false),
    "a lost message is replaced": (reconcile, "chunks_to_enqueue", _nothing),
    "a stalled plan is resumed": (reconcile, "plan_is_stalled", _false),
    "metrics are published before a campaign is closed": (dependencies.Telemetry, "publish", _none),
    "the unfinished campaign refuses another start": (start, "_unfinished", _none),
    "whoever was notified is left out": (left_out, "told_before", lambda *_, **__: DigestSet()),
    "no slot is close to midnight": (pace, "MIDNIGHT_MARGIN_MS", 0),
}
"""By what each guarantees: where it is, and what takes its place."""


@contextmanager
def taken_away(guard: str) -> Iterator[None]:
    """Run the shipped code without one guard; with all of them if it is ""."""
    if not guard:
        yield
        return
    place, name, instead = GUARDS[guard]
    kept = getattr(place, name)
    setattr(place, name, instead)
    try:
        yield
    finally:
        setattr(place, name, kept)
