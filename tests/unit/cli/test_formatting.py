"""How figures are shown."""

import pytest

from wxlive_cli.formatting import format_duration, format_quantity


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 calls"), (1, "1 call"), (2, "2 calls"), (2000, "2,000 calls")]
)
def test_a_noun_agrees_with_its_number(number: int, shown: str) -> None:
    assert format_quantity(number, "call") == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(59, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7260, "2 h 1 min")],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: int, shown: str) -> None:
    assert format_duration(seconds) == shown
