"""The search: every state that can be reached, each once."""

import gc
import time
from array import array
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from explore.engine.kernel import Kernel
from explore.engine.world import Choice, World

Frontier: TypeAlias = deque[tuple[int, World | None]]
"""The states that are to be expanded, with their numbers; None for one that broke something."""

_BROKEN = 0xFFFF_FFFF
"""The end of a history that broke an invariant, in place of a state's number."""

StateTest = Callable[[World], str | None]
StepTest = Callable[[World, Choice, World], str | None]


@dataclass(frozen=True, slots=True)
class Invariants:
    """What must hold: each by its name, with a test that returns what is wrong.

    ``steps`` are asked about a step only if it changes one of the shared parts in ``watched``.
    """

    states: tuple[tuple[str, StateTest], ...] = ()
    steps: tuple[tuple[str, StepTest], ...] = ()
    ends: tuple[tuple[str, StateTest], ...] = ()
    watched: tuple[int, ...] = ()

    def but(self, names: Collection[str]) -> "Invariants":
        """Return them without some."""
        return Invariants(
            tuple(each for each in self.states if each[0] not in names),
            tuple(each for each in self.steps if each[0] not in names),
            tuple(each for each in self.ends if each[0] not in names),
            self.watched,
        )


class Violation(NamedTuple):
    """An invariant that does not hold, and a history that shows it, as labels.

    It is the shortest one, unless the search stopped at the first.
    """

    invariant: str
    message: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exploration:
    """What a search found.

    ``histories`` counts the ways from the first state to an end or to a broken invariant; None if
    some way never ends (the graph has a cycle) or the search did not finish. A history that
    broke an invariant is not followed any further. ``longest`` is the most steps that the
    shortest way to any state has.
    """

    states: int
    transitions: int
    histories: int | None
    has_cycle: bool
    is_exhausted: bool
    longest: int
    runs: int
    nodes: int
    seconds: float
    violations: tuple[Violation, ...]


class _Graph:
    """The states that were found, by number, and the steps between them."""

    def __init__(self, first: World) -> None:
        self.numbers = {first.key: 0}
        self.parents = array("I", [0])
        self.ordinals = array("H", [0])
        self.starts = array("Q")
        self.edges = array("I")

    def add(self, world: World, parent: int, ordinal: int) -> int:
        number = len(self.parents)
        self.numbers[world.key] = number
        self.parents.append(parent)
        self.ordinals.append(ordinal)
        return number

    def way(self, number: int) -> list[int]:
        """Return the shortest way to a state: at each state, which step."""
        way: list[int] = []
        while number:
            way.append(self.ordinals[number])
            number = self.parents[number]
        return way[::-1]

    def histories(self) -> int | None:
        """Count the ways to the end; None if there is a cycle.

        States are taken in topological order: when a state's turn comes, all the ways to it
        are known.
        """
        starts, edges = self.starts, self.edges
        entering = array("I", bytes(4 * len(self.parents)))
        for target in edges:
            if target != _BROKEN:
                entering[target] += 1
        ways = [0] * len(self.parents)
        ways[0] = 1
        ready = [] if entering[0] else [0]
        done = total = 0
        while ready:
            number = ready.pop()
            done += 1
            here = ways[number]
            first, last = starts[number], starts[number + 1]
            if first == last:
                total += here
            for target in edges[first:last]:
                if target == _BROKEN:
                    total += here
                    continue
                ways[target] += here
                entering[target] -= 1
                if not entering[target]:
                    ready.append(target)
            ways[number] = 0
        return total if done == len(self.parents) else None


_RUNS_BETWEEN_COLLECTIONS = 500


