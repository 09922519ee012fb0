"""Ways in which the platform and the network between go wrong, on order.

A rule waits in a queue until a call of its path, or a callback of its kind, comes by.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final, Self

CALLBACK_FOLLOW: Final = "callback:follow"
CALLBACK_RESULT: Final = "callback:result"
CALLBACKS: Final = (CALLBACK_FOLLOW, CALLBACK_RESULT)


class Kind(StrEnum):
    """What goes wrong.

    For APIs: ``errcode`` answers so and does nothing else; ``drop_before`` / ``drop_after`` cut
    the connection without / with the call carried out; ``delay_before`` / ``delay_after`` wait
    ``seconds`` before carrying it out / before answering; ``garbage`` answers an HTML page with
    HTTP 200 and ``http_500`` the same with HTTP 500, carried out only if ``processed``;
    ``token_dead`` kills the current token, so that this very call is refused.

    For callbacks: ``doubled`` sends the same request twice at once; ``late`` waits ``seconds``
    longer (later events overtake it); ``lost`` never sends it; ``early``, for results, sends it
    before the push is answered.
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


_FOR_CALLBACKS: Final = frozenset({Kind.DOUBLED, Kind.LATE, Kind.LOST, Kind.EARLY})


@dataclass(frozen=True, slots=True)
class Rule:
    """Let the first ``skip`` calls of ``path`` pass, then go wrong ``times`` times.

    Raises:
        ValueError: the rule can't be applied to that path, or a figure is out of range.
    """

    path: str
    kind: Kind
    times: int = 1
    skip: int = 0
    errcode: int = -1
    seconds: float = 0.0
    processed: bool = False

    def __post_init__(self) -> None:
        if (self.kind in _FOR_CALLBACKS) != (self.path in CALLBACKS):
            raise ValueError(f"{self.kind} does not apply to {self.path}")
        if self.kind is Kind.EARLY and self.path != CALLBACK_RESULT:
            raise ValueError("only a result can be early")
        if self.times < 1 or self.skip < 0 or self.seconds < 0:
            raise ValueError("times is at least 1, skip and seconds are at least 0")

    @classmethod
    def from_json(cls, raw: Mapping[str, Any], paths: Collection[str]) -> Self:
        """Read a rule from a control request; ``paths`` are the APIs there are.

        Raises:
            ValueError: it makes no rule; the sentence says why.
        """
        unknown = raw.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
        if raw.get("path") not in {*paths, *CALLBACKS}:
            raise ValueError(f"path is one of {', '.join([*paths, *CALLBACKS])}")
        if raw.get("kind") not in list(Kind):
            raise ValueError(f"kind is one of {', '.join(Kind)}")
        if any(type(raw.get(name, 0)) is not int for name in ("times", "skip", "errcode")):
            raise ValueError("times, skip and errcode are whole numbers")
        if type(raw.get("seconds", 0)) not in {int, float}:
            raise ValueError("seconds is a number")
        return cls(**{**raw, "kind": Kind(raw["kind"])})


class Misbehaviour:
    """The rules still to be applied, in the order they were given."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = list(rules)

    def add(self, *rules: Rule) -> None:
        """Queue rules behind those already there."""
        self._rules.extend(rules)

    def clear(self) -> None:
        """Behave from now on."""
        self._rules.clear()

    @property
    def pending(self) -> tuple[Rule, ...]:
        """What has not been applied yet."""
        return tuple(self._rules)

    def take(self, path: str) -> Rule | None:
        """What to do wrong with this call. Only the first rule of a path sees the call."""
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
