"""WeChat's list of followers and its pages: docs/wechat-protocol.md#follower-list."""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from wxlive_local.simulator.entities import Follower

_REPEATS: Final = 3
_TIES_BITS: Final = 20
_MAX_TIES: Final = 1 << _TIES_BITS

_Row = tuple[int, int, str]
"""Subscribe time, number within that second, openid: the order of the list."""


class FollowerList:
    """Followers in the order of their subscribe time, each openid once.

    A cursor is an opaque number below 2**53 that encodes the last row returned, so it stays
    valid while rows are added and removed. Rows may repeat at a page border: the last row and up
    to two more of its second. Every page has at least one row after the cursor, so paging always
    ends.
    """

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._row_of: dict[str, _Row] = {}
        self._followers: dict[str, Follower] = {}
        self._in_second: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, openid: str) -> bool:
        return openid in self._followers

    def __iter__(self) -> Iterator[Follower]:
        return (self._followers[openid] for _, _, openid in self._rows)

    def get(self, openid: str) -> Follower | None:
        """Return the follower with this openid."""
        return self._followers.get(openid)

    def add(self, follower: Follower) -> None:
        """Subscribe; a follower who subscribes again moves to the new time."""
        self.remove(follower.openid)
        insort(self._rows, self._new_row(follower))

    def extend(self, followers: Iterable[Follower]) -> None:
        """Subscribe many with a single sort; of several rows of an openid the last one counts."""
        newest = {follower.openid: follower for follower in followers}
        for openid in newest:
            self.remove(openid)
        self._rows.extend([self._new_row(follower) for follower in newest.values()])
        self._rows.sort()

    def remove(self, openid: str) -> bool:
        """Unsubscribe; return whether the openid was a follower."""
        row = self._row_of.pop(openid, None)
        if row is None:
            return False
        del self._rows[bisect_left(self._rows, row)]
        del self._followers[openid]
        return True

    def page(self, limit: int, cursor: int | None) -> tuple[list[Follower], int]:
        """Return the rows after the cursor and the next cursor; after the end, no rows and 0."""
        after = 0 if cursor is None else self._position(cursor)
        if after >= len(self._rows):
            return [], 0
        start = after - (
            0 if cursor is None else self._ties_before(after, min(_REPEATS, limit - 1))
        )
        rows = self._rows[start : start + limit]
        time, number, _ = rows[-1]
        return [self._followers[openid] for _, _, openid in rows], time << _TIES_BITS | number

    def _new_row(self, follower: Follower) -> _Row:
        # Numbers within a second are never reused: a cursor could point at another follower.
        self._in_second[follower.subscribe_time] += 1
        number = self._in_second[follower.subscribe_time]
        if number >= _MAX_TIES:
            raise ValueError(f"more than {_MAX_TIES - 1} subscriptions in one second")
        row = (follower.subscribe_time, number, follower.openid)
        self._row_of[follower.openid] = row
        self._followers[follower.openid] = follower
        return row

    def _position(self, cursor: int) -> int:
        time, number = cursor >> _TIES_BITS, cursor & (_MAX_TIES - 1)
        return bisect_right(self._rows, (time, number, "\U0010ffff"))

    def _ties_before(self, position: int, at_most: int) -> int:
        ties = 0
        while ties < min(at_most, position) and (
            self._rows[position - 1 - ties][0] == self._rows[position - 1][0]
        ):
            ties += 1
        return ties
