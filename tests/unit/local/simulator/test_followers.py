"""The simulator's follower list: order, cursor, end."""

import random
from collections import Counter

import pytest

from wxlive_local.simulator.entities import Follower
from wxlive_local.simulator.followers import FollowerList


def follower(name: str, time: int) -> Follower:
    return Follower(name, time, room_id=1, room_status=101)


def listing(*times: int) -> FollowerList:
    followers = FollowerList()
    followers.extend(follower(f"o{n}", time) for n, time in enumerate(times))
    return followers


def all_pages(followers: FollowerList, limit: int) -> list[list[str]]:
    pages: list[list[str]] = []
    cursor: int | None = None
    while True:
        rows, cursor = followers.page(limit, cursor)
        if not rows:
            assert cursor == 0
            return pages
        assert 0 < cursor < 1 << 53
        pages.append([row.openid for row in rows])
        assert len(pages) <= len(followers), "paging makes no progress"


def test_rows_are_ordered_by_time_and_the_last_one_of_a_page_repeats() -> None:
    assert all_pages(listing(30, 10, 20), 2) == [["o1", "o2"], ["o2", "o0"]]


def test_other_rows_of_the_same_second_repeat_too() -> None:
    assert all_pages(listing(5, 7, 7, 7), 3) == [["o0", "o1", "o2"], ["o1", "o2", "o3"]]


def test_no_more_than_three_rows_repeat() -> None:
    pages = all_pages(listing(*[7] * 10), 6)
    assert pages == [[f"o{n}" for n in range(6)], [f"o{n}" for n in range(3, 9)], pages[2]]
    assert pages[2] == ["o6", "o7", "o8", "o9"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 2000])
def test_paging_ends_and_lists_everyone_however_many_share_a_second(limit: int) -> None:
    rng = random.Random(limit)
    followers = listing(*(rng.randrange(1_700_000_000, 1_700_000_004) for _ in range(60)))
    seen = Counter(openid for page in all_pages(followers, limit) for openid in page)
    assert set(seen) == {f"o{n}" for n in range(60)}
    if limit == 1:
        assert set(seen.values()) == {1}


def test_a_cursor_is_valid_after_its_row_was_removed() -> None:
    followers = listing(10, 20, 30, 40)
    _, cursor = followers.page(2, None)
    followers.remove("o1")
    followers.remove("o0")
    rows, _ = followers.page(2, cursor)
    assert [row.openid for row in rows] == ["o2", "o3"]


def test_an_empty_list_ends_at_once() -> None:
    assert FollowerList().page(200, None) == ([], 0)


def test_a_follower_who_subscribes_again_is_listed_once_at_the_new_time() -> None:
    followers = listing(10, 20)
    followers.add(follower("o0", 30))
    assert [row.openid for row in followers] == ["o1", "o0"]
    assert len(followers) == 2


def test_of_two_rows_of_an_openid_the_last_one_counts() -> None:
    followers = FollowerList()
    followers.extend([follower("a", 10), follower("b", 20), follower("a", 30)])
    assert [(row.openid, row.subscribe_time) for row in followers] == [("b", 20), ("a", 30)]


def test_a_follower_who_unsubscribed_is_not_listed() -> None:
    followers = listing(10, 20)
    assert followers.remove("o0")
    assert not followers.remove("o0")
    assert "o0" not in followers
    assert followers.get("o0") is None
    assert [row.openid for row in followers] == ["o1"]
