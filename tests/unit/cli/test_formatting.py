"""How figures are shown."""

import pytest

from wxlive_cli.formatting import format_duration, format_quantity, format_share


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 calls"), (1, "1 call"), (2, "2 calls"), (2000, "2,000 calls")]
)
def test_a_noun_agrees_with_its_number(number: int, shown: str) -> None:
    assert format_quantity(number, "call") == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 0, "-"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 10**6, "0.1 %"), (999_999, 10**6, "99.9 %"),
     (1, 8, "12.5 %"), (1, 10, "10.0 %")],
)  # fmt: skip
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, whole: int, shown: str) -> None:
    assert format_share(part, whole) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(59, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7260, "2 h 1 min")],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: int, shown: str) -> None:
    assert format_duration(seconds) == shown
