"""Sentences in the language of whoever reads them.

wxlive speaks English inside: what it stores, logs and prints as JSON. A screen, a page and a
message to the team are translated as they are written, by catalogues of GNU gettext. A finished
sentence is translated as well: ``There is no run 7f`` is recognised by its message, ``There is no
run {run}``.
"""

from collections.abc import Iterable, Mapping
from gettext import GNUTranslations
from itertools import zip_longest
from pathlib import Path
from string import Formatter
from typing import Self

from wxlive.settings import Language

LOCALE = Path(__file__).parent / "locale"
"""Where the catalogue of what the functions say is."""

DOMAIN = "wxlive"

File = tuple[str, Path]
"""A catalogue: the name of its domain, and the folder of the languages."""

FEW_LETTERS = 3
"""A message with fewer letters is meant only if a value in it is known as well."""


LONGEST = 2000
"""wxlive's own sentences are shorter; a longer one is not compared with every message."""


class Pattern:
    """A message with values: recognises the sentences that were made of it."""

    def __init__(self, message: str) -> None:
        parts = [(text, name) for text, name, *_ in Formatter().parse(message)]
        self.message = message
        self.names = [name for _, name in parts if name is not None]
        texts = [text for text, _ in parts]
        self.texts = texts if parts[-1][1] is None else [*texts, ""]
        """What stands before, between and after the values."""
        self.letters = sum(map(str.isalpha, "".join(texts)))

    @classmethod
    def of(cls, message: str) -> Self | None:
        """Return the pattern of a message, None if it has no values or formats them itself."""
        try:
            found = list(Formatter().parse(message))
        except ValueError:
            return None
        names = [name for _, name, *_ in found if name is not None]
        is_plain = all(not form and not cast for _, _, form, cast in found)
        return cls(message) if names and all(map(str.isidentifier, names)) and is_plain else None

    def values(self, sentence: str) -> dict[str, str] | None:
        """Return the values in a sentence by their names, None if it is of another message.

        A value ends where the text after it is found first.
        """
        head, *between, tail = self.texts
        start, end = len(head), len(sentence) - len(tail)
        if start > end or not (sentence.startswith(head) and sentence.endswith(tail)):
            return None
        values: dict[str, str] = {}
        for name, text in zip_longest(self.names, between):
            at = end if text is None else sentence.find(text, start, end)
            if at < 0 or values.setdefault(name, sentence[start:at]) != sentence[start:at]:
                return None
            start = at + len(text or "")
        return values


class Catalogue:
    """The messages of one language. Without any, it returns what it is given: English.

    Sentences are recognised by ``messages`` alone; ``words`` are translated where they stand alone.
    """

    def __init__(self, messages: Mapping[str, str], words: Mapping[str, str] | None = None) -> None:
        self._messages, self._words = messages, words or {}
        patterns = filter(None, map(Pattern.of, messages))
        # Of two that fit as well, the one is meant with which the sentence begins.
        self.patterns = sorted(patterns, key=lambda one: (one.message[0] == "{", one.message))

    @classmethod
    def load(cls, language: Language, *files: File, words: Iterable[File] = ()) -> Self:
        """Read the catalogues of a language."""
        if language is Language.EN:
            return cls({})
        return cls(_read(language, files), _read(language, words))

    def gettext(self, message: str) -> str:
        """Return the translation of a message, or the message."""
        return self._messages.get(message) or self._words.get(message, message)

    def shown(self, sentence: str) -> str:
        """Return the translation of a sentence, with its values; as it is, if it is not known."""
        if len(sentence) > LONGEST:
            return sentence
        exact = self._messages.get(sentence) or self._words.get(sentence)
        return exact or self._read(sentence, {})[1]

    def _read(self, sentence: str, known: dict[str, tuple[int, str]]) -> tuple[int, str]:
        """Return how many letters of a sentence are known, and its translation.

        Of the messages that fit, the one is meant by which most is known, its values included.

        Args:
            sentence: the sentence.
            known: what was read before, each part of a sentence once.
        """
        if sentence not in known:
            exact = self._messages.get(sentence)
            letters = sum(map(str.isalpha, sentence))
            known[sentence] = (letters, exact) if exact else self._recognise(sentence, known)
        return known[sentence]

    def _recognise(self, sentence: str, known: dict[str, tuple[int, str]]) -> tuple[int, str]:
        best = 0, sentence
        for pattern in self.patterns:
            values = pattern.values(sentence)
            if values is None:
                continue
            read = {name: self._read(value, known) for name, value in values.items()}
            inside = sum(letters for letters, _ in read.values())
            # A message of hardly more than punctuation fits many a sentence that is not of it.
            if pattern.letters + inside > best[0] and (inside or pattern.letters >= FEW_LETTERS):
                shown = {name: text for name, (_, text) in read.items()}
                text = self._messages[pattern.message].format(**shown)
                best = pattern.letters + inside, text
        return best


def _read(language: Language, files: Iterable[File]) -> dict[str, str]:
    messages: dict[str, str] = {}
    for domain, folder in files:
        with (folder / language / "LC_MESSAGES" / f"{domain}.mo").open("rb") as file:
            messages |= _Messages(file).by_id
    return messages


class _Messages(GNUTranslations):
    """A compiled catalogue, whose messages can be listed."""

    _catalog: dict[str | tuple[str, int], str]

    @property
    def by_id(self) -> dict[str, str]:
        """The translations of the messages that have no plural."""
        return {
            message: text
            for message, text in self._catalog.items()
            if isinstance(message, str) and message
        }
