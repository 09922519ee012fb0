"""The pages of the documentation that contain measured tables."""

import re
from collections.abc import Iterable
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PERFORMANCE_PAGE = DOCS / "performance.md"
COSTS_PAGE = DOCS / "costs.md"
README = DOCS.parent / "README.md"


def fill_section(page: Path, name: str, lines: Iterable[str]) -> None:
    """Replace what stands between ``<!-- NAME begins -->`` and ``<!-- NAME ends -->``.

    Raises:
        ValueError: the page has no such section.
    """
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} begins -->", f"<!-- {name} ends -->"
    section = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    if not section.search(text):
        raise ValueError(f"{page} has no section {name!r}")
    body = "\n".join((begin, *lines, end))
    page.write_text(section.sub(lambda _: body, text), encoding="utf-8")
