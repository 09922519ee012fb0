"""Whom a push is for, as an operator's command says it."""

from typing import Any

import pytest

from wxlive.domain.audience import EVERYBODY, MAX_ROOMS, Audience
from wxlive.errors import InvalidCommand
from wxlive_push_start.commands import parse_audience


@pytest.mark.parametrize("raw", [{}, {"rooms": []}, {"rooms": None, "since": None, "before": 0}])
def test_an_audience_without_limits_is_everybody(raw: dict[str, Any]) -> None:
    assert parse_audience(raw) == EVERYBODY


def test_an_audience_names_each_room_once_in_order() -> None:
    raw = {"rooms": [9, 7, 7], "since": 50, "before": 70}
    assert parse_audience(raw) == Audience(rooms=(7, 9), since=50, before=70)


def test_an_audience_names_the_list_of_those_who_are_left_out() -> None:
    assert parse_audience({"exceptions": "ab12"}) == Audience(exceptions="ab12")


def test_an_audience_may_name_fifty_rooms() -> None:
    assert len(parse_audience({"rooms": list(range(MAX_ROOMS))}).rooms) == 50


@pytest.mark.parametrize(
    "raw",
    [
        [5],
        "everybody",
        {"room": 5},
        {"rooms": 5},
        {"rooms": ["5"]},
        {"rooms": [True]},
        {"rooms": [-5]},
        {"rooms": list(range(MAX_ROOMS + 1))},
        {"since": -1},
        {"since": 1.5},
        {"before": "tomorrow"},
        {"exceptions": 5},
    ],
)
def test_an_audience_that_makes_no_sense_is_refused(raw: object) -> None:
    with pytest.raises(InvalidCommand, match="audience must be like"):
        parse_audience(raw)
