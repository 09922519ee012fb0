"""``wxlive push --except-file``: the file is checked and stored before push_start hears of it."""

from pathlib import Path

import pytest

from factories import CAMPAIGN, a_chunk, a_follower
from support.cli import Operator
from wxlive.digests import digest_of
from wxlive.domain.followers import Status
from wxlive_cli.push import exceptions

PUSH = ("push", "--room", "1001", "--except-file")


@pytest.fixture
def pushing(operator: Operator) -> Operator:
    """An operator with two followers, whose push becomes ``CAMPAIGN``."""
    operator.followers.add(a_follower("a"), a_follower("b"))
    operator.followers.add(a_follower("gone", status=Status.UNSUBSCRIBED))
    operator.functions.answer = {"campaign": CAMPAIGN}
    operator.campaign(a_chunk(1))
    return operator


@pytest.mark.parametrize(
    "text",
    [
        "a\nb\n",
        "a\r\nb\r\n",
        "\n a \n\nb\na\n  \n",
        "\ufeffName,OpenID\nx,a\ny,b\n",
    ],
    ids=["plain", "windows", "blanks and doubles", "csv of a spreadsheet"],
)
def test_the_openids_of_a_file_are_stored_and_named(
    pushing: Operator, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "staff.txt"
    file.write_bytes(text.encode())

    pushing.json(*PUSH, str(file))

    [(name, stored)] = pushing.except_lists.rows.items()
    assert stored == {digest_of("a"), digest_of("b")}
    [payload] = pushing.executed
    assert payload["audience"] == {"rooms": [], "exceptions": name}


def test_an_openid_that_is_not_known_does_no_harm(pushing: Operator, tmp_path: Path) -> None:
    file = tmp_path / "staff.txt"
    file.write_text("from-elsewhere\ngone\na\n")

    said = pushing.run(*PUSH, str(file)).stderr

    assert f"3 openids of {file} will be left out" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "has no openid"),
        (b"\r\n \r\n", "has no openid"),
        (b"a\n<html>\n", "Line 2 has no openid"),
        (b"a,b\n", "Line 1 has no openid"),
        (b"\xff\xfe\n", "is not a CSV file in UTF-8"),
        (b"of-another-program\ngone\n", "is a subscribed follower"),
        (b"a\nb\nc\nd\n", "at most 3 can be left out"),
    ],
)
def test_a_file_that_is_no_list_of_followers_begins_nothing(
    pushing: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes, says: str
) -> None:
    monkeypatch.setattr(exceptions, "MAX_EXCEPTIONS", 3)
    file = tmp_path / "staff.txt"
    file.write_bytes(text)

    assert says in pushing.refusal(*PUSH, str(file))
    assert not pushing.executed
    assert not pushing.except_lists.rows


def test_a_file_that_is_missing_begins_nothing(pushing: Operator, tmp_path: Path) -> None:
    assert "does not exist" in pushing.refusal(*PUSH, str(tmp_path / "missing.txt"))
    assert not pushing.executed
