"""What is read from the simulated WeChat's ledger."""

from bench_harness.push_account import read_account
from wxlive_local.simulator import (
    Account,
    CallbackRecord,
    DeliveryState,
    Platform,
    PushCall,
    PushResult,
)

MIDNIGHT = 1_795_795_200.0
"""In Beijing."""


def call(at: float, room: int, *openids: str, errcode: int = 0) -> PushCall:
    return PushCall(at, room, openids, errcode, None if errcode else f"message {at}")


def platform(*calls: PushCall) -> Platform:
    """WeChat after these calls."""
    platform = Platform(Account(), lambda: MIDNIGHT)
    for one in calls:
        platform.ledger.push(one)
    return platform


def test_a_follower_may_be_notified_once_for_each_room() -> None:
    account = read_account(
        platform(call(MIDNIGHT, 1, "a", "b"), call(MIDNIGHT, 2, "a"), call(MIDNIGHT, 1, "b", "c"))
    )

    assert account.twice == 1
    assert account.missed({"a", "b", "c", "d"}, room=1) == 1
    assert account.missed({"a"}, room=3) == 1


def test_a_call_that_was_refused_notified_nobody() -> None:
    account = read_account(platform(call(MIDNIGHT, 1, "a", errcode=9410005)))

    assert account.missed({"a"}, room=1) == 1
    assert account.rooms_by_day == {}
    assert account.errcodes == {9410005: 1}


def test_the_rooms_are_those_of_wechats_days() -> None:
    account = read_account(
        platform(call(MIDNIGHT - 1, 1, "a"), call(MIDNIGHT, 1, "b"), call(MIDNIGHT + 1, 2, "c"))
    )

    assert list(account.rooms_by_day.values()) == [{1}, {1, 2}]


def test_a_call_is_reported_if_its_result_was_delivered() -> None:
    reported, lost = call(MIDNIGHT, 1, "a", "b"), call(MIDNIGHT + 1, 1, "c")
    wechat = platform(reported, lost)
    for one, state in ((reported, DeliveryState.DELIVERED), (lost, DeliveryState.GIVEN_UP)):
        result = PushResult(one.message_id or "", 1, int(MIDNIGHT), len(one.openids), 1)
        wechat.ledger.expect(CallbackRecord(result, state=state))

    assert read_account(wechat).reported == {frozenset({"a", "b"})}
