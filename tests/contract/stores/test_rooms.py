"""Rooms are remembered as they were last seen."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from factories import DAY, NOW_S, a_room
from support.backends import Tables
from support.table_faults import BUSY, LOST, Fault, Faults
from wxlive.domain.audience import Audience
from wxlive.domain.rooms import Choice
from wxlive.errors import Conflict
from wxlive.stores.rooms import Asked, RoomStore

ROOM = a_room(7, name="直播", status=102, starts_at=NOW_S, ends_at=NOW_S + 3600)


@pytest.fixture
def store(tables: Tables) -> RoomStore:
    return RoomStore(tables.state)


def test_no_room_is_remembered_at_first(store: RoomStore) -> None:
    assert store.all() == {}


def test_rooms_are_remembered_by_their_ids(
    store: RoomStore, in_pages: Callable[[str, int], None]
) -> None:
    rooms = {i: replace(ROOM, room_id=i, name="") for i in range(1, 8)}
    for room in rooms.values():
        store.save(room, NOW_S)
    in_pages("Query", 3)
    assert store.all() == rooms


def test_a_room_is_remembered_as_it_was_last_seen(store: RoomStore) -> None:
    store.save(ROOM, NOW_S)
    store.save(replace(ROOM, status=101), NOW_S + 60)
    assert store.all() == {7: replace(ROOM, status=101)}


def test_a_room_is_forgotten_after_it_was_last_seen(store: RoomStore, tables: Tables) -> None:
    store.save(ROOM, NOW_S + 0.9)
    (row,) = tables.state.scan()["Items"]
    assert (row["seen_at"], row["expires_at"]) == (NOW_S, NOW_S + 90 * 86_400)


def test_since_when_a_room_is_live_outlasts_whoever_does_not_know(store: RoomStore) -> None:
    live = replace(ROOM, status=101, live_since=NOW_S)
    store.save(live, NOW_S)
    store.save(replace(live, live_since=0, name="renamed"), NOW_S + 60)
    assert store.all() == {7: replace(live, name="renamed")}
    store.save(replace(ROOM, status=103), NOW_S + 120)
    store.save(replace(ROOM, status=101), NOW_S + 180)
    assert store.all()[7].live_since == 0


def test_since_when_a_room_is_closed_is_remembered(store: RoomStore) -> None:
    closed = replace(ROOM, status=105, closed_since=NOW_S)
    store.save(closed, NOW_S + 60)
    assert store.all() == {7: closed}
    store.save(replace(ROOM, status=101), NOW_S + 120)
    assert store.all()[7].closed_since == 0, "it is live again"


def test_when_wechat_was_asked_is_remembered(store: RoomStore) -> None:
    assert store.asked() == Asked()
    assert store.ask(NOW_S + 0.9, run_s=NOW_S, before=Asked())
    assert store.asked() == Asked(NOW_S, NOW_S)
    assert store.all() == {}


def test_of_two_runs_that_would_ask_at_once_one_does(store: RoomStore) -> None:
    before = store.asked()
    assert store.ask(NOW_S, run_s=NOW_S, before=before)

    assert not store.ask(NOW_S + 1, run_s=NOW_S - 60, before=before)
    assert not store.ask(NOW_S + 1, run_s=NOW_S + 60, before=before)


def test_a_run_that_begins_later_takes_over(store: RoomStore) -> None:
    older, younger = NOW_S - 60, NOW_S
    store.ask(NOW_S, run_s=older, before=store.asked())
    assert store.ask(NOW_S + 9, run_s=younger, before=store.asked())

    assert not store.ask(NOW_S + 18, run_s=older, before=store.asked())
    assert store.ask(NOW_S + 18, run_s=younger, before=store.asked())


def test_a_run_takes_over_from_version_0_1(store: RoomStore, tables: Tables) -> None:
    tables.state.put_item(Item={"pk": "watch", "sk": "asked", "asked_at": NOW_S})

    assert store.ask(NOW_S + 9, run_s=NOW_S, before=store.asked())


def test_a_day_has_one_choice_that_can_be_taken_back(store: RoomStore) -> None:
    first, second = Choice(7, NOW_S), Choice(8, NOW_S + 1, NOW_S + 60)
    store.choose("2026-11-22", first)
    store.choose("2026-11-22", second, before=first)
    assert store.chosen("2026-11-22") == second
    assert store.chosen("2026-11-23") is None
    store.unchoose("2026-11-22", second)
    store.unchoose("2026-11-22", second)
    assert store.chosen("2026-11-22") is None


def test_a_choice_is_taken_back_only_as_it_was_read(store: RoomStore) -> None:
    first, second = Choice(7, NOW_S), Choice(7, NOW_S + 1, NOW_S + 60)
    store.choose("2026-11-22", second)
    with pytest.raises(Conflict):
        store.unchoose("2026-11-22", first)
    assert store.chosen("2026-11-22") == second


def test_a_choice_takes_the_place_only_of_the_one_that_was_read(store: RoomStore) -> None:
    first, second = Choice(7, NOW_S), Choice(8, NOW_S + 1)
    store.choose("2026-11-22", first)
    with pytest.raises(Conflict):
        store.choose("2026-11-22", second)
    with pytest.raises(Conflict):
        store.choose("2026-11-22", second, before=replace(first, chosen_at=NOW_S - 1))
    assert store.chosen("2026-11-22") == first


@pytest.mark.parametrize("fault", LOST)
def test_a_choice_whose_answer_is_lost_is_made_once(
    store: RoomStore, faults: Faults, fault: Fault
) -> None:
    faults.writes = [fault]
    store.choose("2026-11-22", Choice(7, NOW_S))
    assert store.chosen("2026-11-22") == Choice(7, NOW_S)


def test_the_choices_from_a_day_on(store: RoomStore) -> None:
    for day in (21, 22, 23):
        store.choose(f"2026-11-{day}", Choice(day, NOW_S, NOW_S + day))
    assert store.choices("2026-11-22") == {
        f"2026-11-{day}": Choice(day, NOW_S, NOW_S + day) for day in (22, 23)
    }


def test_a_choice_has_an_audience(store: RoomStore) -> None:
    target = Audience(rooms=(7, 9), since=50, before=70, exceptions="ab12")
    store.choose(DAY, Choice(7, NOW_S, NOW_S + 60, target))
    assert store.chosen(DAY) == Choice(7, NOW_S, NOW_S + 60, target)


@pytest.mark.parametrize(
    ("due", "expected"), [(False, Choice(7, NOW_S)), (True, Choice(7, NOW_S, NOW_S))]
)
def test_a_choice_of_version_0_1_is_understood(
    store: RoomStore, tables: Tables, expected: Choice, *, due: bool
) -> None:
    """It stored a planned push when that was due."""
    row: dict[str, Any] = {"pk": "choice", "sk": DAY, "room_id": 7, "chosen_at": NOW_S, "due": due}
    tables.state.put_item(Item=row)
    assert store.chosen(DAY) == expected
    store.choose(DAY, Choice(8, NOW_S), before=expected)
    assert store.chosen(DAY) == Choice(8, NOW_S)


def test_to_version_0_1_a_planned_push_is_not_due(store: RoomStore, tables: Tables) -> None:
    store.choose(DAY, Choice(7, NOW_S, NOW_S + 60))
    [item] = tables.state.scan()["Items"]
    assert item["due"] is False


@pytest.mark.parametrize("fault", BUSY)
def test_a_choice_that_meets_a_claim_is_made_all_the_same(
    store: RoomStore, faults: Faults, fault: Fault
) -> None:
    """Each claim checks the choice, so the two collide while a campaign sends."""
    faults.writes = [fault, fault]
    store.choose("2026-11-22", Choice(7, NOW_S))
    assert store.chosen("2026-11-22") == Choice(7, NOW_S)
    faults.writes = [fault, fault]
    store.unchoose("2026-11-22", Choice(7, NOW_S))
    assert store.chosen("2026-11-22") is None
