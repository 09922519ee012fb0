"""The costs that the README promises, beside those that were counted."""

import json

import pytest

from wxlive_local.paths import ROOT

DOLLARS = json.loads((ROOT / "benchmarks/bench_costs/costs.json").read_text("utf-8"))["dollars"]
README = " ".join((ROOT / "README.md").read_text("utf-8").split())


@pytest.mark.parametrize(
    ("job", "sentence"),
    [
        ("a million followers listed the first time", "a million followers {} for the first sync"),
        ("the same, unchanged", "{} for a sync without changes"),
        ("a million followers pushed", "{} for a push"),
        ("a million callbacks", "a million callbacks {}"),
        ("an idle month", "an idle month {}"),
    ],
)
def test_the_readme_names_the_costs_that_were_counted(job: str, sentence: str) -> None:
    assert sentence.format(f"${DOLLARS[job]:.2f}") in README


def test_an_idle_month_and_a_million_callbacks_stay_within_their_limits() -> None:
    assert DOLLARS["an idle month"] <= 3
    assert DOLLARS["a million callbacks"] <= 4.9
