"""No link and no citation leads nowhere, and none leads to a page that readers do not have."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

import pytest

from wxlive_local.paths import ROOT

CITING = {".py", ".yaml", ".yml", ".toml", ".j2", ".sh"}
"""Suffixes of the files whose comments and docstrings cite pages of ``docs/``; and the Makefile."""

_LEFT_BEHIND = re.compile(
    r"""\.git | \.venv.* | \.aws-sam | \.coverage.* | \..*_cache | \.hypothesis
      | build | __pycache__ | .*\.egg-info | .*\.pyc""",
    re.VERBOSE,
)
_FENCE = re.compile(r"^ {0,3}(```+|~~~+).*?^ {0,3}\1[`~]*\s*?$", re.DOTALL | re.MULTILINE)
_INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?)(?: +#+)? *$", re.MULTILINE)
_HTML_ANCHOR = re.compile(r"""<a\s[^>]*?(?:id|name)=["']([^"']+)["']""")
_LINKED_TEXT = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_TARGETS = (
    re.compile(r"""\]\(\s*<?([^)\s>]+)>?(?:\s+["'][^)]*)?\)"""),
    re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)", re.MULTILINE),
    re.compile(r"""<(?:a|img|source)\s[^>]*?(?:href|src|srcset)=["']([^"'\s]+)"""),
)
_LABEL_USED = re.compile(r"\]\[([^\]]+)\]")
_LABEL_DEFINED = re.compile(r"^ {0,3}\[([^\]]+)\]:", re.MULTILINE)
_CITATION = re.compile(r"(?<![\w./-])(?:docs/[\w.-]+\.md|wechat-protocol\.md)(?:#[\w-]+)?")
_UNAVAILABLE = re.compile(
    r"""\b(?:design|contract)\.md\b
      | \bprotocol[\s\#]+reference\b
      | \bthe[\s\#]+reference(?:'s\b|[\s\#]+(?:says|infers|lists|does[\s\#]+not)\b)
      | \bsections?[\s\#]+\d+(?:-\d+)?[\s\#]+of[\s\#]+the\b
      | \bthe[\s\#]+contract(?:'s\b|[\s\#]+(?:says|names|wants|demands)\b)
      | \.\./shared\b
      | """
    rf"{re.escape(str(ROOT.parent))}/(?:{re.escape(ROOT.name)}|shared)\b",
    re.IGNORECASE | re.VERBOSE,
)


@cache
def files() -> dict[str, Path]:
    """Every file of the repository by its path in it, without what tools leave behind."""
    found: dict[str, Path] = {}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not _LEFT_BEHIND.fullmatch(name)]
        paths = (Path(folder, name) for name in names if not _LEFT_BEHIND.fullmatch(name))
        found |= {path.relative_to(ROOT).as_posix(): path for path in paths}
    return dict(sorted(found.items()))


@cache
def text_of(name: str) -> str:
    """A file's text; nothing for a picture."""
    try:
        return files()[name].read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def pages() -> list[str]:
    return [name for name in files() if name.endswith(".md")]


def citing_files() -> list[str]:
    # The tests of the documentation make up pages of their own.
    return [
        name
        for name in files()
        if (PurePosixPath(name).suffix in CITING or PurePosixPath(name).name == "Makefile")
        and not name.startswith("tests/unit/docs/")
    ]


