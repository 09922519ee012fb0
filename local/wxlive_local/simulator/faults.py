"""Fault injection: errors of WeChat and of the network, on request.

A rule waits until the next call of its API, or the next callback of its kind.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final, Self

CALLBACK_FOLLOW: Final = "callback:follow"
CALLBACK_RESULT: Final = "callback:result"
CALLBACKS: Final = (CALLBACK_FOLLOW, CALLBACK_RESULT)


class Fault(StrEnum):
    """What goes wrong.

    Of an API call: ``errcode`` answers with that code and does nothing else; ``drop_before`` and
    ``drop_after`` reset the connection without and with the call processed; ``delay_before`` and
    ``delay_after`` wait ``seconds`` before the call is processed and before it is answered;
    ``garbage`` answers an HTML page with HTTP 200, ``http_500`` the same page with HTTP 500,
    both having processed the call only if ``processed``; ``token_dead`` invalidates the current
    token, so that this call is refused.

    Of a callback: ``doubled`` sends the same request twice at once; ``late`` sends it
    ``seconds`` later, so that newer events overtake it; ``lost`` never sends it; ``early``, for
    results, sends it before the push is answered.
    """

    ERRCODE = "errcode"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    DELAY_BEFORE = "delay_before"
    DELAY_AFTER = "delay_after"
    GARBAGE = "garbage"
    HTTP_500 = "http_500"
    TOKEN_DEAD = "token_dead"  # noqa: S105 -- a word, not a password
    DOUBLED = "doubled"
    LATE = "late"
    LOST = "lost"
    EARLY = "early"


_FOR_CALLBACKS: Final = frozenset({Fault.DOUBLED, Fault.LATE, Fault.LOST, Fault.EARLY})


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Skip the first ``skip`` calls of ``path``, then inject the fault ``times`` times.

    Raises:
        ValueError: the fault does not apply to that path, or a number is out of range.
    """

    path: str
    kind: Fault
    times: int = 1
    skip: int = 0
    errcode: int = -1
    seconds: float = 0.0
    processed: bool = False

    def __post_init__(self) -> None:
        if (self.kind in _FOR_CALLBACKS) != (self.path in CALLBACKS):
            raise ValueError(f"{self.kind} does not apply to {self.path}")
        if self.kind is Fault.EARLY and self.path != CALLBACK_RESULT:
            raise ValueError("only a result can be early")
        if self.times < 1 or self.skip < 0 or self.seconds < 0:
            raise ValueError("times is at least 1, skip and seconds are at least 0")

    @classmethod
    def from_json(cls, raw: Mapping[str, Any], paths: Collection[str]) -> Self:
        """Read a rule from a control request; ``paths`` are those of the existing APIs.

        Raises:
            ValueError: a field is unknown, missing or of the wrong type; the message names it.
        """
        unknown = raw.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
        if raw.get("path") not in {*paths, *CALLBACKS}:
            raise ValueError(f"path is one of {', '.join([*paths, *CALLBACKS])}")
        if raw.get("kind") not in list(Fault):
            raise ValueError(f"kind is one of {', '.join(Fault)}")
        if any(type(raw.get(name, 0)) is not int for name in ("times", "skip", "errcode")):
            raise ValueError("times, skip and errcode are whole numbers")
        if type(raw.get("seconds", 0)) not in {int, float}:
            raise ValueError("seconds is a number")
        return cls(**{**raw, "kind": Fault(raw["kind"])})


class FaultRules:
    """The rules that have not been applied yet, in the order they were added."""

    def __init__(self, rules: Iterable[FaultRule] = ()) -> None:
        self._rules = list(rules)

    def add(self, *rules: FaultRule) -> None:
        """Append rules."""
        self._rules.extend(rules)

    def clear(self) -> None:
        """Remove all rules."""
        self._rules.clear()

    @property
    def pending(self) -> tuple[FaultRule, ...]:
        """The rules that have not been applied yet."""
        return tuple(self._rules)

    def take(self, path: str) -> FaultRule | None:
        """Return the rule that applies to a call of ``path``, if any, and count it as applied.

        Only the first rule of a path counts its calls.
        """
        for index, rule in enumerate(self._rules):
            if rule.path != path:
                continue
            if rule.skip:
                self._rules[index] = replace(rule, skip=rule.skip - 1)
                return None
            if rule.times > 1:
                self._rules[index] = replace(rule, times=rule.times - 1)
            else:
                del self._rules[index]
            return rule
        return None
