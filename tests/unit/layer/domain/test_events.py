"""The events that WeChat pushes, as values."""

from typing import Any

import pytest

from factories import a_result

ERRORS = ("openid_error", "relation_error", "user_recv_limit", "internal_error")
COUNTS: dict[str, Any] = {"total": 10, "success": 5, **dict.fromkeys(ERRORS, 1), "openid_error": 2}


def test_a_result_adds_up_when_its_total_is_the_sum_of_the_other_counts() -> None:
    assert a_result(**COUNTS).adds_up


@pytest.mark.parametrize("count", COUNTS)
def test_a_result_with_any_count_wrong_does_not_add_up(count: str) -> None:
    assert not a_result(**{**COUNTS, count: 99}).adds_up
