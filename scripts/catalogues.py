"""Write the catalogues of translations: what is said is extracted, translators fill in the rest.

``python scripts/catalogues.py`` brings each catalogue up to date with the code and compiles it;
with ``--check`` it only exits with 1 if a message is missing, or if a translation is missing,
uncertain or has other values than its original.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from gettext import GNUTranslations
from pathlib import Path
from string import Formatter

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from said import (
    COMMAND,
    LAYER,
    NOT_SHOWN,
    QUIET,
    Found,
    origin,
    said_by_command,
    said_by_functions,
    values_of_command,
)
from sentences import sentences
from wxlive.settings import Language

_VALUE = re.compile(r"\{\w+\}")
HEADER = "# What wxlive says, in Chinese. `make catalogues` keeps and compiles it."

_BACKTICKS = re.compile(r"`[^`]+`")
_PERCENT = re.compile(r"%\((\w+)\)")


@dataclass(frozen=True, slots=True)
class Extracted:
    """A catalogue: its file, and what yields the messages in it, each with where it is from."""

    po: Path
    extract: Callable[[], Iterator[Found]]

    @property
    def mo(self) -> Path:
        return self.po.with_suffix(".mo")

    def read(self) -> Catalog:
        """Read the catalogue as it is."""
        if not self.po.exists():
            return _empty()
        with self.po.open("rb") as file:
            return read_po(file, locale=Language.ZH)

    def updated(self) -> Catalog:
        """Return the catalogue with the messages of the code; those that are gone are dropped."""
        template, catalogue = _empty(), self.read()
        for place, message, *context in self.extract():
            template.add(message, locations=[(place, 0)], context=next(iter(context), None))
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.header_comment = HEADER
        return catalogue


def _empty() -> Catalog:
    long_ago = datetime(2026, 11, 28, tzinfo=UTC)
    return Catalog(locale=Language.ZH, fuzzy=False, creation_date=long_ago, revision_date=long_ago)


CATALOGUES = (
    Extracted(LAYER / "locale" / "zh" / "LC_MESSAGES" / "wxlive.po", said_by_functions),
    Extracted(COMMAND / "locale" / "zh" / "LC_MESSAGES" / "wxlive_cli.po", said_by_command),
    Extracted(
        COMMAND / "locale" / "zh" / "LC_MESSAGES" / "wxlive_cli_values.po", values_of_command
    ),
)


def unmarked() -> list[str]:
    """Return the sentences of the command that would be shown in English only."""
    known = {
        text for extracted in CATALOGUES for one in extracted.read() for text in _texts(one.id)
    }
    return [
        f"{origin(path)}:{one.line}: mark it with _: {one.message!r}"
        for path in sorted(COMMAND.rglob("*.py"))
        if path.name not in QUIET
        for one in sentences(path)
        if one.message not in known | NOT_SHOWN
        and re.search(r"[^\W\d_]", _VALUE.sub("", one.message))
    ]


# ---------------------------------------------------------------- what is wrong
def faults(extracted: Extracted) -> list[str]:
    """Return what is wrong with a catalogue, a sentence each."""
    catalogue, updated = extracted.read(), extracted.updated()
    stored = {message.id for message in catalogue if message.id}
    wanted = {message.id for message in updated if message.id}
    found = [f"not extracted yet: {_texts(one)[0]!r}" for one in wanted - stored]
    found += [f"said nowhere any more: {_texts(one)[0]!r}" for one in stored - wanted]
    for message in catalogue:
        if message.id:
            found += [f"{fault}: {_texts(message.id)[0]!r}" for fault in message_faults(message)]
    if not extracted.mo.exists() or compiled(catalogue) != _read_mo(extracted.mo.read_bytes()):
        found.append(f"{extracted.mo.name} is not compiled from it")
    return sorted(found)


def message_faults(message: Message) -> Iterator[str]:
    """Yield what is wrong with a translation."""
    originals, texts = _texts(message.id), _texts(message.string)
    if message.fuzzy:
        yield "uncertain"
    if not all(texts):
        yield "not translated"
        return
    for text in texts:
        if values_of(text) not in map(values_of, originals):
            yield "other values than its original"
        if not quoted(text).issubset(set().union(*map(quoted, originals))):
            yield "other commands than its original"


def values_of(text: str) -> set[str]:
    """Return the names of the values in a message; none in text that only looks like one."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return set()
    names = {
        f"{name}:{form}!{cast}" for _, name, form, cast in parts if name and name.isidentifier()
    }
    return names | set(_PERCENT.findall(text))


def quoted(text: str) -> set[str]:
    """Return what stands in backticks: it must be typed as it is."""
    return set(_BACKTICKS.findall(" ".join(text.split())))


def _texts(forms: str | Sequence[str] | None) -> Sequence[str]:
    """Return the forms of a message: one, or the singular and the plural."""
    return (forms or "",) if forms is None or isinstance(forms, str) else forms


# ---------------------------------------------------------------- files
def compiled(catalogue: Catalog) -> dict[str | tuple[str, int], str]:
    """Return a catalogue as a program reads it."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return _read_mo(file.getvalue())


def _read_mo(content: bytes) -> dict[str | tuple[str, int], str]:
    read: dict[str | tuple[str, int], str] = vars(GNUTranslations(io.BytesIO(content)))["_catalog"]
    return {message: text for message, text in read.items() if message}


def write(extracted: Extracted) -> None:
    """Write a catalogue as it should be, and compile it."""
    catalogue = extracted.updated()
    file = io.BytesIO()
    write_po(file, catalogue, sort_by_file=True, include_lineno=False, width=100)
    extracted.po.parent.mkdir(parents=True, exist_ok=True)
    extracted.po.write_bytes(_trimmed(file.getvalue()))
    with extracted.mo.open("wb") as compiled_file:
        write_mo(compiled_file, catalogue)


def _trimmed(content: bytes) -> bytes:
    """Leave out what changes though no message does, and what Babel asks for and git knows."""
    return re.sub(
        rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Project-Id-Version|Report-Msgid-Bugs-To'
        rb"|Last-Translator|Language-Team).*\n",
        b"",
        content,
    )


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if something is wrong.")
def main(*, check: bool) -> None:
    """Bring the catalogues up to date with the code, and compile them."""
    for extracted in CATALOGUES:
        if not check:
            write(extracted)
        for fault in faults(extracted):
            click.echo(f"{origin(extracted.po)}: {fault}", err=True)
    raise SystemExit(1 if check and any(map(faults, CATALOGUES)) else 0)


if __name__ == "__main__":
    main()
