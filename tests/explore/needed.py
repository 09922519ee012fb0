"""Whether each condition and each guard is needed: what breaks without it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from explore.jobs import Finding, Job, Limits, in_processes, search
from explore.stack.guards import GUARDS
from explore.worlds import WORLDS
from explore.worlds.needed import SHOWN, SHOWN_GUARDS, UNSHOWN, Witness, why_unshown


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a condition or a guard: whether it may stay as it is, and why."""

    name: str
    is_fine: bool
    why: str


def judged(findings: Sequence[Finding], *, at_once: int) -> Iterator[Verdict]:
    """Judge the conditions that worlds have met, and the guards, by their witnesses.

    Those whose witness is not among the worlds are left out.
    """
    worlds = {finding.job.world for finding in findings}
    met = {condition for finding in findings for condition in finding.conditions}
    jobs = [
        *(_job(SHOWN[name], without=name) for name in sorted(met) if name in SHOWN),
        *(_job(SHOWN_GUARDS[name], without_guard=name) for name in GUARDS),
    ]
    jobs = [job for job in jobs if job.world in worlds]
    for job, finding in zip(jobs, in_processes(search, jobs, at_once), strict=True):
        broken = next((broken for broken, _ in finding.stories), None)
        name = job.without or job.without_guard
        why = f"{job.world}: {broken.invariant}: {broken.message}" if broken else ""
        yield Verdict(name, broken is not None, why or f"{job.world}: nothing breaks without it")
    for name, reason in UNSHOWN.items():
        count = sum(condition.startswith(name) for condition in met - set(SHOWN))
        if count:
            yield Verdict(name, is_fine=True, why=f"nothing in {count} cases; {reason}")
    for name in sorted(met - set(SHOWN)):
        if why_unshown(name) is None:
            yield Verdict(name, is_fine=False, why="no world is known to need it")
    if worlds == set(WORLDS):
        yield from _stale(met)


def _job(witness: Witness, *, without: str = "", without_guard: str = "") -> Job:
    limits = Limits(faults=witness.faults, stop_at_first=True)
    return Job(witness.world, limits, without, without_guard)


def _stale(met: Collection[str]) -> Iterator[Verdict]:
    """Find what is said of conditions that no world meets any more."""
    for name in (*SHOWN, *UNSHOWN):
        if not any(condition.startswith(name) for condition in met):
            yield Verdict(name, is_fine=False, why="no world meets this condition any more")


# ------------------------------------------------------------- finding witnesses


@dataclass(frozen=True, slots=True)
class Trial:
    """One condition, and the searches without it in the worlds that meet it, small ones first."""

    condition: str
    jobs: tuple[Job, ...]


def trials(whole: Sequence[Finding], only: str) -> list[Trial]:
    """Return a trial of each condition that begins so and was met by the worlds as they are."""
    by_size = sorted(whole, key=lambda finding: finding.found.states)
    met = sorted({condition for finding in whole for condition in finding.conditions})
    return [_trial(condition, by_size) for condition in met if condition.startswith(only)]


def _trial(condition: str, whole: Sequence[Finding]) -> Trial:
    jobs = [
        Job(
            finding.job.world,
            replace(finding.job.limits, stop_at_first=True),
            condition,
            known=frozenset(broken.invariant for broken, _ in finding.stories),
        )
        for finding in whole
        if condition in finding.conditions
    ]
    return Trial(condition, tuple(jobs))


def first_broken(trial: Trial) -> list[Finding]:
    """Search one world after the other until something breaks; returns what was found."""
    findings: list[Finding] = []
    for job in trial.jobs:
        findings.append(search(job))
        if findings[-1].stories:
            break
    return findings


def explained(findings: Sequence[Finding], whole: Sequence[Finding]) -> Iterator[str]:
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
