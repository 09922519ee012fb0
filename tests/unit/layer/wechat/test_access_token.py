"""The access token: used while fresh, fetched rarely, replaced once and never in a loop."""

from typing import TYPE_CHECKING

import pytest

from factories import NOW_S
from wxlive.errors import SystemBusy, TokenRefused
from wxlive.wechat.access_token import MARGIN_S, RENEWAL_WINDOW_S, AccessToken, AccessTokens

if TYPE_CHECKING:
    from collections.abc import Iterator

LIFE_S = 7200


def a_token(value: str = "t-1", *, fetched_at: int = NOW_S, life_s: int = LIFE_S) -> AccessToken:
    return AccessToken(value=value, fetched_at=fetched_at, expires_at=fetched_at + life_s)


class World:
    """A shared cache, a WeChat that hands out tokens, and a clock; counts each request."""

    def __init__(self) -> None:
        self.now = float(NOW_S)
        self.shared: AccessToken | None = None
        self.loads = 0
        self.saves: list[AccessToken] = []
        self.fetches = 0
        self.answers: Iterator[AccessToken] = (a_token(f"t-{n}") for n in range(1, 100))

    def load(self) -> AccessToken | None:
        self.loads += 1
        return self.shared

    def save(self, token: AccessToken) -> None:
        self.saves.append(token)
        if self.shared is None or self.shared.fetched_at <= token.fetched_at:
            self.shared = token

    def fetch(self) -> AccessToken:
        self.fetches += 1
        return next(self.answers)

    def tokens(self) -> AccessTokens:
        return AccessTokens(self, self.fetch, lambda: self.now)


@pytest.fixture
def world() -> World:
    return World()


# ---------------------------------------------------------------- fresh


@pytest.mark.parametrize(
    ("life_s", "used_for_s"),
    [(7200, 7200 - MARGIN_S), (401, 201), (400, 200), (300, 150), (2, 1), (0, 0), (-5, -2.5)],
)
def test_a_token_is_fresh_until_the_margin_or_half_of_a_short_life(
    life_s: int, used_for_s: float
) -> None:
    token = a_token(life_s=life_s)
    assert token.is_fresh(NOW_S + used_for_s - 0.001)
    assert not token.is_fresh(NOW_S + used_for_s)


def test_a_token_is_renewed_within_the_window_in_which_wechat_gives_a_new_one() -> None:
    assert 0 < MARGIN_S < RENEWAL_WINDOW_S


def test_a_token_is_not_shown_by_its_repr() -> None:
    assert "t-1" not in repr(a_token())


# ---------------------------------------------------------------- current


def test_the_first_token_is_fetched_and_shared(world: World) -> None:
    assert world.tokens().current() == "t-1"
    assert world.fetches == 1
    assert world.saves == [a_token("t-1")]


def test_a_held_token_needs_no_request(world: World) -> None:
    tokens = world.tokens()
    tokens.current()
    loads = world.loads
    assert [tokens.current() for _ in range(5)] == ["t-1"] * 5
    assert (world.loads, world.fetches) == (loads, 1)


def test_a_shared_token_saves_a_fetch(world: World) -> None:
    world.shared = a_token("t-shared")
    assert world.tokens().current() == "t-shared"
    assert (world.fetches, world.saves) == (0, [])


def test_a_shared_token_that_is_nearly_over_is_fetched_anew(world: World) -> None:
    world.shared = a_token("t-shared", fetched_at=NOW_S - LIFE_S + MARGIN_S)
    assert world.tokens().current() == "t-1"


def test_a_held_token_that_is_nearly_over_gives_way_to_the_shared_one(world: World) -> None:
    tokens = world.tokens()
    tokens.current()
    world.now += LIFE_S - MARGIN_S
    world.shared = a_token("t-other", fetched_at=int(world.now))
    assert tokens.current() == "t-other"
    assert world.fetches == 1


def test_a_token_that_is_over_everywhere_is_fetched_once_more(world: World) -> None:
    tokens = world.tokens()
    tokens.current()
    world.now += LIFE_S
    world.answers = iter([a_token("t-2", fetched_at=int(world.now))])
    assert [tokens.current(), tokens.current()] == ["t-2", "t-2"]
    assert world.fetches == 2


