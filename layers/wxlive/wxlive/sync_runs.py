"""The record of one walk through WeChat's follower list.

``open → page* → sweep → done``. A run that meets doubt ends as ``failed``; one whose sweep would
remove too many stops as ``guarded``. Neither removes anybody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any

RUN_KEPT_S = 90 * 86_400
PAGES_KEPT_S = 7 * 86_400
LEASE_S = 90
"""A worker that has not stored a page for so long has lost its run to the next one."""

DIGEST_BYTES = 8
"""Of an openid, kept for each listed row: among ten million followers the chance that somebody
who left shares a digest with somebody listed is below 1 in 10^4, and costs one run's delay."""


class RunState(StrEnum):
    """Where a run stands."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    GUARDED = "guarded"


@dataclass(frozen=True, slots=True)
class SyncRun:
    """A run. Times are Unix seconds.

    ``cursor`` is WeChat's ``page_break`` for the next page, None before the first; ``listed_all``
    says that the last page was stored. ``resume_at`` is set while the run waits for quota.
    """

    run: str
    state: RunState
    started_at: int
    cursor: int | str | None = None
    listed_all: bool = False
    pages: int = 0
    listed: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    calls: int = 0
    resume_at: int = 0
    reason: str | None = None

    def summary(self) -> dict[str, Any]:
        """The contract's JSON for ``wxlive sync``."""
        return {
            "run": self.run,
            "state": self.state.value,
            "listed": self.listed,
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "calls": self.calls,
            "reason": self.reason,
            "resume_at": self.resume_at or None,
        }


class Listing:
    """The openids a run has seen, as digests: small to store, quick to ask.

    About 80 bytes of memory an openid; ``DIGEST_BYTES`` an openid where it is stored.
    """

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, openid: str) -> bool:
        return _digest(openid) in self._seen

    def add(self, openids: Iterable[str]) -> bytes:
        """Take the openids of one page in; returns the digests of those not seen before."""
        fresh = [digest for digest in map(_digest, openids) if self._is_new(digest)]
        return b"".join(fresh)

    def load(self, digests: bytes) -> None:
        """Take in what ``add`` returned in an earlier life."""
        self._seen.update(
            digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES)
        )

    def _is_new(self, digest: bytes) -> bool:
        if digest in self._seen:
            return False
        self._seen.add(digest)
        return True


def _digest(openid: str) -> bytes:
    return blake2b(openid.encode(), digest_size=DIGEST_BYTES).digest()


def sweep_is_safe(removals: int, subscribed: int, guard_percent: int) -> bool:
    """Whether a sweep stays within the guard's share of all subscribed followers."""
    return removals * 100 <= subscribed * guard_percent
