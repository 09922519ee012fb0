"""Which room is pushed today."""

from dataclasses import replace

import pytest

from factories import a_room
from wxlive.domain.rooms import Choice, Room
from wxlive_live_watch.room_choice import FRESH_S, choose_room, push_wanted_since

BEGAN_AT = 1_795_276_800
A = a_room(1001, starts_at=BEGAN_AT + 100, live_since=BEGAN_AT + 200)
B = a_room(7, starts_at=BEGAN_AT + 50, live_since=BEGAN_AT + 300)


def chosen(
    *rooms: Room,
    choice: Choice | None = None,
    auto_push: bool = True,
    now_s: int = BEGAN_AT + 400,
) -> Room | None:
    return choose_room(rooms, choice, auto_push=auto_push, day_began_at=BEGAN_AT, now_s=now_s)


def test_the_first_room_that_went_live_is_pushed_whatever_its_planned_start() -> None:
    assert chosen(B, A) == A
    assert chosen(B, replace(A, status=103)) == B


def test_of_two_rooms_noticed_at_once_the_one_planned_earlier_is_pushed() -> None:
    assert chosen(A, replace(B, live_since=A.live_since)) == replace(B, live_since=A.live_since)


def test_a_show_that_began_yesterday_is_not_pushed_today() -> None:
    now_s = BEGAN_AT + FRESH_S
    assert chosen(replace(A, live_since=BEGAN_AT - 1), now_s=now_s) is None
    assert chosen(replace(A, live_since=BEGAN_AT), now_s=now_s + 9) is not None


def test_a_show_that_began_just_before_midnight_goes_on_as_todays() -> None:
    began_s = BEGAN_AT - 30
    assert chosen(replace(A, live_since=began_s), now_s=began_s + FRESH_S) is not None
    assert chosen(replace(A, live_since=began_s), now_s=began_s + FRESH_S + 1) is None


@pytest.mark.parametrize("status", [102, 103, 105])
def test_a_room_that_is_not_live_is_not_pushed(status: int) -> None:
    assert chosen(replace(A, status=status)) is None


def test_without_a_choice_nothing_is_pushed_while_autopush_is_off() -> None:
    assert chosen(A, auto_push=False) is None


@pytest.mark.parametrize(
    ("push_at", "auto_push", "wanted"),
    [
        (0, True, True),
        (0, False, False),
        (BEGAN_AT + 400, False, True),
        (BEGAN_AT + 400, True, True),
        (BEGAN_AT + 401, False, False),
        (BEGAN_AT + 401, True, False),
    ],
)
def test_a_chosen_room_is_pushed_by_autopush_and_a_planned_one_when_its_time_has_come(
    push_at: int, *, auto_push: bool, wanted: bool
) -> None:
    choice = Choice(7, BEGAN_AT, push_at)

    assert chosen(A, B, choice=choice, auto_push=auto_push) == (B if wanted else None)
    assert chosen(A, replace(B, status=102), choice=choice, auto_push=auto_push) is None


def test_a_choice_pushes_a_show_that_began_yesterday() -> None:
    old = replace(A, live_since=BEGAN_AT - 9)

    assert chosen(old, choice=Choice(1001, BEGAN_AT)) == old


def test_a_push_is_wanted_since_its_room_is_live_or_its_planned_time_came() -> None:
    assert push_wanted_since(A, None, 9) == A.live_since
    assert push_wanted_since(None, Choice(7, 3, 5), 5) == 5
    assert push_wanted_since(None, Choice(7, 3, 5), 4) is None
    assert push_wanted_since(None, Choice(7, 5), 9) is None
    assert push_wanted_since(None, None, 9) is None


def test_a_push_of_a_room_that_was_live_before_is_wanted_since_it_was_chosen_or_planned() -> None:
    later = A.live_since + 7200
    assert push_wanted_since(A, Choice(1001, later), later) == later
    assert push_wanted_since(A, Choice(1001, 3, later), later) == later
    assert push_wanted_since(A, Choice(1001, 3), later) == A.live_since