def anchors(markdown: str) -> set[str]:
    """The anchors that GitHub gives a page's headings, and those written as HTML."""
    prose = _FENCE.sub("", markdown)
    seen: Counter[str] = Counter()
    found = set(_HTML_ANCHOR.findall(prose))
    for heading in _HEADING.findall(prose):
        words = _LINKED_TEXT.sub(r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def dead_links(name: str, markdown: str) -> Iterator[str]:
    """The relative links of a page that lead to no file or no heading, and undefined labels."""
    prose = _INLINE_CODE.sub("", _FENCE.sub("", markdown))
    for pattern in _TARGETS:
        for target in pattern.findall(prose):
            url = urlsplit(target)
            if url.scheme or url.netloc:
                continue
            here = str(PurePosixPath(name).parent / unquote(url.path)) if url.path else name
            if not leads_somewhere(normpath(here), unquote(url.fragment), name, markdown):
                yield target
    defined = {label.lower() for label in _LABEL_DEFINED.findall(prose)}
    yield from (label for label in _LABEL_USED.findall(prose) if label.lower() not in defined)


def leads_somewhere(path: str, anchor: str, name: str = "", markdown: str = "") -> bool:
    """Whether there is such a file or folder, and such a heading if it is a page."""
    if path != name and path not in files():
        return not anchor and any(other.startswith(f"{path}/") for other in files())
    if not anchor or not path.endswith(".md"):
        return True
    return anchor in anchors(markdown if path == name else text_of(path))


def dead_citations(text: str) -> Iterator[str]:
    """The citations of ``docs/`` in code that lead to no page or no heading."""
    for citation in _CITATION.findall(text):
        path, _, anchor = citation.partition("#")
        if not leads_somewhere(path if "/" in path else f"docs/{path}", anchor):
            yield citation


@pytest.mark.parametrize("name", pages())
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    assert list(dead_links(name, text_of(name))) == []


def test_every_page_that_code_cites_exists_and_has_the_heading() -> None:
    dead = [
        f"{name}: {citation}"
        for name in citing_files()
        for citation in dead_citations(text_of(name))
    ]

    assert dead == []


def test_no_file_cites_a_page_that_readers_do_not_have() -> None:
    cited = [
        f"{name}:{text_of(name).count(chr(10), 0, found.start()) + 1}: {found[0]}"
        for name in files()
        if not name.startswith("tests/unit/docs/")
        for found in _UNAVAILABLE.finditer(text_of(name))
    ]

    assert cited == []


def test_anchors_are_githubs() -> None:
    page = """# What it costs: $5 (a month)
## `wxlive push`
## wxalive_follow_notify
## Same
## Same
## [Linked](https://example.com/a) 中文说明
```console
# a comment
```
<a id="by-hand"></a>
"""

    assert anchors(page) == {
        "what-it-costs-5-a-month",
        "wxlive-push",
        "wxalive_follow_notify",
        "same",
        "same-1",
        "linked-中文说明",
        "by-hand",
    }


@pytest.mark.parametrize(
    ("line", "dead"),
    [
        ("[a](#here) [b](../README.md) [c](https://example.com/x#y) [d](mailto:a@b.c)", []),
        ("[a](#there)", ["#there"]),
        ("[a](../README.md#nowhere) ![b](gone.png 'title')", ["../README.md#nowhere", "gone.png"]),
        ("[a][known] [b][Unknown]\n\n[known]: ../docs", ["Unknown"]),
        ("[a][known]\n\n[known]: ../gone.md", ["../gone.md"]),
        ('<img src="gone.svg" alt="">', ["gone.svg"]),
        ("`[a](gone.md)`\n\n```\n[a](gone.md)\n```", []),
    ],
)
def test_dead_links_are_found(line: str, dead: list[str]) -> None:
    assert list(dead_links("docs/page.md", f"# Here\n\n{line}\n")) == dead


def test_dead_citations_are_found() -> None:
    text = """
    # docs/wechat-protocol.md#error-codes, wechat-protocol.md#no-such-heading and docs/gone.md;
    # local/docs/gone.md is something else.
    """

    assert list(dead_citations(text)) == ["wechat-protocol.md#no-such-heading", "docs/gone.md"]


@pytest.mark.parametrize(
    ("sentence", "is_cited"),
    [
        ("`design.md` has the second of", True),
        ("section 6 of the protocol\n# reference", True),
        ("The names are the contract's.", True),
        ("ends as the contract says", True),
        ("one row of the reference's table", True),
        ("docstrings state the contract; tests/contract runs it", False),
        ("the command reference, section 6", False),
    ],
)
def test_citations_of_unavailable_pages_are_found(sentence: str, is_cited: bool) -> None:  # noqa: FBT001 - a case
    assert bool(_UNAVAILABLE.search(sentence)) is is_cited
