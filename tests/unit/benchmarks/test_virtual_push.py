"""The virtual push keeps WeChat's limits and comes to its end."""

from bench_harness.virtual_push import DAILY_CALLS, VirtualPush
from wxlive.errors import NotReached, WxliveError


def test_every_chunk_is_accepted_by_one_call() -> None:
    push = VirtualPush(9_000)

    assert push.calls.total() == 5
    assert "settled with {'accepted': 9000}" in push.describe()


def test_a_million_followers_take_hardly_more_calls_than_full_chunks() -> None:
    assert 500 < VirtualPush(1_000_000).calls.total() <= 506


def test_ten_million_followers_take_every_call_of_the_day_and_all_chunks_are_full() -> None:
    push = VirtualPush(2000 * DAILY_CALLS)

    assert push.calls.total() == DAILY_CALLS


def test_a_call_that_did_not_reach_wechat_is_made_again() -> None:
    def first_fails(call: int) -> WxliveError | None:
        return NotReached("no connection was made") if call == 1 else None

    push = VirtualPush(9_000, first_fails)

    assert push.calls.total() == 6
    assert "settled" in push.describe()


def test_what_is_left_when_the_quota_is_used_up_is_sent_the_next_day() -> None:
    def first_fails(call: int) -> WxliveError | None:
        return NotReached("no connection was made") if call == 1 else None

    push = VirtualPush(2000 * DAILY_CALLS, first_fails)

    assert list(push.calls.values()) == [DAILY_CALLS, 1]
