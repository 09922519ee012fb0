"""Writing measured tables into a page of the documentation, between two comments that name them."""

import re
from collections.abc import Iterable
from pathlib import Path


def fill(page: Path, name: str, lines: Iterable[str]) -> None:
    """Put the lines between ``<!-- NAME begins -->`` and ``<!-- NAME ends -->``.

    Raises:
        ValueError: the page has no such place.
    """
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} begins -->", f"<!-- {name} ends -->"
    place = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"{page} has no place for {name!r}")
    body = "\n".join((begin, *lines, end))
    page.write_text(place.sub(lambda _: body, text), encoding="utf-8")
