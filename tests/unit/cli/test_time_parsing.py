"""Times as an operator types and reads them."""

import pytest

from factories import NOW_S
from wxlive.errors import InvalidCommand
from wxlive_cli.time_parsing import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "later_s"),
    [("19:31", 60), ("23:59", 16_140), ("2026-11-23 00:00", 16_200), ("2026-11-22T19:30:01", 1)],
)
def test_a_time_of_day_means_today_in_wechats_zone(text: str, later_s: float) -> None:
    assert parse_time(text, now_s=NOW_S, offset_hours=8) == NOW_S + later_s


@pytest.mark.parametrize("text", ["soon", "25:00", "2026-11-22", "", "20:00 +08:00"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCommand, match=r"is not a time; write 20:00 or"):
        parse_time(text, now_s=NOW_S, offset_hours=8)


@pytest.mark.parametrize("text", ["19:29", "2026-11-22T19:29"])
def test_a_past_time_is_refused_and_never_means_tomorrow(text: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        parse_time(text, now_s=NOW_S, offset_hours=8)

    assert "2026-11-22 19:29:00 UTC+8 is in the past" in str(refused.value)
    assert "it is 2026-11-22 19:30:00 UTC+8" in str(refused.value)


def test_no_time_is_shown_as_a_dash() -> None:
    assert format_time(0, 8) == "-"
