"""The trial of a push that starts by itself follows from the stack's parameters."""

import pytest

from factories import some_settings
from wxlive_live_watch.dependencies import _trial


@pytest.mark.parametrize(
    ("parameters", "trial"),
    [
        ({"trial_openids": 0}, None),
        ({"trial_openids": 100}, {"first": 100, "go_on_at": 50}),
        ({"trial_openids": 100, "trial_go_on_percent": 0}, {"first": 100, "go_on_at": 0}),
        ({"trial_openids": 2000, "push_chunk_size": 500}, {"first": 500, "go_on_at": 50}),
    ],
)
def test_a_trial_is_one_call_at_most(
    parameters: dict[str, int], trial: dict[str, int] | None
) -> None:
    assert _trial(some_settings(**parameters)) == trial
