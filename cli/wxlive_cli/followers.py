"""``wxlive followers``: count, look up, export, compare."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from wxlive.followers import Follower, Status
from wxlive.stores.followers import FollowerStore
from wxlive_cli.comparison import Difference, compare, read_list
from wxlive_cli.console import DONE, NOT_ALL_WELL, Outcome, facts_table, stack_command
from wxlive_cli.files import write_csv
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
_DIFFERENCE = ("openid", "file", "table")

SHOWN = 20
"""Differences that are shown; ``--out`` has all of them."""


@click.group()
def followers() -> None:
    """Read the followers, or compare them with a list of your own."""


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
    rows = write_followers(out, stack.followers)
    return Outcome({"rows": rows}, table=facts_table(f"Exported to {out}", {"rows": rows}))


def write_followers(out: Path, store: FollowerStore) -> int:
    """Write the subscribed followers as they are read; returns how many.

    Raises:
        Refused: the file can't be written there.
    """
    return write_csv(out, COLUMNS, map(_row, store.walk(Status.SUBSCRIBED)))


@followers.command("import")
@click.option(
    "--check",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file with your own list: a header that names openid, or an openid a line.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write everybody who differs to this CSV file.",
)
@stack_command
def import_(stack: Stack, *, file: Path, out: Path | None) -> Outcome:
    """Compare your own list with the table, changing nothing. Exits with 1 if they differ.

    \b
    The list itself comes from WeChat: see `wxlive sync`. Examples:
      wxlive followers import --check crm.csv
      wxlive followers import --check crm.csv --out differences.csv
    """  # noqa: D301 - \b keeps click from wrapping the lines
    wanted = read_list(file)
    listed, differences = len(wanted), compare(wanted, stack.followers.walk())
    facts = {"file_rows": listed, **_tally(out, differences)}
    code = NOT_ALL_WELL if facts["differ"] else DONE
    return Outcome(facts, code=code, table=facts_table(f"{file} beside the table", facts))


def _tally(out: Path | None, differences: Iterator[Difference]) -> dict[str, Any]:
    """Count the differences by kind, show the first, write all of them where asked."""
    kinds: Counter[str] = Counter()
    shown: list[dict[str, str]] = []

    def told() -> Iterator[dict[str, str]]:
        for difference in differences:
            kinds[f"{difference.file}_in_file_{difference.table}_in_table"] += 1
            row = asdict(difference)
            if len(shown) < SHOWN:
                shown.append(row)
            yield row

    differ = sum(1 for _ in told()) if out is None else write_csv(out, _DIFFERENCE, told())
    return {"differ": differ, **kinds, "first": shown}


def _row(follower: Follower) -> dict[str, Any]:
    facts = asdict(follower)
    return {
        **{name: facts[name] for name in COLUMNS},
        "status": follower.status.value,
        "source": follower.source.value,
    }
