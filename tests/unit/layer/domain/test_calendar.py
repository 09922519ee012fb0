"""The day that WeChat's counters belong to, and the stamp, by their figures."""

from datetime import UTC, datetime

import pytest

from wxlive.domain.calendar import (
    MIDNIGHT_DOUBT_S,
    YOUNG_DAY_S,
    calls_resume_at,
    day_ends_at,
    day_of,
    day_of_count,
    stamp_of,
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("time", "offset", "day"),
    [
        ("2026-11-22T15:59:59", 8, "2026-11-22"),
        ("2026-11-22T16:00:00", 8, "2026-11-23"),
        ("2026-11-22T23:59:59", 0, "2026-11-22"),
        ("2026-11-22T11:59:59", -12, "2026-11-21"),
        ("2026-12-31T16:00:00", 8, "2027-01-01"),
    ],
)
def test_the_day_is_the_date_at_the_offset_from_utc(time: str, offset: int, day: str) -> None:
    assert day_of(at(time), offset) == day


@pytest.mark.parametrize(
    ("time", "offset", "end"),
    [
        ("2026-11-22T15:59:59", 8, "2026-11-22T16:00:00"),
        ("2026-11-22T16:00:00", 8, "2026-11-23T16:00:00"),
        ("2026-11-22T00:00:00", 0, "2026-11-23T00:00:00"),
        ("2026-12-31T20:00:00", -5, "2027-01-01T05:00:00"),
    ],
)
def test_the_day_ends_at_midnight_at_the_offset_from_utc(time: str, offset: int, end: str) -> None:
    assert day_ends_at(at(time), offset) == at(end)


def test_fractions_of_a_second_do_not_move_the_end_of_the_day() -> None:
    assert day_ends_at(at("2026-11-22T15:59:59") + 0.9, 8) == at("2026-11-22T16:00:00")


def test_the_next_day_begins_when_a_day_ends() -> None:
    end = day_ends_at(at("2026-11-22T03:00:00"), 8)
    assert day_of(end - 1, 8) == "2026-11-22"
    assert day_of(end, 8) == "2026-11-23"


def test_stamps_are_local_and_sort_by_time() -> None:
    assert stamp_of(at("2026-11-22T11:30:05"), 8) == "20261122T193005"
    stamps = [stamp_of(at(f"2026-{month:02}-09T23:10:00"), 8) for month in range(1, 13)]
    assert sorted(stamps) == stamps


# ---------------------------------------------------------------- the day of a count

MIDNIGHT = at("2026-11-22T16:00:00")


@pytest.mark.parametrize(
    ("asked_s", "answered_s", "day"),
    [
        (-3600, -3599, "2026-11-22"),
        (3600, 3601, "2026-11-23"),
        (-MIDNIGHT_DOUBT_S - 2, -MIDNIGHT_DOUBT_S - 1, "2026-11-22"),
        (MIDNIGHT_DOUBT_S, MIDNIGHT_DOUBT_S + 1, "2026-11-23"),
    ],
)
def test_a_count_belongs_to_the_day_in_which_it_was_asked_for_and_answered(
    asked_s: float, answered_s: float, day: str
) -> None:
    assert day_of_count(MIDNIGHT + asked_s, MIDNIGHT + answered_s, 8) == day


@pytest.mark.parametrize(
    ("asked_s", "answered_s"),
    [
        (-1, 1),
        (-3600, 3600),
        (-MIDNIGHT_DOUBT_S - 1, -MIDNIGHT_DOUBT_S),
        (-0.5, -0.1),
        (0, 5),
        (MIDNIGHT_DOUBT_S - 0.001, MIDNIGHT_DOUBT_S + 1),
    ],
)
def test_a_count_that_straddles_midnight_by_any_clock_belongs_to_no_day(
    asked_s: float, answered_s: float
) -> None:
    """WeChat's answer at 00:00:05 may still be yesterday's 4990 calls."""
    assert day_of_count(MIDNIGHT + asked_s, MIDNIGHT + answered_s, 8) is None


# ---------------------------------------------------------------- when calls resume


@pytest.mark.parametrize("refused_s", [-3600, -0.5, YOUNG_DAY_S - 86_400])
def test_after_a_quota_is_used_up_calls_resume_when_the_next_day_has_surely_begun(
    refused_s: float,
) -> None:
    assert calls_resume_at(MIDNIGHT + refused_s, 8) == MIDNIGHT + MIDNIGHT_DOUBT_S


@pytest.mark.parametrize("refused_s", [0, 5.9, YOUNG_DAY_S - 1])
def test_a_quota_that_is_used_up_minutes_after_midnight_is_yesterdays_and_costs_no_day(
    refused_s: float,
) -> None:
    """45009 at 00:00:05 must not stop calls for 24 hours."""
    expected = MIDNIGHT + int(refused_s) + YOUNG_DAY_S
    assert calls_resume_at(MIDNIGHT + refused_s, 8) == expected
