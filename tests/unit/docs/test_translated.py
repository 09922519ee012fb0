"""The Chinese pages say what the English ones do: the same parts, commands, names and links."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from wxlive_local.paths import ROOT

PAGES = ["README.md", "docs/operations.md"]
"""The pages that have a Chinese one beside them."""

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_NAME = re.compile(
    r"`((?:wxlive |make |sam |aws |--)[^`]*|[A-Z][A-Za-z]+(?:=[^`]*)?|[a-z]+_[a-z_]+)`"
)
"""What is typed as it is, in whatever language: commands, parameters, metrics, functions."""


@cache
def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def chinese(page: str) -> str:
    return page.removesuffix(".md") + ".zh-CN.md"


def prose(text: str) -> str:
    return _FENCE.sub("", text)


def headings(text: str) -> list[int]:
    """The levels of the headings, in their order."""
    return [len(level) for level in re.findall(r"^(#+) ", prose(text), re.MULTILINE)]


def blocks(text: str) -> list[str]:
    """The languages of the blocks of code."""
    return [language for language, _ in _FENCE.findall(text)]


def commands(text: str) -> list[str]:
    """What is typed at a prompt."""
    lines = [line.strip() for _, block in _FENCE.findall(text) for line in block.splitlines()]
    return [line.replace(" --lang zh", "") for line in lines if line.startswith("$ ")]


def rows(text: str) -> list[int]:
    """How many columns each row of a table has, and so how many rows there are."""
    return [line.count(" | ") for line in prose(text).splitlines() if line.lstrip().startswith("|")]


def items(text: str) -> list[str]:
    """The marks of the items of lists."""
    return re.findall(r"^ *(-|\d+\.) ", prose(text), re.MULTILINE)


def links(text: str) -> Counter[str]:
    """Where the links lead; the headings of a translated page have other names."""
    targets = (target.replace(".zh-CN.", ".") for target in _LINK.findall(prose(text)))
    translated = re.compile(r"(README|operations)\.md(#.*)?$|^#.*")
    return Counter(translated.sub(r"\1", target) for target in targets)


def names(text: str) -> set[str]:
    return set(_NAME.findall(" ".join(prose(text).split())))


def figures(text: str) -> list[str]:
    """Amounts of money, and codes of WeChat."""
    return re.findall(r"\$\d+\.\d+|\b4\d{4}\b", prose(text))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "part",
    [headings, blocks, commands, rows, items, links, names, figures],
    ids=lambda f: f.__name__,
)
def test_a_chinese_page_has_the_same(part: Callable[[str], object], page: str) -> None:
    assert part(text_of(chinese(page))) == part(text_of(page))


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_name_each_other(page: str) -> None:
    name = page.rpartition("/")[2]

    assert f"]({chinese(name)})" in text_of(page)
    assert f"]({name})" in text_of(chinese(page))
