"""``--help`` shows examples, and the shell completes commands and options."""

import re

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from rich.cells import cell_len

from support.commands import commands
from wxlive_cli.help import said, wrapped
from wxlive_cli.main import main

ALL = sorted(commands(main))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_shows_an_example_of_the_command(words: tuple[str, ...]) -> None:
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
    ("typed", "incomplete", "offered"),
    [([], "ro", "rooms"), (["rooms"], "ch", "choose"), (["push"], "--dr", "--dry-run")],
)
def test_the_shell_completes_commands_and_options(
    typed: list[str], incomplete: str, offered: str
) -> None:
    completion = ShellComplete(main, {}, "wxlive", "_WXLIVE_COMPLETE")

    assert offered in [item.value for item in completion.get_completions(typed, incomplete)]


@pytest.mark.parametrize("columns", [10, 20, 40])
def test_lines_are_wrapped_by_columns(columns: int) -> None:
    text = "最多等待 900 秒（见 `wxlive status`）；之后返回。It may take longer than that."
    lines = list(wrapped(text, columns))

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(map(cell_len, lines)) <= max(columns, cell_len("status`）；"))
    assert not [line for line in lines if line[0] in "），；。"]


def test_help_is_translated_but_for_what_is_typed() -> None:
    text = """Do it.

    At once, or later, whatever
    is better.

    \b
    Examples:
      wxlive do          at once
      wxlive do --later
    """

    assert said(text, lambda message: f"<{message}>") == (
        "<Do it.>\n\n<At once, or later, whatever is better.>\n\n"
        "\b\n<Examples:>\n  wxlive do          <at once>\n  wxlive do --later"
    )
