"""Which ratios are reported as worse than the baseline, and what saving changes."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from bench_harness.baseline import regressions, save
from bench_harness.measurement import Measurement


def measured(
    name: str = "sync",
    ratios: Iterable[float] = (1.0,),
    *,
    more_is_better: bool = False,
    followers: int | None = None,
) -> Measurement:
    figures = [10 * ratio for ratio in ratios]
    floors = [10.0] * len(figures)
    return Measurement(name, "", "s", floors, figures, followers, more_is_better)


@pytest.mark.parametrize(
    ("then", "now", "is_worse"),
    [
        ([1.0, 1.1], [1.2, 1.2], True),
        ([1.0, 1.1], [1.1, 1.2], False),
        ([1.0, 1.0], [0.5, 0.5], False),
        ([1.0, 1.0], [0.9, 1.3], False),
        ([1.0, 1.0], [1.02, 1.02], False),
    ],
    ids=["beyond the spread then", "within it", "better", "within the spread now", "noise"],
)
def test_a_ratio_is_reported_when_it_got_worse_by_more_than_its_spread(
    tmp_path: Path, then: list[float], now: list[float], *, is_worse: bool
) -> None:
    path = tmp_path / "baseline.json"
    save([measured(ratios=then)], path)

    lines = list(regressions([measured(ratios=now)], path))

    assert bool(lines) == is_worse
    assert all("sync: ratio 1.2, was 1.05" in line for line in lines)


def test_a_rate_gets_worse_by_falling(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    save([measured(ratios=[0.9], more_is_better=True)], path)

    assert not list(regressions([measured(ratios=[1.0], more_is_better=True)], path))
    assert list(regressions([measured(ratios=[0.8], more_is_better=True)], path))


def test_saving_some_benchmarks_keeps_the_entries_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    save([measured("a"), measured("b")], path)
    save([measured("a", [2.0]), measured("b", [3.0], followers=10)], path)

    now = [measured("a", [9.0]), measured("b", [9.0]), measured("new", [9.0])]
    lines = [line.split(" (")[0] for line in regressions(now, path)]
    assert lines == ["a: ratio 9, was 2", "b: ratio 9, was 1"]
