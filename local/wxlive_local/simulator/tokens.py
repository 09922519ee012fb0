"""Stable access tokens: one for all callers, renewed shortly before it dies."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wxlive_local.simulator.answers import (
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
    """The platform's side of ``stable_token``.

    Normal mode hands out the same token until less than ``overlap_s`` of its life is left; then
    a new one, and the old one works for ``overlap_s`` more. A forced refresh kills the old one
    at once; within 30 s of the last one it changes nothing.
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
        """How often a token was renewed by force."""
        return len(self._forced_at)

    @property
    def issued(self) -> int:
        """How many different tokens there were."""
        return len(self._known)

    def issue(self, *, force: bool = False) -> tuple[str, int]:
        """The token to use now, and the whole seconds of life it has left.

        Raises:
            ApiError: 45009 the day's forced refreshes are used up.
        """
        now = self._now()
        if force:
            self._force(now)
        current = self._current
        if current is None or current.refused_with or current.expires_at - now < self._overlap_s:
            current = self._renew(now)
        return current.text, int(current.expires_at - now)

    def check(self, text: str | None) -> None:
        """Let a call in.

        Raises:
            ApiError: 41001 no token, 40014 not a token at all, 40001 not a token of ours or no
                longer the latest, 42001 expired.
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

    def kill_current(self, errcode: int = TOKEN_NOT_LATEST) -> None:
        """From now on answer the current token with ``errcode``; the next one issued is new."""
        if self._current is not None:
            self._current.refused_with = errcode

    def _force(self, now: float) -> None:
        if self._forced_at and now - self._forced_at[-1] < _FORCED_APART_S:
            return
        today = [at for at in self._forced_at if beijing_day(at) == beijing_day(now)]
        if len(today) >= _FORCED_A_DAY:
            raise ApiError(DAY_USED_UP)
        self._forced_at.append(now)
        self.kill_current()

    def _renew(self, now: float) -> _Token:
        # The documents promise both tokens for five minutes, however late the renewal was; a
        # token that has run out already stays dead.
        if self._current is not None and now < self._current.expires_at:
            self._current.expires_at = now + self._overlap_s
        text = f"SIM_{secrets.token_urlsafe(96)}"
        self._current = self._known[text] = _Token(text, now + self._life_s)
        return self._current
