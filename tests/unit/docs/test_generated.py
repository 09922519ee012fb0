"""The pages of docs/ that are generated follow the commands and the template."""

from pathlib import Path

import generate_docs
import pytest
from click.testing import CliRunner

from wxlive_local.paths import ROOT, TEMPLATE
from wxlive_local.template import Template


@pytest.mark.parametrize("page", generate_docs.PAGES, ids=lambda page: page.name)
def test_a_generated_page_is_up_to_date(page: Path) -> None:
    stale = page in generate_docs.stale_pages()

    assert not stale, f"{page.relative_to(ROOT)} is out of date: run `make docs`"


def test_the_text_does_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = generate_docs.cli_reference()
    monkeypatch.setenv("COLUMNS", "40")

    assert generate_docs.cli_reference() == wide


def test_every_parameter_stands_in_one_group_and_has_a_purpose() -> None:
    parameters = Template.read(TEMPLATE).parameters
    grouped = [name for names in generate_docs.parameter_groups().values() for name in names]

    assert sorted(grouped) == sorted(parameters)
    assert [name for name in parameters if not parameters[name].get("Description")] == []


def test_the_reference_shows_usage_examples_and_defaults() -> None:
    page = generate_docs.cli_reference()

    assert "\n## wxlive rooms choose\n\n```text\nwxlive rooms choose [OPTIONS] ROOM_ID\n" in page
    assert "\nwxlive push --room 1001 --dry-run\n" in page
    assert "[default: 900; x>=0]" in page


def test_the_parameters_show_defaults_and_limits() -> None:
    page = generate_docs.parameters_table()

    assert "| `MessageMode` | `secure` | `secure`, `compatible`, `plaintext` |" in page
    assert "| `PushChunkSize` | `2000` | number, 1 to 2000 |" in page
    assert "| `PushRatePerSecond` | `2000` | number, at least 1 |" in page
    assert "| `AlarmEmail` | empty | text |" in page


def test_checking_names_the_stale_page_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    monkeypatch.setattr(generate_docs, "ROOT", tmp_path)
    monkeypatch.setattr(generate_docs, "PAGES", {page: lambda: "new"})

    checked = CliRunner().invoke(generate_docs.main, ["--check"])

    assert (checked.exit_code, page.exists()) == (1, False)
    assert "docs/page.md is out of date: run `make docs`" in checked.stderr

    assert CliRunner().invoke(generate_docs.main, []).exit_code == 0
    assert page.read_text(encoding="utf-8") == "new"
    assert CliRunner().invoke(generate_docs.main, ["--check"]).exit_code == 0
