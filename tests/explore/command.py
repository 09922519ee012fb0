"""The explorer's command: run worlds, play one history again, take conditions away."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from resource import RUSAGE_SELF, getrusage
from typing import TypeVar

import click

from explore.engine.history import NoSuchStep, decode, encode, play, story
from explore.engine.search import Exploration, Violation
from explore.stack import shipped
from explore.stack.ablation import Without, conditions_of, why_unshown
from explore.stack.build import Built, build, explored
from explore.stack.describe import changes
from explore.stack.scenario import Scenario
from explore.worlds import WORLDS

T = TypeVar("T")
R = TypeVar("R")

DONE, BROKEN, WRONG_USE = 0, 1, 2


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
    """One search, for a process of its own: a world, and the condition that it does without.

    Invariants that are ``known`` to be broken are not asked about.
    """

    world: str
    limits: Limits
    without: str = ""
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
    with shipped.in_place():
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


@dataclass(frozen=True, slots=True)
class Trial:
    """One condition, and the searches without it in the worlds that meet it, small ones first."""

    condition: str
    jobs: tuple[Job, ...]


def first_broken(trial: Trial) -> list[Finding]:
    """Search one world after the other until something breaks; returns what was found."""
    findings: list[Finding] = []
    for job in trial.jobs:
        findings.append(search(job))
        if findings[-1].stories:
            break
    return findings


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


# -------------------------------------------------------------------- output


def table_head() -> str:
    """Return the head of the table of worlds."""
    return (
        f"{'world':24} {'bound':22} {'histories':>12} {'states':>11} {'steps':>11} "
        f"{'exhausted':9} {'seconds':>8} {'MB':>6}"
    )


def table_row(finding: Finding) -> str:
    """Return a world's line."""
    found = finding.found
    scenario = finding.job.limits.of(finding.job.world)
    return (
        f"{scenario.name:24} {scenario.bound:22} {_count(found):>12} {found.states:>11,} "
        f"{found.transitions:>11,} {'yes' if found.is_exhausted else 'no':9} "
        f"{found.seconds:>8.1f} {finding.megabytes:>6,}"
    )


def _count(found: Exploration) -> str:
    if found.histories is None:
        return "endless" if found.has_cycle else "-"
    return f"{found.histories:,}" if found.histories < 10**9 else f"{found.histories:.1e}"


def _counterexamples(finding: Finding, *, brief: bool) -> Iterator[str]:
    for broken, lines in finding.stories:
        yield f"  {broken.invariant}: {broken.message}"
        if not brief:
            yield from (f"    {line}" for line in lines)
        yield f"    python -m explore replay {finding.job.world} '{encode(broken.labels)}'"


# ------------------------------------------------------------------ commands


def run(names: Sequence[str], limits: Limits, *, at_once: int, brief: bool) -> int:
    """Explore worlds and print a line for each, and its counterexamples."""
    click.echo(table_head())
    code = DONE
    for finding in in_processes(search, [Job(name, limits) for name in names], at_once):
        click.echo(table_row(finding))
        for line in _counterexamples(finding, brief=brief):
            click.echo(line)
        if finding.stories or not finding.found.is_exhausted:
            code = BROKEN
    return code


def ablate(
    names: Sequence[str], limits: Limits, *, at_once: int, brief: bool, only: str = ""
) -> int:
    """Take away each condition that the worlds meet, and print what breaks without it.

    Those whose use no world shows are printed with their reason instead.
    """
    click.echo(table_head())
    jobs = [Job(name, _for_ablation(name, limits)) for name in names]
    whole = list(in_processes(search, jobs, at_once))
    for finding in whole:
        click.echo(table_row(finding))
        for broken, _ in finding.stories:
            click.echo(f"  with every condition, {broken.invariant} is broken")
    whole.sort(key=lambda finding: finding.found.states)
    conditions = sorted({condition for finding in whole for condition in finding.conditions})
    conditions = [condition for condition in conditions if condition.startswith(only)]
    for condition in conditions:
        if why := why_unshown(condition):
            click.echo(f"not shown {condition}: {why}")
    conditions = [condition for condition in conditions if why_unshown(condition) is None]
    trials = [_trial(condition, whole) for condition in conditions]
    code = DONE
    for trial, findings in zip(trials, in_processes(first_broken, trials, at_once), strict=True):
        click.echo(f"without {trial.condition}")
        for line in _needed(findings, whole):
            if not (brief and line.startswith("  ")):
                click.echo(f"  {line}")
        if not findings[-1].stories:
            code = BROKEN
    return code


