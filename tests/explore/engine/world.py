"""Worlds: their states, their actors, who answers these, and what else makes things happen."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, TypeAlias

from explore.engine.programs import Answer, Node, Program, Request
from explore.engine.values import Budget, Part

FAULTS, TICKS, COPIES = "faults", "ticks", "copies"

Changes: TypeAlias = tuple[tuple[int, Any], ...]
"""New parts by their place among a world's shared parts. A part is anything with a ``key``."""


class Outcome(NamedTuple):
    """One thing that may become of a request.

    ``fate`` is a word for it, empty where the request is simply done. The asker gets ``answer``
    after ``delay_ms``; ``changes`` take effect at once. ``cost`` is the kind of budget it takes.
    One that ``persists`` is also the answer to the same request whenever it follows at once. After
    one that is ``again`` the request is made once more, and the asker knows nothing of it.
    """

    fate: str
    answer: Answer
    changes: Changes = ()
    cost: str = ""
    delay_ms: int = 0
    persists: bool = False
    again: bool = False


class Service(Protocol):
    """Who answers requests. What may become of one depends on nothing but what it reads."""

    @property
    def reads(self) -> tuple[int, ...]:
        """Return the places of the shared parts that it reads."""
        ...

    @property
    def is_timed(self) -> bool:
        """Return whether it reads the clock too."""
        ...

    @property
    def is_remembered(self) -> bool:
        """Return whether outcomes are to be kept, because there are few different ones."""
        ...

    def outcomes(
        self,
        request: Request,
        parts: Sequence[Any],
        now_ms: int,
        *,
        attempt: int,
        with_faults: bool,
    ) -> Sequence[Outcome]:
        """Return everything that may become of a request; what costs something only if asked.

        ``attempt`` counts how often it is made, from 1.
        """
        ...

    def is_local(self, request: Request) -> bool:
        """Whether nothing that others do changes what becomes of it, so that its turn is no choice.

        Not asked where time may pass at will: the asker may look at the clock next.
        """
        ...

    def is_punctual(self, request: Request) -> bool:
        """Whether no time passes between the asker's last look at the clock and the request."""
        ...

    def words(self, request: Request) -> str:
        """Return the request in words."""
        ...


class Ending(NamedTuple):
    """An actor's end: ``how`` is returned, raised or died, ``ids`` what it had drawn."""

    how: str
    ids: tuple[str, ...]
    origin: Hashable
    now_ms: int
    shared: tuple[Any, ...]


RETURNED, RAISED, DIED = "returned", "raised", "died"


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What actors have in common.

    ``limit`` is how many there may be at once, ``timeout_ms`` how long one may live. One that
    ``stays`` is kept after its end. A human need not begin (``BEGIN``) at all.
    ``ended`` says what an end changes.
    """

    name: str
    limit: int = 1_000_000
    timeout_ms: int = 0
    is_mortal: bool = True
    is_human: bool = False
    stays: bool = False
    ended: Callable[[Ending], Changes] | None = None


class Position(NamedTuple):
    """Where one actor stands.

    ``wake_ms`` is set while it waits, for ``answer``, or to make its request another time if there
    is none. ``attempt`` counts how often it makes it.
    """

    name: str
    kind: Kind
    program: Program
    node: Node
    began_ms: int
    origin: Hashable = None
    wake_ms: int = -1
    answer: Answer | None = None
    attempt: int = 1

    @property
    def is_over(self) -> bool:
        """Whether the actor has ended and is only remembered."""
        return self.node.end is not None and self.kind.stays

    @property
    def has_begun(self) -> bool:
        """Whether the actor has made a request."""
        return self.node is not self.program.first or self.wake_ms >= 0


class Spawn(NamedTuple):
    """An actor that an event brings to life. ``origin`` is what its end is about."""

    kind: Kind
    program: Program
    origin: Hashable


class Event(NamedTuple):
    """Something that a source may do now. ``label`` is unique among a state's events.

    Time may pass, and the world may end, before one that is optional.
    """

    label: str
    words: str
    changes: Changes = ()
    cost: str = ""
    spawn: Spawn | None = None
    is_optional: bool = False


class Source(Protocol):
    """What makes things happen by itself.

    It depends on nothing but the shared part that it reads, and on the clock if it is timed.
    """

    @property
    def reads(self) -> int:
        """Return the place of the shared part that it reads."""
        ...

    @property
    def is_timed(self) -> bool:
        """Return whether it reads the clock too."""
        ...

    def events(self, part: Part[Any], now_ms: int) -> Iterable[Event]:
        """Return what may happen now."""
        ...

    def next_ms(self, part: Part[Any], now_ms: int) -> int | None:
        """Return when something more may happen, None if never."""
        ...


class World:
    """A state: the clock, the budget, the actors, and what they share.

    States with equal keys are one. What actors that come and go are called makes no difference.
    """

    __slots__ = ("actors", "budget", "key", "now", "shared")

    def __init__(
        self,
        now: Part[int],
        budget: Part[Budget],
        actors: tuple[Part[Position], ...],
        shared: tuple[Any, ...],
        key: int,
    ) -> None:
        self.now = now
        self.budget = budget
        self.actors = actors
        self.shared = shared
        self.key = key

    def actor(self, name: str) -> Position | None:
        """Return where an actor stands."""
        return next((part.value for part in self.actors if part.value.name == name), None)


class Step(IntEnum):
    """What kind of choice was made."""

    CALL = 0
    WAKE = 1
    RETURN = 2
    DIE = 3
    EVENT = 4
    TIME = 5


class Choice(NamedTuple):
    """One choice of the scheduler: who or what, and for a call its outcome."""

    step: Step
    who: str
    what: Any = None

    @property
    def label(self) -> str:
        """Return a short text that no other choice in the same state has."""
        match self.step:
            case Step.CALL:
                return f"{self.who}={self.what.fate}" if self.what.fate else self.who
            case Step.DIE:
                return f"{self.who}=dies"
            case Step.EVENT:
                return f"+{self.who}"
            case Step.TIME:
                return f"@{self.who}"
            case _:
                return self.who


Steps: TypeAlias = list[tuple[Choice, World]]
"""Choices, and what the world is after each."""

Jumps: TypeAlias = Callable[[World], Mapping[str, int]]
"""Names moments that time may jump to (Unix ms)."""
