"""How many calls each API accepts a day and a minute: docs/wechat-protocol.md#quota-and-limits."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from wxlive_local.simulator.errcodes import DAY_USED_UP, TOO_FAST, UNKNOWN_PATH, ApiError
from wxlive_local.simulator.window import SlidingWindow

STABLE_TOKEN: Final = "/cgi-bin/stable_token"  # noqa: S105 -- a path, not a password
FOLLOWERS: Final = "/wxa/business/get_wxa_followers"
PUSH: Final = "/wxa/business/push_message"
LIVE_INFO: Final = "/wxa/business/getliveinfo"
QUOTA_GET: Final = "/cgi-bin/openapi/quota/get"

_BEIJING_S: Final = 8 * 3600
_DAY_S: Final = 86_400
_MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Limit:
    """How many calls one API accepts."""

    per_day: int
    per_minute: int = 10_000


PUBLISHED_LIMITS: Final[Mapping[str, Limit]] = {
    STABLE_TOKEN: Limit(per_day=500_000),
    FOLLOWERS: Limit(per_day=5000),
    PUSH: Limit(per_day=5000),
    LIVE_INFO: Limit(per_day=100_000, per_minute=200),
    QUOTA_GET: Limit(per_day=100_000),
}


def beijing_day(now: float) -> int:
    """Return the number of the day in Beijing, where WeChat's day begins."""
    return int((now + _BEIJING_S) // _DAY_S)


class Quotas:
    """Counts the calls of each API; the count of the day restarts at midnight in Beijing."""

    def __init__(self, now: Callable[[], float], limits: Mapping[str, Limit]) -> None:
        self._now = now
        self._limits = dict(limits)
        self.forget()

    def forget(self) -> None:
        """Forget every call."""
        self._minutes = {path: SlidingWindow(_MINUTE_S) for path in self._limits}
        self._used: Counter[str] = Counter()
        self._day = beijing_day(self._now())

    def take(self, path: str) -> None:
        """Count one call.

        Raises:
            ApiError: 45009, the day's calls are used up; 45011, those of the minute are.
        """
        self._reset_on_new_day()
        now = self._now()
        if self._used[path] >= self._limits[path].per_day:
            raise ApiError(DAY_USED_UP)
        if self._minutes[path].load(now) >= self._limits[path].per_minute:
            raise ApiError(TOO_FAST)
        self._minutes[path].add(now, 1)
        self._used[path] += 1

    def usage(self, path: object) -> dict[str, Any]:
        """Return the reply of ``openapi/quota/get`` for one API.

        Raises:
            ApiError: 76003, there is no such API.
        """
        if not isinstance(path, str) or path not in self._limits:
            raise ApiError(UNKNOWN_PATH)
        self._reset_on_new_day()
        limit, used = self._limits[path], self._used[path]
        return {
            "quota": {
                "daily_limit": limit.per_day,
                "used": used,
                "remain": max(0, limit.per_day - used),
            },
            "rate_limit": {"call_count": limit.per_minute, "refresh_second": _MINUTE_S},
        }

    def set_used(self, path: str, used: int) -> None:
        """Set how many of today's calls are used.

        Raises:
            ValueError: there is no such API.
        """
        if path not in self._limits:
            raise ValueError(f"there is no API {path}")
        self._reset_on_new_day()
        self._used[path] = used

    def _reset_on_new_day(self) -> None:
        today = beijing_day(self._now())
        if today != self._day:
            self._day = today
            self._used.clear()
