"""Searches, each in a process of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from resource import RUSAGE_SELF, getrusage
from typing import TypeVar

from explore.engine.history import decode, play, story
from explore.engine.search import Exploration, Violation
from explore.stack import shipped
from explore.stack.ablation import Without, conditions_of
from explore.stack.build import Built, build, explored
from explore.stack.describe import changes
from explore.stack.guards import taken_away
from explore.stack.scenario import Scenario
from explore.worlds import WORLDS

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Limits:
    """The bound that the command line sets in place of a world's own, and when to give up."""

    faults: int | None = None
    ticks: int | None = None
    copies: int | None = None
    seconds: float = 1e9
    stop_at_first: bool = False

    def of(self, name: str) -> Scenario:
        """Return a world within the bound."""
        return WORLDS[name].bounded(faults=self.faults, ticks=self.ticks, copies=self.copies)


@dataclass(frozen=True, slots=True)
class Job:
    """One search: a world, and the condition and the guard that it does without.

    Invariants that are ``known`` to be broken are not asked about.
    """

    world: str
    limits: Limits
    without: str = ""
    without_guard: str = ""
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a search found, with its counterexamples as stories, and the conditions it met.

    ``megabytes`` is the most memory that the process took.
    """

    job: Job
    found: Exploration
    stories: tuple[tuple[Violation, tuple[str, ...]], ...]
    conditions: tuple[str, ...]
    megabytes: int


def search(job: Job) -> Finding:
    """Explore a world."""
    limits = job.limits
    with shipped.in_place(), taken_away(job.without_guard):
        built, found = explored(
            limits.of(job.world),
            Without(job.without) if job.without else None,
            known=job.known,
            max_seconds=limits.seconds,
            stop_at_first=limits.stop_at_first,
            count_histories=not limits.stop_at_first,
        )
        stories = tuple((broken, tuple(_told(built, broken.labels))) for broken in found.violations)
        conditions = tuple(conditions_of(built.kernel.requests))
    peak = getrusage(RUSAGE_SELF).ru_maxrss // 1024
    return Finding(job, found, stories, conditions, peak)


def _told(built: Built, labels: Sequence[str]) -> Iterator[str]:
    return story(built.kernel, play(built.kernel, built.first, labels), changes)


def replay(world: str, text: str, limits: Limits) -> Iterator[str]:
    """Play one history with the shipped code, and tell it.

    Raises:
        NoSuchStep: the code has changed, and a step can't be made any more.
    """
    with shipped.in_place():
        yield from _told(build(limits.of(world)), decode(text))


def in_processes(work: Callable[[T], R], jobs: Iterable[T], at_once: int) -> Iterator[R]:
    """Do each job in a fresh process, a few at once; yields in the order of the jobs."""
    context = get_context("spawn")
    with ProcessPoolExecutor(at_once, mp_context=context, max_tasks_per_child=1) as pool:
        yield from pool.map(work, jobs)
