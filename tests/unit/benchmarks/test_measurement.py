"""Measurements of how many are right, and the exponents that are fitted to measurements."""

import pytest

from bench_harness.measurement import Measurement, fitted_exponents, without

SIZES = (10_000, 100_000, 1_000_000)


def measured(name: str, figure: float, followers: int | None) -> Measurement:
    return Measurement(name, "", "s", [1.0], [figure], followers)


def test_the_exponent_is_that_of_the_power_law() -> None:
    linear = [measured("linear", size / 1000, size) for size in SIZES]
    constant = [measured("constant", 3.0, size) for size in SIZES]

    exponents = fitted_exponents([*linear, *constant])

    assert exponents == pytest.approx({"linear": 1.0, "constant": 0.0})


def test_a_single_size_has_no_exponent() -> None:
    assert fitted_exponents([measured("once", 3.0, 10), measured("no size", 3.0, None)]) == {}


@pytest.mark.parametrize(("of_all", "wrong", "ratio"), [(10, 0, 1.0), (10, 4, 0.6), (0, 0, 1.0)])
def test_the_ratio_is_the_share_that_is_right(of_all: int, wrong: int, ratio: float) -> None:
    assert without("", "", "", of_all=of_all, wrong=wrong).ratio == ratio
