"""The access token: one for all functions, fetched rarely, refreshed once, never in a loop.

``stable_token`` in normal mode gives every caller the same token
(docs/wechat-protocol.md#access-token), so no lock is needed: a caller that finds none requests it,
and the store never lets an older token overwrite a newer one. ``force_refresh`` would invalidate
the token of every caller and is never used.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from wxlive.errors import TokenRefused

RENEWAL_WINDOW_S = 300
"""WeChat renews when less than this remains; both tokens are then valid for as long."""

MARGIN_S = 200
"""A token with less than this left is fetched anew: inside the window, so the answer is a new
one, and well before the old one dies."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as fetched at ``fetched_at`` (Unix s), valid until ``expires_at`` (Unix s)."""

    value: str = field(repr=False)
    fetched_at: int
    expires_at: int

    def is_fresh(self, now_s: float) -> bool:
        """Whether it may still be used. A token given a short life is used for half of it."""
        life_s = self.expires_at - self.fetched_at
        return now_s < self.expires_at - min(MARGIN_S, life_s / 2)


class TokenCache(Protocol):
    """Where all functions share the token."""

    def load(self) -> AccessToken | None:
        """Return the shared token, if there is one."""
        ...

    def save(self, token: AccessToken) -> None:
        """Share a token, unless a newer one is shared already."""
        ...


class AccessTokens:
    """Returns the current token: from memory, else the shared cache, else WeChat."""

    def __init__(
        self, cache: TokenCache, fetch: Callable[[], AccessToken], now: Callable[[], float]
    ) -> None:
        self._cache = cache
        self._fetch = fetch
        self._now = now
        self._held: AccessToken | None = None

    @property
    def is_cached(self) -> bool:
        """Whether ``current`` would answer from memory."""
        return self._held is not None and self._held.is_fresh(self._now())

    def current(self) -> str:
        """Return a token that should be valid.

        Raises:
            whatever fetching raises.
        """
        if self._held is None or not self._held.is_fresh(self._now()):
            self._held = self._cache.load()
        if self._held is None or not self._held.is_fresh(self._now()):
            return self._renew()
        return self._held.value

    def replace(self, refused: str) -> str:
        """Return another token than the one WeChat refused. To be called once per request.

        Raises:
            TokenRefused: WeChat still hands out the token that it refuses.
        """
        shared = self._cache.load()
        if shared is not None and shared.value != refused and shared.is_fresh(self._now()):
            self._held = shared
            return shared.value
        renewed = self._renew()
        if renewed == refused:
            raise TokenRefused(
                "WeChat refuses the access token it just handed out; check that the secret holds "
                "this Mini Program's appid and AppSecret, then try again"
            )
        return renewed

    def _renew(self) -> str:
        token = self._fetch()
        self._cache.save(token)
        self._held = token
        return token.value
