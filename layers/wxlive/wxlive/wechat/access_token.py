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


class NoTokenCache:
    """A ``TokenCache`` that keeps nothing, so that appid and AppSecret are put to the test."""

    def load(self) -> AccessToken | None:
        """Return no token."""
        return None

    def save(self, token: AccessToken) -> None:
        """Keep nothing."""


class AccessTokens:
    """Returns the current token: from memory, else the shared cache, else WeChat."""

    def __init__(
        self, cache: TokenCache, fetch: Callable[[], AccessToken], now: Callable[[], float]
    ) -> None:
        self._cache = cache
        self._fetch = fetch
        self._now = now
        self._held: AccessToken | None = None
        self._refused = ""

    @property
    def is_cached(self) -> bool:
        """Whether ``current`` would answer from memory."""
        return self._held is not None and self._held.is_fresh(self._now())

    def cached(self) -> str | None:
        """Return the token in memory, even if it is about to be renewed; None if there is none."""
        return self._held.value if self._held is not None else None

    def current(self) -> str:
        """Return a token that should be valid.

        Raises:
            TokenRefused: WeChat still hands out the token that it refused.
            WxliveError: whatever fetching raises.
        """
        if self._held is not None and self._held.is_fresh(self._now()):
            return self._held.value
        shared = self._cache.load()
        if shared is None or shared.value == self._refused or not shared.is_fresh(self._now()):
            shared = self._renew()
        self._held = shared
        return shared.value

    def refuse(self, value: str) -> None:
        """Forget a token that WeChat refused; ``current`` returns another one from now on."""
        self._refused = value
        self._held = None

    def _renew(self) -> AccessToken:
        token = self._fetch()
        if token.value == self._refused:
            raise TokenRefused(
                "WeChat refuses the access token it just handed out; check that the secret holds "
                "this Mini Program's appid and AppSecret, then try again"
            )
        self._cache.save(token)
        return token
