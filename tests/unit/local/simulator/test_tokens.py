"""The simulator's access tokens, with a manual clock."""

import pytest

from wxlive_local.simulator.errcodes import ApiError
from wxlive_local.simulator.tokens import StableTokens

NOON = 1_700_020_800.0  # 12:00 in Beijing


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> StableTokens:
    return StableTokens(clock)


def errcode_of(tokens: StableTokens, text: str | None) -> int:
    try:
        tokens.check(text)
    except ApiError as error:
        return error.errcode
    return 0


def test_the_same_token_is_issued_until_less_than_five_minutes_are_left(
    clock: Clock, tokens: StableTokens
) -> None:
    first, life = tokens.issue()
    assert life == 7200
    clock.time += 6900
    assert tokens.issue() == (first, 300)
    clock.time += 0.5
    second, life = tokens.issue()
    assert second != first
    assert life == 7200


def test_the_old_token_works_for_five_minutes_after_its_renewal(
    clock: Clock, tokens: StableTokens
) -> None:
    first, _ = tokens.issue()
    clock.time += 7000
    second, _ = tokens.issue()
    clock.time += 299
    assert errcode_of(tokens, first) == 0
    clock.time += 1
    assert errcode_of(tokens, first) == 42001
    assert errcode_of(tokens, second) == 0


def test_an_expired_token_stays_expired_after_a_renewal(clock: Clock, tokens: StableTokens) -> None:
    first, _ = tokens.issue()
    clock.time += 7200
    tokens.issue()
    assert errcode_of(tokens, first) == 42001


@pytest.mark.parametrize(
    ("text", "errcode"),
    [(None, 41001), ("", 41001), ("short", 40014), ("x" * 31 + "!", 40014), ("x" * 40, 40001)],
)
def test_a_token_that_was_never_issued_is_refused(
    tokens: StableTokens, text: str | None, errcode: int
) -> None:
    tokens.issue()
    assert errcode_of(tokens, text) == errcode


def test_an_invalidated_token_is_refused_and_the_next_one_is_new(tokens: StableTokens) -> None:
    first, _ = tokens.issue()
    tokens.invalidate_current()
    assert errcode_of(tokens, first) == 40001
    second, _ = tokens.issue()
    assert second != first
    assert errcode_of(tokens, second) == 0


def test_a_forced_refresh_invalidates_the_token_but_not_twice_in_thirty_seconds(
    clock: Clock, tokens: StableTokens
) -> None:
    first, _ = tokens.issue()
    second, _ = tokens.issue(force=True)
    assert errcode_of(tokens, first) == 40001
    clock.time += 29
    assert tokens.issue(force=True)[0] == second
    clock.time += 1
    assert tokens.issue(force=True)[0] != second
    assert tokens.forced == 2


def test_twenty_forced_refreshes_a_day_are_accepted(clock: Clock, tokens: StableTokens) -> None:
    for _ in range(20):
        tokens.issue(force=True)
        clock.time += 30
    with pytest.raises(ApiError) as refused:
        tokens.issue(force=True)
    assert refused.value.errcode == 45009
    clock.time += 12 * 3600
    tokens.issue(force=True)
    assert tokens.forced == 21
