"""Files that appear complete or not at all. ``-`` is stdout."""

import csv
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from gettext import gettext as _
from pathlib import Path
from typing import IO, Any

import click

from wxlive.errors import InvalidCommand
from wxlive_cli.text import csv_cell

OUT_FILE = click.Path(dir_okay=False, path_type=Path, allow_dash=True)
"""The type of an option that names a file to write."""

OPENIDS_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
"""The type of an option that names a file of openids to read."""


def is_stdout(out: Path | None) -> bool:
    """Whether an option names stdout."""
    return out == Path("-")


def check_outputs(*outs: Path | None) -> None:
    """Refuse options of which one would overwrite what another writes.

    Raises:
        UsageError: two name the same file, or one names stdout where the JSON goes.
    """
    files = [out if is_stdout(out) else out.resolve() for out in outs if out is not None]
    if len(set(files)) < len(files):
        raise click.UsageError(_("two options name the same file to write: name two files"))
    as_json = click.get_current_context().params["as_json"]
    if as_json and any(map(is_stdout, files)):
        raise click.UsageError(_("--json takes stdout: name a file instead of -"))


@contextmanager
def open_atomically(out: Path) -> Iterator[IO[str]]:
    """Open a text file that replaces ``out`` when the block ends without an error.

    Raises:
        InvalidCommand: the file can't be written there.
    """
    if is_stdout(out):
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        with tempfile.NamedTemporaryFile(
            "w", newline="", encoding="utf-8", dir=out.parent, prefix=f".{out.name}.", delete=False
        ) as file:
            draft = Path(file.name)
            try:
                yield file
                file.flush()
                draft.replace(out)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise InvalidCommand(f"{out} can't be written: {error.strerror}") from error


def write_csv(out: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows to a CSV file as they come, and return how many. No cell is a formula.

    Raises:
        InvalidCommand: the file can't be written there.
    """
    with open_atomically(out) as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        written = 0
        for row in rows:
            writer.writerow({name: csv_cell(value) for name, value in row.items()})
            written += 1
    return written
