"""The command speaks the language of its environment, or of ``--lang``."""

import json
import os
import re
from collections.abc import Mapping, Sequence

import pytest
from click.testing import CliRunner

from factories import a_chunk
from support.cli import Operator
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ABANDONED, ChunkState
from wxlive.errors import InvalidCommand
from wxlive.settings import Language
from wxlive_cli.language import language_of
from wxlive_cli.main import main


@pytest.mark.parametrize(
    ("words", "environment", "language"),
    [
        ([], {}, Language.EN),
        ([], {"LANG": "zh_CN.UTF-8"}, Language.ZH),
        ([], {"LANG": "zh_TW"}, Language.ZH),
        ([], {"LANG": "de_DE.UTF-8"}, Language.EN),
        ([], {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, Language.EN),
        ([], {"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, Language.ZH),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, Language.EN),
        (["status", "--lang", "zh"], {}, Language.ZH),
        (["--lang=zh", "status"], {}, Language.ZH),
        (["status", "--lang", "en"], {"LANG": "zh_CN.UTF-8"}, Language.EN),
    ],
)
def test_an_option_precedes_the_environment(
    words: Sequence[str], environment: Mapping[str, str], language: Language
) -> None:
    assert language_of(words, environment) is language


@pytest.mark.parametrize("words", [["status", "--lang", "fr"], ["--lang=", "status"], ["--lang"]])
def test_an_unknown_language_is_refused(words: Sequence[str]) -> None:
    with pytest.raises(InvalidCommand, match="is no language of wxlive; use one of en, zh"):
        language_of(words, {})
    refused = CliRunner().invoke(main, list(words))
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)


def test_an_unknown_language_is_refused_in_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")

    refused = CliRunner().invoke(main, ["--lang", "fr"])
    assert refused.stderr == "wxlive: wxlive 没有 'fr' 这种语言；可用 en, zh\n"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "wxlive: No such command 'statu'. Did you mean 'status'? See `wxlive --help`\n"),
        ("zh", "wxlive: 没有命令 'statu'。 是否想用 'status'？请看 `wxlive --help`\n"),
    ],
)
def test_wrong_usage_may_end_in_a_question(language: str, sentence: str) -> None:
    assert CliRunner().invoke(main, ["--lang", language, "statu"]).stderr == sentence


def test_a_word_may_be_the_name_of_a_fact_and_a_state(operator: Operator) -> None:
    operator.campaign(
        a_chunk(1, ChunkState.UNKNOWN, reason=ABANDONED),
        state=CampaignState.PLANNED,
        fully_planned=False,
    )
    status = operator.run("status", "--lang", "zh").stdout
    follower = operator.run("followers", "get", "o-nobody", "--lang", "zh").stdout

    assert re.search("状态 +已安排", status)
    assert re.search("结果不明 +1 次调用", status)
    assert re.search("状态 +未知", follower)


def test_a_refusal_is_chinese_and_its_json_is_not(operator: Operator) -> None:
    operator.functions.answer = {"refused": "There is no run 7f; see `wxlive sync`"}
    refused = operator.run("sync", "--lang", "zh", "--json")

    assert refused.stderr == "wxlive: 没有同步 7f；请看 `wxlive sync`\n"
    assert json.loads(refused.stdout) == {"refused": "There is no run 7f; see `wxlive sync`"}


def test_the_environment_is_left_as_it_was() -> None:
    before = dict(os.environ)
    CliRunner().invoke(main, ["--lang", "zh", "--help"])

    assert dict(os.environ) == before
