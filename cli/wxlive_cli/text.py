"""Text from outside (room names, reasons, answers of AWS) as plain text. Pure.

Whatever a command prints or writes passes through here: a terminal and a spreadsheet must show
text and never act on it.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Format characters that scripts and emoji need; the others reverse text or hide in it."""

_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

_FORMULA = re.compile(r"[\s']*[=+@-]")
"""How a cell begins in which a spreadsheet would compute, apostrophes aside."""


def printable(text: str, *, keep: str = "") -> str:
    """Return a text on one line, with each control character replaced by U+FFFD.

    Control characters are those of C0 and C1, line and paragraph separators, and invisible ones
    that change the direction of the text. A tab becomes a blank.

    Args:
        text: any text.
        keep: characters to leave as they are.
    """
    return "".join(
        each if each in keep or not _is_unprintable(each) else " " if each == "\t" else REPLACEMENT
        for each in text
    )


def json_line(facts: Mapping[str, Any]) -> str:
    """Return facts as one line of JSON in which control characters are escaped, none is lost."""
    text = json.dumps(facts, ensure_ascii=False)
    return "".join(json.dumps(each)[1:-1] if _is_unprintable(each) else each for each in text)


def csv_cell(value: Any) -> Any:
    """Return a value for a cell of a CSV file; a spreadsheet shows text and computes nothing.

    Text that looks like a formula gets an apostrophe in front. Numbers stay numbers.
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if _FORMULA.match(text) else text


def csv_text(cell: str) -> str:
    """Return the text that ``csv_cell`` made a cell of."""
    return cell.removeprefix("'") if _FORMULA.match(cell) else cell


def _is_unprintable(character: str) -> bool:
    return unicodedata.category(character) in _UNPRINTABLE and character not in _JOINERS
