"""Files that an operator asked for: whole or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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
