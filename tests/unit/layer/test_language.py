"""Sentences are recognised by their message, and translated with their values."""

import pytest

from wxlive.errors import NotAllowed
from wxlive.language import DOMAIN, LOCALE, Catalogue, Pattern
from wxlive.settings import Language
from wxlive.wechat.errcodes import error_for, meaning_of

ZH = Catalogue.load(Language.ZH, (DOMAIN, LOCALE))


@pytest.mark.parametrize(
    ("sentence", "chinese"),
    [
        ("Paused by the operator", "已由操作员暂停"),
        ("There is no run 7f; see `wxlive sync`", "没有同步 7f；请看 `wxlive sync`"),
        ("Room 7 is ended (103)", "直播间 7 的状态是“已结束（103）”"),
        (
            "{reason}. No follower was removed".format(reason="Too late"),
            "Too late。没有移除任何订阅者",
        ),
    ],
)
def test_a_sentence_is_translated_with_its_values(sentence: str, chinese: str) -> None:
    assert ZH.shown(sentence) == chinese


def test_of_several_messages_that_fit_the_one_with_most_text_is_meant() -> None:
    general, special = "Room {room} is {state}", "Room {room} is {state}, not live"
    catalogue = Catalogue({general: "A {room} {state}", special: "B {room} {state}"})

    assert catalogue.shown("Room 7 is paused, not live") == "B 7 paused"
    assert catalogue.shown("Room 7 is paused") == "A 7 paused"


def test_the_message_is_meant_by_which_most_is_known() -> None:
    """``Trial: 5 of 9 told`` is no ``{told} of {total} told`` with a strange number."""
    catalogue = Catalogue(
        {"{told} of {total} told": "{total} {told}", "Trial: {shares}": "T {shares}"}
    )

    assert catalogue.shown("Trial: 5 of 9 told") == "T 9 5"


def test_a_value_that_stands_twice_is_the_same_value() -> None:
    pattern = Pattern("end {run} with `abandon {run}`")

    assert pattern.values("end 7f with `abandon 7f`") == {"run": "7f"}
    assert pattern.values("end 7f with `abandon 8f`") is None


def test_punctuation_alone_is_no_message() -> None:
    catalogue = Catalogue({"{message} ({facts})": "{message}（{facts}）", "Busy": "忙"})

    assert catalogue.shown("Somebody (else)") == "Somebody (else)"
    assert catalogue.shown("Busy (rid 1)") == "忙（rid 1）"


@pytest.mark.parametrize("text", ["x: ", "x, ", "(y) ", "Room 1 is: ", "a; b. ", "x: y (z), "])
def test_text_that_looks_like_many_messages_is_read_at_once(text: str) -> None:
    for times in (1, 10, 100, 10_000):
        assert isinstance(ZH.shown(text * times), str)


def test_what_is_not_known_stays_as_it_is() -> None:
    assert ZH.shown("夜场特卖 {not a value} [/b]") == "夜场特卖 {not a value} [/b]"
    assert ZH.shown("") == ""


def test_in_english_nothing_is_changed() -> None:
    english = Catalogue.load(Language.EN, (DOMAIN, LOCALE))

    assert english.shown("Paused by the operator") == "Paused by the operator"
    assert english.gettext("Campaign {campaign}") == "Campaign {campaign}"


@pytest.mark.parametrize("code", [-1, 40001, 40003, 40013, 40164, 45009, 48001, 9410005, 12345])
def test_an_errcode_is_explained_in_chinese(code: int) -> None:
    assert ZH.shown(meaning_of(code)) != meaning_of(code)
    sentence = ZH.shown(str(error_for(code, "refused, rid: 0a1b-2c3d")))
    assert f"errcode {code}" in sentence
    assert "refus" not in sentence


def test_an_address_in_an_error_is_kept() -> None:
    error = error_for(40164, "invalid ip 203.0.113.7 ipv6 ::ffff, not in whitelist")

    assert isinstance(error, NotAllowed)
    assert "IP 白名单" in ZH.shown(str(error))
    assert "203.0.113.7" in ZH.shown(str(error))
