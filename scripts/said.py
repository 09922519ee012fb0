"""What wxlive says: every message that people read, each with the file that it is from."""

import os
from collections.abc import Iterator
from errno import EACCES, EISDIR, ENOENT, ENOSPC, ENOTDIR, EROFS
from functools import cache
from pathlib import Path
from typing import Any

import click
from babel.messages.extract import extract_from_dir

from sentences import sentences, states
from wxlive_cli.help import said
from wxlive_cli.labels import CHECKS, LABELS, RESULTS
from wxlive_cli.main import main as wxlive
from wxlive_local.paths import ROOT

LAYER = ROOT / "layers" / "wxlive" / "wxlive"
COMMAND = ROOT / "cli" / "wxlive_cli"

SAYING = ("follower_sync", "live_watch", "notify", "push_fanout", "push_start")
"""The functions whose sentences reach an operator."""

SILENT = frozenset({"announcements.py", "telemetry.py", "tellings.py", "ingest.py"})
"""Modules of the layer whose text is for programs."""

FINDING = frozenset({"aws_errors.py", "checks.py", "probes.py", "wechat_secret.py"})
"""Modules of the command whose sentences are values, and translated when they are shown."""

QUIET = frozenset({"exit_codes.py"})
"""Modules of the command whose sentences are for its documentation."""

OUR_WORDS = (
    *("live", "ended", "banned", "abnormal", "expired", "chosen", "resumed", "paced", "resolved"),
    *("the secret", "the new secret", "in an unknown state", "not started", "enabled", "disabled"),
    *("signed",),
)
"""Words that the layer's sentences are completed with."""

NOT_SHOWN = frozenset(
    {"does not exist", "Robot stored", "wxlive: {printable}", "{command_path} --help"}
)
"""Text of the command that is compared, posted or typed."""

SAID_BY_SYSTEM = (ENOENT, EACCES, EISDIR, ENOTDIR, ENOSPC, EROFS)
"""Why a file can't be read or written, in the words of the operating system."""

_KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "N_": None}
_KEYWORDS |= {"ngettext": (1, 2), "npgettext": ((1, "c"), 2, 3)}
_PYTHON = [("**.py", "python")]
Found = tuple[str, str | tuple[str, ...]] | tuple[str, str | tuple[str, ...], str | None]
"""Where a message is from, the message (perhaps with its plural), and perhaps its context."""


def said_by_functions() -> Iterator[Found]:
    """Yield the sentences of the layer and of the functions."""
    roots = [LAYER, *(ROOT / "functions" / name for name in SAYING)]
    for path in sorted(path for root in roots for path in root.rglob("*.py")):
        if path.name in SILENT:
            continue
        yield from ((origin(path), one.message) for one in sentences(path))
        if path.parent.name == "domain":
            yield from ((origin(path), word) for word in states(path))
    yield from (("scripts/said.py", word) for word in OUR_WORDS)


def said_by_command() -> Iterator[Found]:
    """Yield what the screens of ``wxlive`` say: marked text, labels, help, and click's words."""
    yield from (found for found in _marked() if not (_has_values(found) and found[:2] in _noted()))
    labels = (*CHECKS, *RESULTS, *LABELS)
    yield from (("cli/wxlive_cli/labels.py", label) for label in labels)
    yield from (("help", text) for text in _help(wxlive))
    for _, _, message, *_ in extract_from_dir(Path(click.__file__).parent, _PYTHON):
        yield "click", message
    yield "click", "required"  # translated there, but not marked


def values_of_command() -> Iterator[Found]:
    """Yield the sentences of ``wxlive`` that are values first: its errors and its findings."""
    yield from filter(_has_values, _noted())
    for path in sorted(COMMAND.rglob("*.py")):
        for one in sentences(path):
            if one.is_error or path.name in FINDING:
                yield origin(path), one.message
    yield from (("errno", os.strerror(code)) for code in SAID_BY_SYSTEM)


@cache
def _marked() -> list[Found]:
    methods = [*_PYTHON, ("**.j2", "jinja2.ext:babel_extract")]
    found = extract_from_dir(COMMAND, methods, keywords=_KEYWORDS)
    return [(origin(COMMAND / name), message, context) for name, _, message, _, context in found]


@cache
def _noted() -> list[Found]:
    """Return what is marked to be translated later."""
    found = extract_from_dir(COMMAND, _PYTHON, keywords={"N_": None})
    return [(origin(COMMAND / name), message) for name, _, message, *_ in found]


def _has_values(found: Found) -> bool:
    return isinstance(found[1], str) and "{" in found[1]


def _help(command: click.Command) -> Iterator[str]:
    found: list[str] = []

    def note(message: str) -> str:
        found.append(message)
        return message

    said(command.help or "", note)
    yield from filter(None, found)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            yield parameter.help
    if isinstance(command, click.Group):
        for child in command.commands.values():
            yield from _help(child)


def origin(path: Path) -> str:
    """Return where a message is from, as catalogues name it."""
    return path.relative_to(ROOT).as_posix()
