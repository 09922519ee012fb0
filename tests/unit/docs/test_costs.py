"""The costs that the README promises, beside those that were counted."""

import json

from bench_costs.cost_report import RESULT, readme_lines
from wxlive_local.paths import ROOT

DOLLARS = json.loads(RESULT.read_text("utf-8"))["dollars"]


def test_the_readme_names_the_costs_that_were_counted() -> None:
    """`make costs` writes both."""
    assert "\n".join(readme_lines(DOLLARS)) in (ROOT / "README.md").read_text("utf-8")


def test_an_idle_month_and_a_million_callbacks_stay_within_their_limits() -> None:
    assert DOLLARS["an idle month"] <= 3
    assert DOLLARS["a million callbacks"] <= 4.9
