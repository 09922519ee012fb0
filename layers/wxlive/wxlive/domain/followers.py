"""A follower is a last-writer-wins register: the later *time of the fact* wins.

Facts arrive in any order, repeated and late. Each carries the time it became true at
WeChat, and all facts about one openid are in one total order (``Follower.order``), so every
interleaving ends in the same record.

- a callback's fact is as old as its ``time``;
- "WeChat listed this openid" is as old as the request for the page less the clock margin, or as
  its ``subscribe_time`` if that is later;
- "a complete run did not list this openid" is as old as the run's start less the clock margin.

The first is WeChat's word and carries WeChat's time; the others are inferred and carry ours. So
clocks that differ, or a list that lags, by up to the margin never let them win over an event.

Within the same second ``del_follow`` beats ``add_follow``, which beats a listing, which beats
the absence from a list: WeChat's word about one person outweighs a page fetched in that second.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from wxlive.domain.events import FollowAction, FollowNotify

TOMBSTONE_KEPT_S = 90 * 86_400
"""How long an unsubscribed follower is remembered, so that late retries find it."""


class Status(StrEnum):
    """Whether the viewer is subscribed to the channel for the long term."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"


class Source(StrEnum):
    """Where a fact comes from."""

    CALLBACK = "callback"
    SYNC = "sync"


class Mark(StrEnum):
    """What the run that is named with it last did with a record: see ``mark_of``."""

    ADDED = "added"
    CHANGED = "changed"
    MISSING = "missing"
    REMOVED = "removed"


def mark_of(mark: Mark, run: str) -> str:
    """Return the ``sync_mark`` of a record with which a sync run has done this."""
    return f"{mark} {run}"


_PRECEDENCE = {
    (Status.UNSUBSCRIBED, Source.SYNC): 0,
    (Status.SUBSCRIBED, Source.SYNC): 1,
    (Status.SUBSCRIBED, Source.CALLBACK): 2,
    (Status.UNSUBSCRIBED, Source.CALLBACK): 3,
}

MAX_CLOCK_LEAD_S = 86_400
"""How far a fact's time may be ahead of our clock: one from the future would win for ever."""

ORDER_FIELDS = ("changed_at", "precedence", "subscribed_at", "room_id", "room_status")
"""The fields that order two facts about one openid, most significant first."""


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row of ``get_wxa_followers``. ``subscribed_at`` is Unix seconds, 0 where absent."""

    openid: str
    subscribed_at: int
    room_id: int
    room_status: int


@dataclass(frozen=True, slots=True)
class Follower:
    """A fact about one openid, and the record it becomes if it wins.

    ``changed_at``, ``subscribed_at`` and ``expires_at`` are Unix seconds; ``subscribed_at``,
    ``room_id`` and ``room_status`` are 0 where unknown. ``sync_mark`` is a note of the last sync
    run that wrote the record, and no part of the fact: any other fact that wins clears it.
    """

    openid: str
    status: Status
    changed_at: int
    subscribed_at: int
    room_id: int
    room_status: int
    source: Source
    sync_mark: str = ""

    @classmethod
    def notified(cls, event: FollowNotify) -> Self:
        """What a ``wxalive_follow_notify`` says."""
        added = event.action is FollowAction.ADD_FOLLOW
        return cls(
            openid=event.openid,
            status=Status.SUBSCRIBED if added else Status.UNSUBSCRIBED,
            changed_at=event.time_s,
            subscribed_at=event.time_s if added else 0,
            room_id=event.room_id,
            room_status=event.room_status,
            source=Source.CALLBACK,
        )

    @classmethod
    def listed(cls, row: ListedRow, as_of: int, sync_mark: str = "") -> Self:
        """What a page of the list says; ``as_of`` is the time of the request less the margin."""
        return cls(
            openid=row.openid,
            status=Status.SUBSCRIBED,
            changed_at=max(row.subscribed_at, as_of),
            subscribed_at=row.subscribed_at,
            room_id=row.room_id,
            room_status=row.room_status,
            source=Source.SYNC,
            sync_mark=sync_mark,
        )

    @classmethod
    def unlisted(cls, openid: str, as_of: int, sync_mark: str = "") -> Self:
        """What a complete run says by its silence; ``as_of`` is its start less the margin."""
        return cls(
            openid=openid,
            status=Status.UNSUBSCRIBED,
            changed_at=as_of,
            subscribed_at=0,
            room_id=0,
            room_status=0,
            source=Source.SYNC,
            sync_mark=sync_mark,
        )

    @property
    def precedence(self) -> int:
        """Which kind of fact wins within the same second: the greater."""
        return _PRECEDENCE[self.status, self.source]

    @property
    def order(self) -> tuple[int, ...]:
        """The fact's place in the total order of facts about one openid."""
        return tuple(getattr(self, name) for name in ORDER_FIELDS)

    @property
    def expires_at(self) -> int | None:
        """When the record may be forgotten (Unix s): tombstones only."""
        if self.status is Status.SUBSCRIBED:
            return None
        return self.changed_at + TOMBSTONE_KEPT_S

    def beats(self, known: "Follower | None") -> bool:
        """Whether this fact replaces what is known. Equal facts don't: replays change nothing."""
        return known is None or self.order > known.order