def test_a_token_that_came_dead_costs_one_fetch_a_request_and_no_loop(world: World) -> None:
    world.answers = (a_token(f"t-{n}", life_s=0) for n in range(1, 100))
    tokens = world.tokens()
    assert [tokens.current(), tokens.current()] == ["t-1", "t-2"]
    assert world.fetches == 2


def test_a_fetch_that_fails_is_an_error_and_tried_again_at_the_next_request(world: World) -> None:
    fails = True

    def fetch() -> AccessToken:
        if fails:
            raise SystemBusy("busy")
        return a_token()

    tokens = AccessTokens(world, fetch, lambda: world.now)
    with pytest.raises(SystemBusy):
        tokens.current()
    assert world.saves == []
    fails = False
    assert tokens.current() == "t-1"


# ---------------------------------------------------------------- cached


def test_without_a_request_no_token_is_cached_although_one_is_shared(world: World) -> None:
    world.shared = a_token("t-shared")
    tokens = world.tokens()
    assert (tokens.cached(), tokens.is_cached) == (None, False)
    assert (world.loads, world.fetches) == (0, 0)


def test_the_token_that_was_used_last_is_cached_without_a_request(world: World) -> None:
    tokens = world.tokens()
    tokens.current()
    loads = world.loads
    assert (tokens.cached(), tokens.is_cached) == ("t-1", True)
    assert (world.loads, world.fetches) == (loads, 1)


def test_a_token_that_is_nearly_over_is_still_at_hand_but_to_be_renewed(world: World) -> None:
    tokens = world.tokens()
    tokens.current()
    world.now += LIFE_S - MARGIN_S
    assert (tokens.cached(), tokens.is_cached) == ("t-1", False)
    assert world.fetches == 1


# ---------------------------------------------------------------- refuse


def test_a_refused_token_is_not_cached_any_more(world: World) -> None:
    tokens = world.tokens()
    tokens.refuse(tokens.current())
    assert (tokens.cached(), tokens.is_cached) == (None, False)
    assert world.fetches == 1


def test_a_refused_token_is_replaced_by_the_shared_one_where_that_is_another(world: World) -> None:
    tokens = world.tokens()
    tokens.refuse(tokens.current())
    world.shared = a_token("t-other")
    assert [tokens.current(), tokens.current()] == ["t-other", "t-other"]
    assert world.fetches == 1


def test_a_refused_token_that_all_share_is_fetched_anew_once(world: World) -> None:
    tokens = world.tokens()
    tokens.refuse(tokens.current())
    assert [tokens.current(), tokens.current()] == ["t-2", "t-2"]
    assert world.fetches == 2
    assert world.shared == a_token("t-2")


def test_a_shared_token_that_is_nearly_over_replaces_nothing(world: World) -> None:
    tokens = world.tokens()
    tokens.refuse(tokens.current())
    world.shared = a_token("t-other", fetched_at=NOW_S - LIFE_S + MARGIN_S)
    assert tokens.current() == "t-2"


def test_a_refused_token_that_nobody_shares_is_fetched_anew(world: World) -> None:
    tokens = world.tokens()
    tokens.refuse("t-0")
    assert tokens.current() == "t-1"


def test_a_token_that_wechat_hands_out_and_refuses_costs_one_fetch_a_call_and_no_loop(
    world: World,
) -> None:
    world.answers = (a_token("t-1") for _ in range(100))
    tokens = world.tokens()
    tokens.refuse(tokens.current())
    for fetches in (2, 3):
        with pytest.raises(TokenRefused, match="check that the secret"):
            tokens.current()
        assert (world.fetches, tokens.cached()) == (fetches, None)


def test_after_wechat_hands_out_another_token_it_is_used(world: World) -> None:
    world.answers = iter([a_token("t-1"), a_token("t-1"), a_token("t-2")])
    tokens = world.tokens()
    tokens.refuse(tokens.current())
    with pytest.raises(TokenRefused):
        tokens.current()
    assert tokens.current() == "t-2"


def test_a_slow_fetch_never_takes_the_newer_token_away_from_the_others(world: World) -> None:
    def fetch_slowly() -> AccessToken:
        world.shared = a_token("t-newer", fetched_at=NOW_S + 5)
        return a_token("t-older")

    slow = AccessTokens(world, fetch_slowly, lambda: world.now)
    assert slow.current() == "t-older"
    assert world.tokens().current() == "t-newer"
