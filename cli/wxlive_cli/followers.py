"""``wxlive followers``: count, look up, export."""

import csv
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import click

from wxlive.followers import Follower, Status
from wxlive_cli.console import NOT_ALL_WELL, Outcome, facts_table, stack_command
from wxlive_cli.files import written_whole
from wxlive_cli.stack import Stack

COLUMNS = (
    "openid",
    "status",
    "subscribed_at",
    "changed_at",
    "room_id",
    "room_status",
    "source",
)


@click.group()
def followers() -> None:
    """Read the followers."""


@followers.command()
@stack_command
def count(stack: Stack) -> Outcome:
    """Count the followers by status, exactly.

    \b
    Example:
      wxlive followers count
    """  # noqa: D301 - \b keeps click from wrapping the lines
    facts = {status.value: number for status, number in stack.followers.count().items()}
    return Outcome(facts, table=facts_table("Followers", facts))


@followers.command()
@click.argument("openid")
@stack_command
def get(stack: Stack, *, openid: str) -> Outcome:
    """Show one follower. Exits with 1 if the openid is unknown.

    \b
    Example:
      wxlive followers get oXYZ… --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    follower = stack.followers.get(openid)
    if follower is None:
        return Outcome({"openid": openid, "status": "unknown"}, code=NOT_ALL_WELL)
    return Outcome(_row(follower))


@followers.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The CSV file to write.",
)
@stack_command
def export(stack: Stack, *, out: Path) -> Outcome:
    """Write the subscribed followers to a CSV file, one by one.

    \b
    Example:
      wxlive followers export --out followers.csv
    """  # noqa: D301 - \b keeps click from wrapping the lines
    rows = write_csv(out, stack.followers.walk(Status.SUBSCRIBED))
    return Outcome({"rows": rows}, table=facts_table(f"Exported to {out}", {"rows": rows}))


def write_csv(out: Path, found: Iterator[Follower]) -> int:
    """Write followers as they come; the file appears whole or not at all. Returns the rows.

    Raises:
        Refused: the file can't be written there.
    """
    with written_whole(out) as file:
        return _write_rows(file, found)


def _write_rows(file: IO[str], found: Iterator[Follower]) -> int:
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    rows = 0
    for follower in found:
        writer.writerow(_row(follower))
        rows += 1
    return rows


def _row(follower: Follower) -> dict[str, Any]:
    facts = asdict(follower)
    return {
        **{name: facts[name] for name in COLUMNS},
        "status": follower.status.value,
        "source": follower.source.value,
    }
