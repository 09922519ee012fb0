"""The catalogues are complete: what is said is translated, with the same values and commands."""

from pathlib import Path

import pytest
from babel.messages.catalog import Message

import catalogues
from sentences import sentences


@pytest.mark.parametrize("extracted", catalogues.CATALOGUES, ids=lambda one: one.po.stem)
def test_every_message_is_translated_and_compiled(extracted: catalogues.Extracted) -> None:
    assert catalogues.faults(extracted) == [], "run `make catalogues`, then translate what it names"


def test_everything_that_the_command_says_is_marked() -> None:
    assert catalogues.unmarked() == []


@pytest.mark.parametrize(
    ("original", "translation", "fault"),
    [
        ("There is no run {run}", "没有同步 {run}", None),
        ("There is no run {run}", "", "not translated"),
        ("There is no run {run}", "没有同步", "other values than its original"),
        ("There is no run {run}", "没有同步 {id}", "other values than its original"),
        ("%(rate)s a second", "每秒 %(rate)s", None),
        ("%(rate)s a second", "每秒", "other values than its original"),
        ("run `wxlive sync`", "请执行 `wxlive sync`", None),
        ("run `wxlive sync`", "请执行 `wxlive push`", "other commands than its original"),
        (("{n} call", "{n} calls"), ("{n} 次调用",), None),
        (("{n} call", "{n} calls"), ("调用",), "other values than its original"),
        ('like {"rooms": [1]}', '形如 {"rooms": [1]}', None),
    ],
)
def test_faults_are_found(
    original: str | tuple[str, str], translation: str | tuple[str], fault: str | None
) -> None:
    found = list(catalogues.message_faults(Message(original, translation)))

    assert found == ([fault] if fault else [])


def test_an_uncertain_translation_is_a_fault() -> None:
    message = Message("Busy", "忙", flags=["fuzzy"])

    assert list(catalogues.message_faults(message)) == ["uncertain"]


def test_sentences_are_read_from_code(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        '''
"""A docstring is no sentence."""
GONE = "Its openids have expired"
def find(run, logger):
    """Nor is this one."""
    logger.info("found it at once")
    raise InvalidCommand(f"No run {run.run_id!r}; {len(run.pages):,} pages of {run.run_id!r}")
def spell(why):
    return f"{why} (rid {why})" if why else _("said by gettext")
table.update(UpdateExpression="SET #state = :failed")
''',
        encoding="utf-8",
    )
    found = [(one.message, one.is_error) for one in sentences(module)]

    assert found == [
        ("Its openids have expired", False),
        ("No run {run_id}; {pages} pages of {run_id}", True),
        ("{why} (rid {why})", False),
    ]
