"""Who belongs to an audience."""

import pytest

from factories import NOW_S, ROOM, a_follower
from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.followers import Status

FOLLOWER = a_follower(subscribed_at=NOW_S)


def test_everybody_is_whoever_is_subscribed() -> None:
    assert EVERYBODY.includes(FOLLOWER)
    assert EVERYBODY.includes(a_follower(subscribed_at=0, room_id=0))


@pytest.mark.parametrize("audience", [EVERYBODY, Audience(rooms=(ROOM,), since=1, before=2**40)])
def test_no_audience_includes_somebody_who_unsubscribed(audience: Audience) -> None:
    assert not audience.includes(a_follower(status=Status.UNSUBSCRIBED))


@pytest.mark.parametrize(
    ("rooms", "included"), [((ROOM,), True), ((ROOM, 7), True), ((7,), False), ((), True)]
)
def test_rooms_are_where_the_follower_subscribed(rooms: tuple[int, ...], *, included: bool) -> None:
    assert Audience(rooms=rooms).includes(FOLLOWER) is included


@pytest.mark.parametrize(
    ("since", "before", "included"),
    [
        (NOW_S, 0, True),
        (NOW_S + 1, 0, False),
        (0, NOW_S + 1, True),
        (0, NOW_S, False),
        (NOW_S, NOW_S + 1, True),
    ],
)
def test_a_time_includes_its_beginning_and_not_its_end(
    since: int, before: int, *, included: bool
) -> None:
    assert Audience(since=since, before=before).includes(FOLLOWER) is included


@pytest.mark.parametrize(("status", "included"), [(0, True), (101, True), (103, False)])
def test_a_status_is_that_of_the_room_when_the_follower_subscribed(
    status: int, *, included: bool
) -> None:
    assert Audience(room_status=status).includes(FOLLOWER) is included


def test_a_room_and_a_time_must_both_fit() -> None:
    assert Audience((ROOM,), NOW_S, NOW_S + 1).includes(FOLLOWER)
    assert not Audience((7,), NOW_S, NOW_S + 1).includes(FOLLOWER)
    assert not Audience((ROOM,), NOW_S + 1).includes(FOLLOWER)
