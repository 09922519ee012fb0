"""How a share is shown."""

import pytest

from wxlive.domain.shares import format_share


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 0, "-"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 10**6, "0.1 %"), (999_999, 10**6, "99.9 %"),
     (1, 8, "12.5 %"), (1, 10, "10.0 %")],
)  # fmt: skip
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, whole: int, shown: str) -> None:
    assert format_share(part, whole) == shown
