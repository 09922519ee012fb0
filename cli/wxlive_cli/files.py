"""Files that appear complete or not at all."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from wxlive.errors import InvalidCommand


@contextmanager
def open_atomically(out: Path) -> Iterator[IO[str]]:
    """Open a text file that replaces ``out`` when the block ends without an error.

    Raises:
        InvalidCommand: the file can't be written there.
    """
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
    """Write rows to a CSV file as they come, and return how many.

    Raises:
        InvalidCommand: the file can't be written there.
    """
    with open_atomically(out) as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        written = 0
        for row in rows:
            writer.writerow(row)
            written += 1
    return written