def _for_ablation(name: str, limits: Limits) -> Limits:
    if limits.faults is not None:
        return limits
    return replace(limits, faults=WORLDS[name].ablated_with)


def _trial(condition: str, whole: Sequence[Finding]) -> Trial:
    jobs = [
        Job(
            finding.job.world,
            replace(finding.job.limits, stop_at_first=True),
            condition,
            frozenset(broken.invariant for broken, _ in finding.stories),
        )
        for finding in whole
        if condition in finding.conditions
    ]
    return Trial(condition, tuple(jobs))


def _needed(findings: Sequence[Finding], whole: Sequence[Finding]) -> Iterator[str]:
    """Say what breaks without a condition, or in which worlds nothing does."""
    states = {finding.job.world: finding.found.states for finding in whole}
    for finding in findings:
        for broken, lines in finding.stories:
            yield f"{finding.job.world}: {broken.invariant}: {broken.message}"
            yield from (f"  {line}" for line in lines)
            return
    for finding in findings:
        name, found = finding.job.world, finding.found
        within = "" if found.is_exhausted else " in the given time"
        same = ", and there are as many states" if found.states == states[name] else ""
        yield f"{name}: nothing breaks{within}{same}"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code: 1 if something is broken or not exhausted."""
    options = _parser().parse_args(_with_command(arguments))
    limits = Limits(
        faults=options.faults,
        ticks=options.ticks,
        copies=options.copies,
        seconds=options.seconds,
    )
    names = options.worlds or list(WORLDS)
    if unknown := [name for name in names if name not in WORLDS]:
        click.echo(f"no world {', '.join(unknown)}; there are: {', '.join(WORLDS)}", err=True)
        return WRONG_USE
    match options.command:
        case "run":
            return run(names, limits, at_once=options.processes, brief=options.brief)
        case "ablate":
            return ablate(
                names,
                limits,
                at_once=options.processes,
                brief=options.brief,
                only=options.only,
            )
        case "list":
            for name in names:
                click.echo(f"{name:24} {WORLDS[name].bound:22} {WORLDS[name].about}")
            return DONE
    try:
        for line in replay(names[0], options.steps, limits):
            click.echo(line)
    except NoSuchStep as error:
        click.echo(error, err=True)
        return WRONG_USE
    return DONE


def _with_command(arguments: Sequence[str]) -> list[str]:
    """Take ``run`` for granted."""
    commands = {"run", "replay", "ablate", "list", "-h", "--help"}
    if arguments and arguments[0] in commands:
        return list(arguments)
    return ["run", *arguments]


def _parser() -> argparse.ArgumentParser:
    bound = argparse.ArgumentParser(add_help=False)
    bound.add_argument("--faults", type=int, help="most faults and deaths in a history")
    bound.add_argument("--ticks", type=int, help="most moments that pass by themselves")
    bound.add_argument("--copies", type=int, help="most deliveries that are repeated")
    bound.add_argument("--seconds", type=float, default=1e9, help="give a world up after so long")
    bound.add_argument("--processes", type=int, default=2, help="worlds at once")
    parser = argparse.ArgumentParser(prog="python -m explore", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    runs = commands.add_parser("run", parents=[bound], help="explore worlds")
    runs.add_argument("worlds", nargs="*", metavar="WORLD")
    runs.add_argument("--brief", action="store_true", help="no stories, only how to replay them")
    plays = commands.add_parser("replay", parents=[bound], help="play one history again")
    plays.add_argument("worlds", nargs=1, metavar="WORLD")
    plays.add_argument("steps", metavar="STEPS")
    takes = commands.add_parser("ablate", parents=[bound], help="take each condition away")
    takes.add_argument("worlds", nargs="*", metavar="WORLD")
    takes.add_argument("--brief", action="store_true", help="no stories")
    takes.add_argument("--only", default="", help="only conditions that begin so")
    lists = commands.add_parser("list", parents=[bound], help="list the worlds")
    lists.add_argument("worlds", nargs="*", metavar="WORLD")
    return parser
