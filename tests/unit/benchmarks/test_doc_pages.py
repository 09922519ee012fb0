"""Measured tables are written into their sections of a page."""

from pathlib import Path

import pytest

from bench_harness.doc_pages import fill_section


def test_a_section_is_replaced_and_the_rest_of_the_page_is_kept(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- t begins -->\nold\n<!-- t ends -->\nb\n", encoding="utf-8")

    fill_section(page, "t", ["new \\1"])

    text = page.read_text(encoding="utf-8")
    assert text == "a\n<!-- t begins -->\nnew \\1\n<!-- t ends -->\nb\n"


def test_a_missing_section_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n", encoding="utf-8")

    with pytest.raises(ValueError, match="no section 'other'"):
        fill_section(page, "other", [])
