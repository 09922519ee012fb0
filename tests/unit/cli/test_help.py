"""``--help`` teaches by example, and the shell completes what can be typed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from wxlive_cli.main import main

COMMAND = Path(sys.executable).parent / "wxlive"


def commands(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """Every command by the words that name it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield (*above, name)


ALL = sorted(commands(main))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_shows_the_command_at_work(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"]).stdout
    named = " ".join(words).removesuffix(" list")

    assert re.search(rf"^    wxlive {named}\b", shown, re.MULTILINE)
    assert "--json" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_example_is_a_command_with_options_that_exist(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"]).stdout
    examples = re.findall(r"^    wxlive ([^|>\n]*?)(?:  .*| 2>.*| \|.*)?$", shown, re.MULTILINE)

    assert examples
    for example in examples:
        context = main.make_context("wxlive", example.split(), resilient_parsing=True)
        asked = CliRunner().invoke(main, [*example.split(), "--help"])
        assert asked.exit_code == 0, asked.output
        context.close()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("wxlive ro", "rooms"), ("wxlive rooms ch", "choose"), ("wxlive push --dr", "--dry-run")],
)
def test_the_shell_completes_commands_and_options(typed: str, offered: str) -> None:
    env = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")), "PATH": os.defpath}

    done = subprocess.run(
        [COMMAND],
        env=env | {"_WXLIVE_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert offered in [line.split(",")[1] for line in done.stdout.splitlines()]