@contextmanager
def _no_collector() -> Iterator[None]:
    """States are many and in no cycles of references: looking for some takes most of the time.

    What runs of programs leave behind is in cycles (exceptions and their frames), and young: it is
    collected now and then, without looking at anything older.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def explore(
    kernel: Kernel,
    first: World,
    invariants: Invariants,
    *,
    max_states: int = 50_000_000,
    max_seconds: float = 1e9,
    stop_at_first: bool = False,
    count_histories: bool = True,
) -> Exploration:
    """Visit every state that can be reached from the first, breadth first.

    Args:
        kernel: the rules.
        first: where every history begins.
        invariants: what must hold.
        max_states: give up beyond so many states.
        max_seconds: give up after so long.
        stop_at_first: whether the first broken invariant ends the search. It is looked for depth
            first, since it breaks late as a rule; so the history that shows it is not the shortest.
        count_histories: whether histories are counted, which takes a fifth of the time; they are
            not if the first broken invariant ends the search.
    """
    with _no_collector():
        return _Search(kernel, first, invariants).run(
            max_states=max_states,
            max_seconds=max_seconds,
            stop_at_first=stop_at_first,
            count_histories=count_histories,
        )


class _Search:
    def __init__(self, kernel: Kernel, first: World, invariants: Invariants) -> None:
        self._kernel = kernel
        self._first = first
        self._invariants = invariants
        self._graph = _Graph(first)
        self._broken: dict[str, tuple[str, list[int]]] = {}

    def run(
        self, *, max_states: int, max_seconds: float, stop_at_first: bool, count_histories: bool
    ) -> Exploration:
        began = time.monotonic()
        graph = self._graph
        collected = 0
        lives = self._kernel.lives
        found: Frontier = deque([(0, self._checked(self._first))])
        take = found.pop if stop_at_first else found.popleft
        while found:
            if stop_at_first and self._broken:
                break
            if len(graph.parents) > max_states or time.monotonic() - began > max_seconds:
                break
            self._expand(*take(), found)
            if lives.kept - collected > _RUNS_BETWEEN_COLLECTIONS:
                collected = lives.kept
                gc.collect(0 if collected % 5000 > _RUNS_BETWEEN_COLLECTIONS else 1)
        is_whole = not found
        is_counted = is_whole and count_histories and not stop_at_first
        graph.starts.append(len(graph.edges))
        ways = graph.histories() if is_counted else None
        return Exploration(
            states=len(graph.parents),
            transitions=len(graph.edges),
            histories=ways,
            has_cycle=is_counted and ways is None,
            is_exhausted=is_whole,
            longest=len(graph.way(len(graph.parents) - 1)),
            runs=self._kernel.runs,
            nodes=self._kernel.nodes,
            seconds=time.monotonic() - began,
            violations=tuple(
                Violation(name, message, tuple(labels_of(self._kernel, self._first, way)))
                for name, (message, way) in self._broken.items()
            ),
        )

    def _expand(self, number: int, world: World | None, found: Frontier) -> None:
        """Find what follows a state."""
        graph = self._graph
        graph.starts.append(len(graph.edges))
        if world is None:
            return
        steps, has_ended = self._kernel.steps(world)
        if has_ended:
            for name, test in self._invariants.ends:
                self._note(name, test(world), number)
        numbers, edges, shared = graph.numbers, graph.edges, world.shared
        for ordinal, (choice, new) in enumerate(steps):
            if new.shared is not shared and self._is_broken(world, choice, new, number, ordinal):
                edges.append(_BROKEN)
                continue
            known = numbers.get(new.key)
            if known is None:
                known = graph.add(new, number, ordinal)
                found.append((known, self._checked(new)))
            edges.append(known)

    def _is_broken(
        self, world: World, choice: Choice, new: World, number: int, ordinal: int
    ) -> bool:
        before, after = world.shared, new.shared
        if all(before[place] is after[place] for place in self._invariants.watched):
            return False
        broken = False
        for name, test in self._invariants.steps:
            wrong = test(world, choice, new)
            if wrong is not None:
                broken = True
                self._note(name, wrong, number, ordinal)
        return broken

    def _checked(self, world: World) -> World | None:
        """Return a new state, or None if it is not to be followed because it breaks something."""
        sound = True
        for name, test in self._invariants.states:
            wrong = test(world)
            if wrong is not None:
                sound = False
                self._note(name, wrong, len(self._graph.parents) - 1)
        return world if sound else None

    def _note(self, name: str, wrong: str | None, number: int, *last: int) -> None:
        if wrong is not None and name not in self._broken:
            self._broken[name] = (wrong, [*self._graph.way(number), *last])


def labels_of(kernel: Kernel, first: World, way: Sequence[int]) -> Iterator[str]:
    """Return the labels of the steps on a way."""
    world = first
    for ordinal in way:
        choice, world = kernel.steps(world)[0][ordinal]
        yield choice.label
