"""What WeChat's follower list may be like: its protocol page rules none of these out.

``docs/wechat-protocol.md#follower-list`` says what wxlive assumes of it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final, Self

from wxlive_local.simulator.entities import Follower
from wxlive_local.simulator.followers import FollowerList

_CURSORS: Final = 1 << 53
_TIES_BITS: Final = 20


class Cursor(StrEnum):
    """What a ``page_break`` stands for, and so what is on the next page."""

    EXACT = "exact"
    """The last row: the next page begins behind it, and repeats up to three rows of its second."""
    TIES_REPEATED = "ties_repeated"
    """The second of the last row: the next page begins with that second."""
    TIES_LOST = "ties_lost"
    """The second of the last row: the next page begins with another, and the rest of it is lost."""
    OFFSET = "offset"
    """How many rows were returned: who leaves meanwhile moves others to pages already read."""


class Order(StrEnum):
    """The order of the rows."""

    OLDEST_FIRST = "oldest_first"
    NEWEST_FIRST = "newest_first"
    NONE = "none"


class End(StrEnum):
    """How the list says that it ends."""

    EMPTY_PAGE = "empty_page"
    """A page without rows, whose cursor is 0."""
    ZERO = "zero"
    """The cursor of the last rows is 0."""
    NO_CURSOR = "no_cursor"
    """The last rows have no cursor."""
    SAME_CURSOR = "same_cursor"
    """A page without rows, whose cursor is the one that was sent."""


@dataclass(frozen=True, slots=True)
class ListShape:
    """A kind of list. The pages of a ``shrinking`` one have fewer rows than were asked for.

    Raises:
        ValueError: a cursor of seconds in a list that has no order.
    """

    cursor: Cursor = Cursor.EXACT
    order: Order = Order.OLDEST_FIRST
    end: End = End.EMPTY_PAGE
    shrinking: bool = False

    def __post_init__(self) -> None:
        if self.order is Order.NONE and self.cursor in {Cursor.TIES_REPEATED, Cursor.TIES_LOST}:
            raise ValueError("a cursor of seconds needs a list in order")

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read a shape from a control request.

        Raises:
            ValueError: a field is unknown, or its value is.
        """
        unknown = raw.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"a list has no {', '.join(sorted(unknown))}")
        kinds = {"cursor": Cursor, "order": Order, "end": End, "shrinking": bool}
        return cls(**{name: kinds[name](value) for name, value in raw.items()})


def page_of(
    followers: FollowerList, shape: ListShape, limit: int, cursor: int | None
) -> tuple[list[Follower], int | None]:
    """Return the rows after a cursor, and the next cursor, None where there is none."""
    if shape == ListShape():
        return followers.page(limit, cursor)
    rows = sorted(followers, key=lambda row: _rank(row, shape))
    start = 0 if cursor is None else _start(rows, shape, cursor)
    if shape.shrinking and cursor is not None:
        limit -= cursor % limit
    page = rows[start : start + limit]
    end = start + len(page)
    if not page:
        empty = {End.NO_CURSOR: None, End.SAME_CURSOR: cursor or 0}
        return [], empty.get(shape.end, 0)
    if end >= len(rows) and shape.end in {End.ZERO, End.NO_CURSOR}:
        return page, 0 if shape.end is End.ZERO else None
    return page, _cursor_after(page[-1], end, shape)


def _rank(row: Follower, shape: ListShape) -> int:
    """Return the place of a row in the order of the list."""
    digest = blake2b(row.openid.encode(), digest_size=8).digest()
    place = int.from_bytes(digest, "big")
    if shape.order is Order.NONE:
        return 1 + place % (_CURSORS - 1)
    rank = row.subscribe_time << _TIES_BITS | place % (1 << _TIES_BITS)
    return _CURSORS - rank if shape.order is Order.NEWEST_FIRST else rank


def _cursor_after(last: Follower, end: int, shape: ListShape) -> int:
    match shape.cursor:
        case Cursor.EXACT:
            return _rank(last, shape)
        case Cursor.OFFSET:
            return end
        case Cursor.TIES_REPEATED | Cursor.TIES_LOST:
            return last.subscribe_time


def _start(rows: list[Follower], shape: ListShape, cursor: int) -> int:
    if shape.cursor is Cursor.OFFSET:
        return cursor
    if shape.cursor is Cursor.EXACT:
        return bisect_right(rows, cursor, key=lambda row: _rank(row, shape))
    sign = -1 if shape.order is Order.NEWEST_FIRST else 1
    find = bisect_left if shape.cursor is Cursor.TIES_REPEATED else bisect_right
    return find(rows, sign * cursor, key=lambda row: sign * row.subscribe_time)
