"""What all commands share: refusals, wrong usage, the name of the stack."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from factories import CAMPAIGN, a_chunk
from support.cli import Operator
from wxlive_cli import console
from wxlive_cli.stack import Stack

INVOKING = [
    ["sync"],
    ["push", "--room", "1001"],
    ["push", "--room", "1001", "--dry-run"],
    ["pause", CAMPAIGN],
    ["resume"],
    ["cancel"],
]
"""Commands that invoke a function."""


@pytest.mark.parametrize("words", INVOKING, ids=" ".join)
def test_a_refusal_of_a_function_is_shown_as_it_is(operator: Operator, words: list[str]) -> None:
    operator.campaign(a_chunk(1))
    operator.functions.answer = {"refused": "Room 1001 is ended (103). Nothing was sent"}

    assert operator.refusal(*words) == "wxlive: Room 1001 is ended (103). Nothing was sent"


@pytest.mark.parametrize("answer", [None, [], {"errorMessage": "Task timed out"}])
@pytest.mark.parametrize("words", INVOKING[:2], ids=" ".join)
def test_a_function_that_fails_is_reported_without_a_traceback(
    operator: Operator, words: list[str], answer: Any
) -> None:
    operator.functions.answer = answer
    operator.functions.failed = True

    assert "failed; read its log group under /wxlive/wxlive/" in operator.refusal(*words)


@pytest.mark.parametrize(
    "words",
    [
        ["push"],
        ["push", "--room", "x"],
        ["push", "--room", "-1"],
        ["resolve"],
        ["followers", "get"],
        ["followers", "export"],
        ["dance"],
        ["status", "a", "b"],
        ["sync", "--timeout", "soon"],
        ["sync", "--timeout", "-1"],
        ["push", "--room", "1", "--timeout", "-1"],
        ["push", "--room", "1", "--dry-run", "--wait"],
        ["push", "--room", "1", "--since", "2026-11-02", "--before", "2026-11-01"],
        ["watch", "--timeout", "-1"],
        ["watch", "--every", "0"],
        ["followers", "get", ""],
        ["report", "--out", "x", "--csv", "./x"],
        ["status", ""],
        ["cancel", ""],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_sentence_and_begins_nothing(
    operator: Operator, words: list[str]
) -> None:
    operator.campaign(a_chunk(1))

    result = operator.run(*words)

    assert (result.exit_code, result.stdout) == (2, "")
    [sentence] = result.stderr.splitlines()
    assert sentence.startswith("wxlive: ")
    assert operator.functions.invoked == []


def test_an_error_of_aws_is_one_sentence(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> Stack:
        error: Any = {"Error": {"Code": "AccessDenied", "Message": "not allowed"}}
        raise ClientError(error, "DescribeStacks")

    monkeypatch.setattr(console, "connect", refuse)

    assert operator.refusal("status") == (
        "wxlive: AWS refused DescribeStacks: not allowed; use credentials that may do this"
    )


@pytest.mark.parametrize(
    ("environment", "before", "after", "name"),
    [
        ({}, [], [], "wxlive"),
        ({"WXLIVE_STACK": "mine"}, [], [], "mine"),
        ({"WXLIVE_STACK": "mine"}, [], ["--stack", "yours"], "yours"),
        ({"WXLIVE_STACK": "mine"}, ["--stack", "theirs"], [], "theirs"),
        ({}, ["--stack", "theirs"], ["--stack", "yours"], "yours"),
    ],
)
def test_the_stack_is_named_by_option_or_environment(
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    before: list[str],
    after: list[str],
    name: str,
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    operator.run(*before, "followers", "count", *after)

    assert operator.stacks_named == [name]
