"""Rooms as getliveinfo shows them, and which of them have just gone live."""

from typing import Any

import pytest

from wxlive.rooms import Room, RoomStatus, newly_live

ROW: dict[str, Any] = {
    "name": "直播",
    "roomid": 7,
    "live_status": 101,
    "start_time": 1_790_000_000,
    "end_time": 1_790_003_600,
    "goods": [],
}


def a_room(room_id: int = 7, status: int = RoomStatus.LIVE) -> Room:
    return Room(room_id=room_id, name="", status=status, starts_at=0, ends_at=0)


def test_a_row_is_read() -> None:
    assert Room.from_answer(ROW) == Room(
        room_id=7, name="直播", status=101, starts_at=1_790_000_000, ends_at=1_790_003_600
    )


def test_the_id_may_be_named_as_elsewhere() -> None:
    assert Room.from_answer({"room_id": 8, "live_status": 102}).room_id == 8


def test_numbers_may_be_text() -> None:
    room = Room.from_answer({"roomid": "8", "live_status": "102", "start_time": "5"})
    assert (room.room_id, room.status, room.starts_at) == (8, 102, 5)


def test_what_is_missing_is_unknown() -> None:
    room = Room.from_answer({"roomid": 8, "live_status": 102, "end_time": None})
    assert (room.name, room.starts_at, room.ends_at) == ("", 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"roomid": None},
        {"live_status": None},
        {"roomid": "seven"},
        {"live_status": "live"},
        {"start_time": "soon"},
        {"roomid": float("inf")},
        {"live_status": float("nan")},
        {"end_time": float("-inf")},
        {"roomid": []},
    ],
)
def test_a_row_without_usable_numbers_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Room.from_answer({**ROW, **change})


def test_a_status_that_nobody_knows_is_kept() -> None:
    room = Room.from_answer({**ROW, "live_status": 199})
    assert room.status == 199
    assert not room.is_live
    assert room.status_words == "in an unknown state (199)"


@pytest.mark.parametrize("status", RoomStatus)
def test_only_status_101_is_live(status: RoomStatus) -> None:
    assert a_room(status=status).is_live is (status == 101)


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
    ],
)
def test_a_status_is_told_in_words(status: int, words: str) -> None:
    assert a_room(status=status).status_words == words


def test_a_room_is_newly_live_when_it_was_not_live_before() -> None:
    waiting = {7: a_room(status=RoomStatus.NOT_STARTED)}
    assert newly_live({}, [a_room()]) == [a_room()]
    assert newly_live(waiting, [a_room()]) == [a_room()]


def test_a_room_that_stays_live_or_is_not_live_is_no_news() -> None:
    assert newly_live({7: a_room()}, [a_room()]) == []
    assert newly_live({7: a_room()}, [a_room(status=RoomStatus.ENDED)]) == []
    assert newly_live({}, [a_room(status=RoomStatus.NOT_STARTED)]) == []


def test_each_room_is_judged_by_its_own_past() -> None:
    known = {7: a_room(7), 8: a_room(8, RoomStatus.PAUSED)}
    assert newly_live(known, [a_room(7), a_room(8), a_room(9)]) == [a_room(8), a_room(9)]
