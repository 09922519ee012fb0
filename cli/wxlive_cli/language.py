"""The language of the command: that of the environment, or of ``--lang``.

What a screen says of its own is marked with ``_``, as click marks its words. Values that were
English before they came here (states, reasons, errors) go through ``shown``.
"""

import gettext
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import zip_longest
from pathlib import Path

from wxlive.errors import InvalidCommand
from wxlive.language import DOMAIN, LOCALE, Catalogue
from wxlive.settings import Language

LANGUAGE_OPTION = "--lang"

_COMMAND_DOMAIN = "wxlive_cli"
_VALUES_DOMAIN = "wxlive_cli_values"
_COMMAND_LOCALE = Path(__file__).parent / "locale"


def N_(message: str) -> str:  # noqa: N802 - gettext's name for it
    """Mark a message that ``shown`` translates where it is used."""
    return message


def shown(sentence: str) -> str:
    """Return an English sentence, or a state, in the command's language."""
    return _catalogue(current()).shown(sentence)


def named(fact: str) -> str:
    """Return the name of a fact, or the heading of a column, in the command's language.

    It is one of ``labels``, or else a state that is counted.
    """
    label = gettext.gettext(fact) if fact else ""  # gettext's "" is the head of the catalogue
    return label if label != fact else shown(fact)


def language_of(words: Sequence[str], environment: Mapping[str, str]) -> Language:
    """Return the language that a command line asks for, or else the environment.

    Raises:
        InvalidCommand: the command line asks for one that wxlive does not speak.
    """
    asked = _asked(words)
    if asked is None:
        names = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
        locale = next(filter(None, names), "")
        return Language.ZH if locale.lower().startswith("zh") else Language.EN
    try:
        return Language(asked)
    except ValueError:
        known = ", ".join(Language)
        raise InvalidCommand(f"{asked!r} is no language of wxlive; use one of {known}") from None


def _asked(words: Sequence[str]) -> str | None:
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        name, equals, value = word.partition("=")
        if name == LANGUAGE_OPTION:
            return value if equals else following
    return None


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Have the block speak a language: gettext, and so click, reads it from the environment."""
    before = os.environ.get("LANGUAGE")
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(_COMMAND_DOMAIN, str(_COMMAND_LOCALE))
    gettext.textdomain(_COMMAND_DOMAIN)
    try:
        yield
    finally:
        if before is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = before


def current() -> Language:
    """Return the language that the command speaks."""
    return Language.ZH if os.environ.get("LANGUAGE") == Language.ZH else Language.EN


@cache
def _catalogue(language: Language) -> Catalogue:
    return Catalogue.load(
        language,
        (DOMAIN, LOCALE),
        (_VALUES_DOMAIN, _COMMAND_LOCALE),
        words=[(_COMMAND_DOMAIN, _COMMAND_LOCALE)],
    )
