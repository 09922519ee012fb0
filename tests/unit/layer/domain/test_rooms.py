"""Rooms: what their status means, and which of them have just gone live."""

import pytest

from factories import NOW_S, a_room
from wxlive.domain.rooms import OVER, RoomStatus, newly_live, noticed, unlisted


@pytest.mark.parametrize("status", RoomStatus)
def test_only_status_101_is_live(status: RoomStatus) -> None:
    assert a_room(status=status).is_live is (status == 101)


@pytest.mark.parametrize("status", RoomStatus)
def test_only_an_ended_banned_or_expired_room_is_over(status: RoomStatus) -> None:
    assert a_room(status=status).is_over is (status in {103, 104, 107})


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (101, "live (101)"),
        (102, "not started (102)"),
        (103, "ended (103)"),
        (104, "banned (104)"),
        (105, "paused (105)"),
        (106, "abnormal (106)"),
        (107, "expired (107)"),
        (199, "in an unknown state (199)"),
    ],
)
def test_a_status_is_described_in_words(status: int, words: str) -> None:
    assert a_room(status=status).status_words == words


def test_a_room_in_an_unknown_state_is_neither_live_nor_over() -> None:
    room = a_room(status=199)
    assert not room.is_live
    assert not room.is_over


# ---------------------------------------------------------------- newly live


def test_a_room_is_newly_live_when_it_was_not_live_before() -> None:
    waiting = {7: a_room(7, status=RoomStatus.NOT_STARTED)}
    assert newly_live({}, [a_room(7)]) == [a_room(7)]
    assert newly_live(waiting, [a_room(7)]) == [a_room(7)]


def test_a_room_that_stays_live_or_is_not_live_is_no_news() -> None:
    assert newly_live({7: a_room(7)}, [a_room(7)]) == []
    assert newly_live({7: a_room(7)}, [a_room(7, status=RoomStatus.ENDED)]) == []
    assert newly_live({}, [a_room(7, status=RoomStatus.NOT_STARTED)]) == []


def test_each_room_is_judged_by_its_own_past() -> None:
    known = {7: a_room(7), 8: a_room(8, status=RoomStatus.PAUSED)}
    assert newly_live(known, [a_room(7), a_room(8), a_room(9)]) == [a_room(8), a_room(9)]


# ---------------------------------------------------------------- live since


def test_a_room_is_live_since_it_was_first_seen_live() -> None:
    seen = noticed({7: a_room(7, live_since=5)}, [a_room(7), a_room(8)], NOW_S + 0.7)
    assert seen == {7: a_room(7, live_since=5), 8: a_room(8, live_since=NOW_S)}


def test_a_room_that_was_not_live_in_between_is_live_since_it_came_back() -> None:
    paused = a_room(7, status=RoomStatus.PAUSED)
    assert noticed({7: paused}, [a_room(7)], NOW_S)[7].live_since == NOW_S


@pytest.mark.parametrize("status", [RoomStatus.NOT_STARTED, RoomStatus.PAUSED, *OVER])
def test_a_room_that_is_not_live_has_no_such_time(status: RoomStatus) -> None:
    seen = noticed({7: a_room(7, live_since=5)}, [a_room(7, status=status)], NOW_S)
    assert seen[7].live_since == 0


# ---------------------------------------------------------------- closed since


def test_a_room_that_was_live_is_closed_since_it_was_first_seen_not_live() -> None:
    closed = a_room(7, status=RoomStatus.PAUSED)
    seen = noticed({7: a_room(7, live_since=5)}, [closed], NOW_S + 0.7)
    assert seen[7].closed_since == NOW_S
    assert noticed(seen, [closed], NOW_S + 600)[7].closed_since == NOW_S


def test_a_room_that_was_never_seen_live_is_not_closed() -> None:
    waiting = a_room(7, status=RoomStatus.NOT_STARTED)
    assert noticed({}, [waiting], NOW_S)[7].closed_since == 0
    assert noticed({7: waiting}, [waiting], NOW_S)[7].closed_since == 0


def test_a_room_that_opens_again_is_not_closed_any_more() -> None:
    closed = a_room(7, status=RoomStatus.PAUSED, closed_since=5)
    assert noticed({7: closed}, [a_room(7)], NOW_S)[7].closed_since == 0


# ---------------------------------------------------------------- no longer live


def test_a_room_that_was_only_known_to_be_live_is_closed_since_it_is_seen_closed() -> None:
    """A start has saved it; live_watch has never seen it live."""
    closed = a_room(7, status=RoomStatus.PAUSED)
    assert noticed({7: a_room(7)}, [closed], NOW_S)[7].closed_since == NOW_S


def test_a_live_room_that_the_list_lacks_is_unlisted_since_it_first_did() -> None:
    known = {
        7: a_room(7),
        8: a_room(8, unlisted_since=5),
        9: a_room(9, status=RoomStatus.PAUSED),
        10: a_room(10),
    }
    missing = unlisted(known, {10: a_room(10)}, NOW_S)
    assert {room.room_id: room.unlisted_since for room in missing.values()} == {7: NOW_S, 8: 5}


def test_a_room_that_is_listed_again_is_not_unlisted() -> None:
    known = {7: a_room(7, live_since=3, unlisted_since=5)}
    seen = noticed(known, [a_room(7)], NOW_S)
    assert (seen[7].gone_since, seen[7].live_since) == (0, 3)
