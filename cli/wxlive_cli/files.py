"""Files that an operator asked for: whole or not at all."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from wxlive.errors import Refused


@contextmanager
def written_whole(out: Path) -> Iterator[IO[str]]:
    """Open a text file that takes its place when the block has ended well, and not otherwise.

    Raises:
        Refused: the file can't be written there.
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
        raise Refused(f"{out} can't be written: {error.strerror}") from error


def write_csv(out: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows as they come; the file appears whole or not at all. Returns how many.

    Raises:
        Refused: the file can't be written there.
    """
    with written_whole(out) as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        written = 0
        for row in rows:
            writer.writerow(row)
            written += 1
    return written
