"""The kinds of follower list that the simulator may have."""

from itertools import product

import pytest

from wxlive_local.simulator.entities import Follower
from wxlive_local.simulator.followers import FollowerList
from wxlive_local.simulator.list_shapes import Cursor, End, ListShape, Order, page_of

EXACT = [
    ListShape(order=order, end=end, shrinking=shrinking)
    for order, end, shrinking in product(Order, End, [False, True])
]


def listing(*times: int) -> FollowerList:
    followers = FollowerList()
    followers.extend(Follower(f"o{n}", time, 1, 101) for n, time in enumerate(times))
    return followers


def walk(followers: FollowerList, shape: ListShape, limit: int = 3) -> list[list[int]]:
    """Return the subscribe times of each page."""
    pages, cursor = [], None
    for _ in range(100):
        rows, following = page_of(followers, shape, limit, cursor)
        pages.append([row.subscribe_time for row in rows])
        if following in {None, 0, cursor}:
            return pages
        cursor = following
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("shape", EXACT, ids=str)
def test_an_exact_cursor_lists_everybody_in_every_order_up_to_every_end(shape: ListShape) -> None:
    times = [1, 2, 2, 2, 2, 3, 5, 8, 8, 9]
    pages = walk(listing(*times), shape)
    listed = [time for page in pages for time in page]
    if shape == ListShape():
        assert sorted(set(listed)) == sorted(set(times))
    else:
        assert sorted(listed) == times
    if shape.order is not Order.NONE:
        assert listed == sorted(listed, reverse=shape.order is Order.NEWEST_FIRST)
    assert (pages[-1] == []) == (shape.end in {End.EMPTY_PAGE, End.SAME_CURSOR})


@pytest.mark.parametrize(
    ("cursor", "pages"),
    [
        (Cursor.TIES_REPEATED, [[1, 2, 2], [2, 2, 3], [3, 4]]),
        (Cursor.TIES_LOST, [[1, 2, 2], [3, 4]]),
        (Cursor.OFFSET, [[1, 2, 2], [3, 4]]),
    ],
)
def test_a_cursor_of_seconds_repeats_or_loses_the_rest_of_a_second(
    cursor: Cursor, pages: list[list[int]]
) -> None:
    assert walk(listing(1, 2, 2, 3, 4), ListShape(cursor, end=End.ZERO)) == pages


def test_a_cursor_that_loses_ties_loses_those_behind_the_border() -> None:
    shape = ListShape(Cursor.TIES_LOST, end=End.NO_CURSOR)
    assert walk(listing(1, 2, 2, 2, 2, 3), shape) == [[1, 2, 2], [3]]


def test_who_leaves_moves_a_neighbour_out_of_an_offsets_sight() -> None:
    followers, shape = listing(1, 2, 3, 4, 5), ListShape(Cursor.OFFSET, end=End.ZERO)
    _, cursor = page_of(followers, shape, 3, None)
    followers.remove("o0")
    rows, _ = page_of(followers, shape, 3, cursor)
    assert [row.subscribe_time for row in rows] == [5]


def test_a_cursor_stays_valid_after_its_row_was_removed() -> None:
    followers, shape = listing(1, 2, 3, 4), ListShape(order=Order.NEWEST_FIRST)
    rows, cursor = page_of(followers, shape, 2, None)
    followers.remove(rows[-1].openid)
    rows, _ = page_of(followers, shape, 2, cursor)
    assert [row.subscribe_time for row in rows] == [2, 1]


def test_a_list_without_an_order_is_always_in_the_same_one() -> None:
    shape = ListShape(order=Order.NONE)
    once = walk(listing(*range(1, 30)), shape)
    assert once == walk(listing(*range(1, 30)), shape)
    listed = [time for page in once for time in page]
    assert listed != sorted(listed)
    with pytest.raises(ValueError, match="needs a list in order"):
        ListShape(Cursor.TIES_LOST, Order.NONE)


def test_a_shape_is_read_from_json() -> None:
    raw = {"cursor": "offset", "order": "none", "end": "zero", "shrinking": True}
    assert ListShape.from_json(raw) == ListShape(Cursor.OFFSET, Order.NONE, End.ZERO, True)
    with pytest.raises(ValueError, match="a list has no colour"):
        ListShape.from_json({"colour": 1})
    with pytest.raises(ValueError, match="is not a valid Cursor"):
        ListShape.from_json({"cursor": "no"})
