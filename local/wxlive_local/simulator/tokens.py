"""Access tokens as ``stable_token`` issues them: docs/wechat-protocol.md#access-token."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wxlive_local.simulator.errcodes import (
    DAY_USED_UP,
    TOKEN_EXPIRED,
    TOKEN_MALFORMED,
    TOKEN_MISSING,
    TOKEN_NOT_LATEST,
    ApiError,
)
from wxlive_local.simulator.quota import beijing_day

_SHAPE = re.compile(r"[A-Za-z0-9_-]{32,512}")
_FORCED_APART_S: Final = 30
_FORCED_A_DAY: Final = 20


@dataclass(slots=True)
class _Token:
    text: str
    expires_at: float
    refused_with: int | None = None


class StableTokens:
    """Issues and checks access tokens.

    Normal mode returns the same token until it expires in less than ``overlap_s``, then a new
    one; the old one stays valid for another ``overlap_s``. A forced refresh invalidates the old
    token at once; within 30 s of the previous one it changes nothing.
    """

    def __init__(
        self, now: Callable[[], float], *, life_s: float = 7200, overlap_s: float = 300
    ) -> None:
        self._now = now
        self._life_s = life_s
        self._overlap_s = overlap_s
        self._known: dict[str, _Token] = {}
        self._current: _Token | None = None
        self._forced_at: list[float] = []

    @property
    def forced(self) -> int:
        """The number of forced refreshes."""
        return len(self._forced_at)

    @property
    def issued(self) -> int:
        """The number of different tokens issued."""
        return len(self._known)

    def issue(self, *, force: bool = False) -> tuple[str, int]:
        """Return the current token and in how many whole seconds it expires.

        Raises:
            ApiError: 45009, the day's forced refreshes are used up.
        """
        now = self._now()
        if force:
            self._force(now)
        current = self._current
        if current is None or current.refused_with or current.expires_at - now < self._overlap_s:
            current = self._renew(now)
        return current.text, int(current.expires_at - now)

    def check(self, text: str | None) -> None:
        """Check the token of a call.

        Raises:
            ApiError: 41001, no token; 40014, malformed; 40001, never issued or invalidated;
                42001, expired.
        """
        if not text:
            raise ApiError(TOKEN_MISSING)
        if not _SHAPE.fullmatch(text):
            raise ApiError(TOKEN_MALFORMED)
        token = self._known.get(text)
        if token is None:
            raise ApiError(TOKEN_NOT_LATEST)
        if token.refused_with:
            raise ApiError(token.refused_with)
        if self._now() >= token.expires_at:
            raise ApiError(TOKEN_EXPIRED)

    def invalidate_current(self, errcode: int = TOKEN_NOT_LATEST) -> None:
        """Refuse the current token with ``errcode`` from now on; the next one issued is new."""
        if self._current is not None:
            self._current.refused_with = errcode

    def _force(self, now: float) -> None:
        if self._forced_at and now - self._forced_at[-1] < _FORCED_APART_S:
            return
        today = [at for at in self._forced_at if beijing_day(at) == beijing_day(now)]
        if len(today) >= _FORCED_A_DAY:
            raise ApiError(DAY_USED_UP)
        self._forced_at.append(now)
        self.invalidate_current()

    def _renew(self, now: float) -> _Token:
        # Both tokens are valid for five minutes, however late the renewal is; a token that has
        # expired already stays expired (docs/wechat-protocol.md#access-token).
        if self._current is not None and now < self._current.expires_at:
            self._current.expires_at = now + self._overlap_s
        text = f"SIM_{secrets.token_urlsafe(96)}"
        self._current = self._known[text] = _Token(text, now + self._life_s)
        return self._current
