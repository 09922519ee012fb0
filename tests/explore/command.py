"""The explorer's command: run worlds, play one history again, take conditions away."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace

import click

from explore.engine.history import NoSuchStep, encode
from explore.engine.search import Exploration
from explore.jobs import Finding, Job, Limits, in_processes, replay, search
from explore.needed import explained, first_broken, judged, trials
from explore.worlds import WORLDS

DONE, BROKEN, WRONG_USE = 0, 1, 2


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
    """Explore worlds and print a line for each, and its counterexamples.

    Then take away each condition and each guard that one of them is known to need.
    """
    click.echo(table_head())
    code = DONE
    findings = []
    for finding in in_processes(search, [Job(name, limits) for name in names], at_once):
        findings.append(replace(finding, stories=()))
        click.echo(table_row(finding))
        for line in _counterexamples(finding, brief=brief):
            click.echo(line)
        if finding.stories or not finding.found.is_exhausted:
            code = BROKEN
    click.echo("\nwithout …, this breaks:")
    for verdict in judged(findings, at_once=at_once):
        click.echo(f"{' ' if verdict.is_fine else '!'} {verdict.name}: {verdict.why}")
        if not verdict.is_fine:
            code = BROKEN
    return code


def ablate(
    names: Sequence[str], limits: Limits, *, at_once: int, brief: bool, only: str = ""
) -> int:
    """Take away each condition that worlds meet, and look for one that breaks without it."""
    click.echo(table_head())
    jobs = [Job(name, _for_ablation(name, limits)) for name in names]
    whole = list(in_processes(search, jobs, at_once))
    for finding in whole:
        click.echo(table_row(finding))
        for broken, _ in finding.stories:
            click.echo(f"  with every condition, {broken.invariant} is broken")
    tried = trials(whole, only)
    for trial, findings in zip(tried, in_processes(first_broken, tried, at_once), strict=True):
        click.echo(f"without {trial.condition}")
        for line in explained(findings, whole):
            if not (brief and line.startswith("  ")):
                click.echo(f"  {line}")
    return DONE


def _for_ablation(name: str, limits: Limits) -> Limits:
    if limits.faults is not None:
        return limits
    return replace(limits, faults=WORLDS[name].ablated_with)


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
