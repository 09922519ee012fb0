"""What a run remembers: the answers that it has seen, but of a call that is over only its result.

A program is deterministic in what it remembers. Most answers are seen by functions that have
returned, and what these have not returned is forgotten. So runs that have seen different answers
and remember the same are one from there on. That halves some worlds, and takes others down to a
tenth.

Which functions are so is declared (``recalled``): they tell their caller nothing but what they
return or raise. Whoever is wrong about that is told, as soon as two runs that remember the same ask
for different things (``explore.engine.programs.NotDeterministic``).
"""

import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import wraps
from typing import Any, TypeAlias

from explore.engine.values import frozen

Remembered: TypeAlias = tuple[tuple[Hashable, ...], ...]


class Memory:
    """What one run remembers, for each call that is not over, the innermost last.

    ``clock`` is the last answer about the time, which holds until something is asked that may take
    time.
    """

    def __init__(self) -> None:
        self.clock: Any = None
        self._calls: list[list[Hashable]] = [[]]
        self._kept: list[Callable[[], Hashable]] = []

    @property
    def remembered(self) -> Remembered:
        """Return all that is remembered now."""
        return tuple(map(tuple, self._calls))

    def add(self, answer: Hashable) -> None:
        """Remember an answer."""
        self._calls[-1].append(answer)

    def keep(self, state: Callable[[], Hashable]) -> None:
        """Have the state of an object remembered that functions change."""
        self._kept.append(state)

    def begin(self) -> None:
        """Begin a call."""
        self._calls.append([])

    def end(self, result: Hashable) -> None:
        """End a call, and forget all that it has seen but its result, if that is not None."""
        seen = self._calls.pop()
        if not seen:
            return
        self.clock = None  # it may have been asked for by the call
        if result is None:
            self._calls[-1] += seen
        else:
            self._calls[-1] += (result, *(state() for state in self._kept))


MEMORY: ContextVar[Memory | None] = ContextVar("memory", default=None)
"""That of a run, within it: each has a context of its own."""


def recalled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare that a function tells its caller nothing but what it returns or raises.

    What it has seen is remembered nevertheless if its result can't be compared, or if it might have
    changed what it was given, its ``self`` and ``deps`` apart.
    """
    name = f"{function.__module__}.{function.__qualname__}"
    names = list(inspect.signature(function).parameters)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        memory = MEMORY.get()
        if memory is None:
            return function(*args, **kwargs)
        named = (*zip(names, args, strict=False), *kwargs.items())
        given = [value for each, value in named if each not in _TRUSTED]
        before = _contents(given)
        memory.begin()
        try:
            result = function(*args, **kwargs)
        except Exception as error:  # whatever it raises is what came of it
            memory.end(_came(name, before, given, error))
            raise
        memory.end(_came(name, before, given, result))
        return result

    return call


_TRUSTED = frozenset({"self", "deps"})


def is_recallable(value: object) -> bool:
    """Whether a value is a function that is over when it returns, unlike a generator's."""
    return inspect.isfunction(value) and not inspect.isgeneratorfunction(value)


def _came(name: str, before: Hashable, given: Iterable[object], result: object) -> Hashable:
    """Return what came of a call, None if that can't be said."""
    try:
        known = comparable(result)
    except TypeError:
        return None
    return (name, known) if before is not None and _contents(given) == before else None


def _contents(given: Iterable[object]) -> Hashable:
    """Return what is in values that are given, None if that can't be said."""
    try:
        return tuple(map(comparable, given))
    except TypeError:
        return None


def comparable(value: object) -> Hashable:
    """Return a hashable form of a value: equal for equal values of the same types, for no others.

    Raises:
        TypeError: it is not made of plain data, dataclasses and errors.
    """
    kind = type(value)
    form = _FORMS.get(kind)
    if form is None:
        form = _FORMS[kind] = _form_of(kind)
    return form(value)


def _form_of(kind: type) -> Callable[[Any], Hashable]:
    """Return what makes values of a type comparable."""
    if is_dataclass(kind):
        names = [field.name for field in fields(kind)]
        return lambda value: (kind, *[comparable(getattr(value, name)) for name in names])
    if issubclass(kind, list | tuple):
        return lambda value: (kind, *map(comparable, value))
    if issubclass(kind, Mapping):
        return lambda value: (
            kind,
            *[(frozen(key), comparable(value[key])) for key in sorted(value)],
        )
    if issubclass(kind, Enum):
        return lambda value: (kind, value.name)
    if issubclass(kind, BaseException):
        return lambda value: (kind, str(value), comparable(vars(value)))
    return frozen


_FORMS: dict[type, Callable[[Any], Hashable]] = {
    each: lambda value: value for each in (str, int, bytes, type(None))
}
"""What makes values comparable, by their type."""
