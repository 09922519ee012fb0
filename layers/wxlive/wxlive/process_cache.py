"""What is built once a process: clients, settings, loggers."""

from collections.abc import Callable
from functools import cache
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_clear: list[Callable[[], None]] = []


def once_per_process(build: Callable[P, T]) -> Callable[P, T]:
    """Call ``build`` once a process for the same arguments, and keep what it returns."""
    cached: Any = cache(build)
    _clear.append(cached.cache_clear)
    return cached  # type: ignore[no-any-return]  # functools loses the signature


def forget_everything() -> None:
    """Have everything built anew: for tests, which see many processes in one."""
    for clear in _clear:
        clear()
