"""The help in the command's language.

Click takes the help of a command when it is declared. So a translated command is a copy of it,
made when it is run.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from gettext import gettext as _
from inspect import cleandoc
from typing import TypeVar

import click
from rich.cells import cell_len

C = TypeVar("C", bound=click.Command)

KEEPS_LINES = "\b"
"""Click's mark of a paragraph whose lines are kept."""

_EXAMPLE = re.compile(r"(\s*\S.*?)(\s{2,}|$)(.*)")
_WIDE = "WF"


def translated(command: C) -> C:
    """Return a command with its help, and that of its options and commands, translated."""
    result = copy(command)
    result.context_class = HelpContext
    result.params = [_translated_option(each) for each in command.params]
    if command.help:
        result.help = said(command.help, _)
        if result.help != cleandoc(command.help):
            result.short_help = re.split(r"(?<=。)|\n", result.help)[0].rstrip("。")
    if isinstance(result, click.Group):
        result.commands = {name: translated(each) for name, each in result.commands.items()}
    return result


def _translated_option(parameter: click.Parameter) -> click.Parameter:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    result = copy(parameter)
    result.help = _(parameter.help)
    return result


def said(text: str, translate: Callable[[str], str]) -> str:
    """Return a help text with each message in it translated; what must be typed stays.

    A paragraph is one message. After a backspace, which keeps lines, each line is one; of an
    example, only what is said beside it.
    """
    paragraphs = cleandoc(text).split("\n\n")
    return "\n\n".join(_said(each, translate) for each in paragraphs)


def _said(paragraph: str, translate: Callable[[str], str]) -> str:
    if not paragraph.startswith(KEEPS_LINES):
        return translate(" ".join(paragraph.split()))
    return "\n".join(_said_line(line, translate) for line in paragraph.splitlines())


def _said_line(line: str, translate: Callable[[str], str]) -> str:
    if line == KEEPS_LINES:
        return line
    if not line.startswith(" "):
        return translate(line)
    example, gap, words = _EXAMPLE.fullmatch(line).groups()  # type: ignore[union-attr]  # any line
    return example + gap + translate(words) if words else line


class WideFormatter(click.HelpFormatter):
    """Wraps lines by their columns: a Chinese character takes two, and may end a line."""

    def write_heading(self, heading: str) -> None:
        """Write what the lines below it are."""
        indent = " " * self.current_indent
        self.write(indent + _("{heading}:").format(heading=heading) + "\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs; one after a backspace keeps its lines."""
        indent = " " * self.current_indent
        paragraphs = (
            "\n".join(_paragraph(each, self.width - len(indent))) for each in _split(text)
        )
        lines = "\n\n".join(paragraphs).splitlines()
        self.write("".join(f"{indent}{line}".rstrip() + "\n" for line in lines))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write options or commands, each with its help beside it."""
        rows = list(rows)
        first = min(max(cell_len(name) for name, _help in rows), col_max) + col_spacing
        width = max(self.width - first - self.current_indent, 10)
        for name, text in rows:
            indent, gap = " " * self.current_indent, first - cell_len(name)
            lines = list(wrapped(" ".join(text.split()), width)) or [""]
            if gap < col_spacing:
                self.write(f"{indent}{name}\n")
            else:
                self.write(f"{indent}{name}{' ' * gap}{lines.pop(0)}".rstrip() + "\n")
            self.write("".join(f"{indent}{' ' * first}{line}\n" for line in lines))


class HelpContext(click.Context):
    """A context whose help is wrapped by columns."""

    formatter_class = WideFormatter


def wrapped(text: str, columns: int) -> Iterator[str]:
    """Yield the lines of a paragraph; no word is cut, and no line begins with a stop."""
    line = ""
    for piece in _pieces(text):
        if line and cell_len((line + piece).rstrip()) > columns:
            yield line.rstrip()
            line = piece.lstrip()
        else:
            line += piece
    if line.strip():
        yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    """Divide a text where a line may end: at blanks, and beside wide characters."""
    piece = ""
    for each in text:
        is_apart = piece and (piece[-1] == " " or _is_wide(piece[-1]) or _is_wide(each))
        if is_apart and each != " " and not _is_stop(each) and not _opens(piece[-1]):
            yield piece
            piece = ""
        piece += each
    yield piece


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in _WIDE


def _is_stop(character: str) -> bool:
    return unicodedata.category(character) in {"Pe", "Pf", "Po"} and _is_wide(character)


def _opens(character: str) -> bool:
    return unicodedata.category(character) in {"Ps", "Pi"}


def _split(text: str) -> list[str]:
    return re.split(r"\n\s*\n", text.strip("\n"))


def _paragraph(text: str, columns: int) -> list[str]:
    if text.startswith(KEEPS_LINES):
        return text.splitlines()[1:]
    return list(wrapped(" ".join(text.split()), columns))
