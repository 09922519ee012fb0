"""A year of days: rooms are noticed in seconds about their planned start, within the budget."""

import pytest

from bench_harness.virtual_watch import DAILY_CALLS, Opening, Watched, percentile, watch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("a year")]

PUSH_S = 5
"""From the poll that notices a room to its first call, through two processes that are cold."""


@pytest.fixture(scope="module")
def year() -> Watched:
    return watch(days=365, seed=20261128)


def test_the_budget_is_never_broken(year: Watched) -> None:
    assert len(year.calls) == 365
    assert max(year.calls) <= DAILY_CALLS


@pytest.mark.parametrize("opening", [kind for kind in Opening if kind is not Opening.UNPLANNED])
def test_a_planned_room_is_pushed_within_15_s(year: Watched, opening: Opening) -> None:
    assert len(year.delays_s[opening]) > 50
    assert percentile(year.delays_s[opening], 95) + PUSH_S <= 15.5


def test_planned_rooms_together_are_pushed_within_15_s(year: Watched) -> None:
    delays_s = year.planned_delays_s()

    assert percentile(delays_s, 95) + PUSH_S <= 15
    assert max(delays_s) <= 60


def test_a_room_without_a_plan_is_noticed_as_if_the_other_calls_were_spread_evenly(
    year: Watched,
) -> None:
    evenly_s = percentile(year.even_s, 50) / 2

    assert percentile(year.delays_s[Opening.UNPLANNED], 50) <= 1.05 * evenly_s


def test_the_same_seed_gives_the_same_days() -> None:
    assert watch(days=2, seed=3) == watch(days=2, seed=3)
