"""What a list proves by its silence: never the absence of somebody who was there all the time.

WeChat's list is of every kind that its protocol page leaves open, and people come and go while it
is walked.
"""

from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.budget import budget
from wxlive.domain.absence import Coverage, ListedPage, span_of
from wxlive.domain.followers import ListedRow
from wxlive.wechat.answers import FollowerPage
from wxlive_follower_sync.pages import Next, judge
from wxlive_local.simulator import Cursor, End, Follower, ListShape, Order
from wxlive_local.simulator.followers import FollowerList
from wxlive_local.simulator.list_shapes import page_of

examples = budget(fast=200, thorough=5000)

SHAPES = [
    ListShape(cursor, order, end, shrinking)
    for cursor, order, end, shrinking in product(Cursor, Order, End, [False, True])
    if order is not Order.NONE or cursor in {Cursor.EXACT, Cursor.OFFSET}
]
PEOPLE = st.dictionaries(
    st.text("abcdefghijklmnop", min_size=1, max_size=1), st.integers(1, 9), max_size=12
)
CHANGES = st.lists(
    st.tuples(st.text("abcdefghijklmnop", min_size=1, max_size=1), st.integers(10, 12)), max_size=6
)


@examples
@given(st.sampled_from(SHAPES), st.integers(1, 4), PEOPLE, st.lists(CHANGES, max_size=5))
def test_whoever_was_there_all_the_time_is_listed_or_spared(
    shape: ListShape,
    limit: int,
    people: dict[str, int],
    meanwhile: list[list[tuple[str, int]]],
) -> None:
    followers = FollowerList()
    followers.extend(Follower(openid, time, 1, 101) for openid, time in people.items())
    coverage, listed, staying = Coverage(), set[str](), set(people)
    cursor: Any = None
    for changes in [*meanwhile, *[[]] * 40]:
        rows, following = page_of(followers, shape, limit, cursor)
        fresh = {row.openid for row in rows} - listed
        listed |= fresh
        page = FollowerPage(
            tuple(ListedRow(row.openid, row.subscribe_time, 1, 101) for row in rows), following
        )
        judgement = judge(page, asked=cursor, limit=limit, fresh=len(fresh), idle_pages=0)
        if judgement.next is Next.DOUBT:
            return  # and so nobody is removed
        span = span_of([row.subscribe_time for row in rows])
        coverage.add(ListedPage(b"", span, blind=judgement.may_be_stuck))
        if judgement.next is Next.END:
            break
        cursor = judgement.cursor
        for openid, time in changes:
            staying.discard(openid)
            if not followers.remove(openid):
                followers.add(Follower(openid, time, 1, 101))

    lost = staying - listed
    if shape.cursor is Cursor.OFFSET:
        # A few rows may be in order by chance, and then a lost neighbour looks absent.
        assume(shape.order is not Order.NONE or not coverage.is_ordered)
        # Nor is a neighbour seen who was moved beyond the list's end: only the next run is.
        assume(rows or len(lost) == 0)
    for openid in lost:
        assert not coverage.covers(people[openid])


@pytest.mark.parametrize("end", End)
@pytest.mark.parametrize("order", Order)
def test_who_is_gone_is_covered_wherever_no_page_ends(order: Order, end: End) -> None:
    followers = FollowerList()
    followers.extend(Follower(f"o{time}", time, 1, 101) for time in range(10, 70, 5))
    coverage, cursor = Coverage(), None
    while True:
        rows, following = page_of(followers, ListShape(order=order, end=end), 4, cursor)
        coverage.add(ListedPage(b"", span_of([row.subscribe_time for row in rows])))
        if following in {None, 0, cursor}:
            break
        cursor = following

    covered = {time for time in range(1, 80) if coverage.covers(time)}

    if order is Order.NONE:
        assert covered == set()
    else:
        assert {1, 12, 17, 22, 32, 75} <= covered
        assert len(covered) >= 50
