"""``wxlive configure``: the secret is created and changed, and never shown."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.chinese import english
from support.cli import SECRET, Operator
from wxlive.errors import InvalidCommand, Misconfigured
from wxlive.settings import MessageMode
from wxlive_cli import configure
from wxlive_cli.stack import Description
from wxlive_cli.wechat_secret import change_fields, generate
from wxlive_local.simulator import Account, Simulator

NAME = "wxlive/wechat"
APPID, APP_SECRET = SECRET["appid"], "f" * 32
ACCOUNT = Account(
    appid=APPID, secret=APP_SECRET, token="aWord123", aes_key="A" * 43, mode=MessageMode.SECURE
)
TYPED = f"{APPID}\n{APP_SECRET}\n"
FIELDS = st.dictionaries(
    st.sampled_from(["appid", "secret", "token", "aes_key"]), st.text("ab", min_size=1)
)
STORED = st.dictionaries(
    st.sampled_from(["appid", "token", "aes_key", "previous_token", "previous_aes_key"]),
    st.sampled_from("abc"),
)


@pytest.fixture(scope="module")
def wechat() -> Iterator[Simulator]:
    """Give a WeChat that issues a token for ``APPID`` and ``APP_SECRET``."""
    with Simulator(ACCOUNT) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def outputs(aws: None, wechat: Simulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the outputs of the stack; while there are none, there is no stack."""
    outputs: dict[str, str] = {}

    def describe_stack(name: str) -> Description:
        if not outputs:
            raise Misconfigured(f"There is no stack {name}")
        return Description("CREATE_COMPLETE", outputs, {"WechatApiBase": wechat.url})

    monkeypatch.setattr(configure, "describe_stack", describe_stack)
    monkeypatch.setattr(configure, "WECHAT_API_BASE", wechat.url)
    return outputs


def stored(name: str = NAME) -> dict[str, Any]:
    found = boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    secret: dict[str, Any] = json.loads(found)
    return secret


def store(text: str) -> None:
    boto3.client("secretsmanager").create_secret(Name=NAME, SecretString=text)


def test_a_first_secret_is_prompted_for_and_the_rest_is_generated(operator: Operator) -> None:
    result = operator.run("configure", typed=TYPED)

    assert result.exit_code == 0, result.output
    assert (stored()["appid"], stored()["secret"]) == (APPID, APP_SECRET)
    assert APP_SECRET not in result.output
    assert stored()["token"] in result.stdout
    assert stored()["aes_key"] in result.stdout
    assert "消息推送" in result.stderr


def test_it_needs_no_stack(operator: Operator) -> None:
    facts = operator.json("configure", "--stack", "later", typed=TYPED)

    assert (facts["secret_name"], facts["created"]) == ("later/wechat", True)
    assert "once it is deployed" in facts["paste"]["URL"]
    assert APP_SECRET not in json.dumps(facts)


def test_a_stack_names_its_secret_and_the_url_to_enter(
    operator: Operator, outputs: dict[str, str]
) -> None:
    outputs |= {"WechatSecretName": "mine", "CallbackUrl": "https://x.example/cb"}

    facts = operator.json("configure", typed=TYPED)

    assert facts["paste"]["URL"] == "https://x.example/cb"
    assert stored("mine")["appid"] == APPID


def test_empty_answers_keep_the_stored_values(operator: Operator) -> None:
    store(json.dumps(SECRET))

    assert operator.run("configure", typed="\n\n").exit_code == 0
    assert stored() == SECRET


def test_the_fields_of_a_file_are_stored(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "secret.json"
    given = SECRET | {"secret": APP_SECRET}
    file.write_text(json.dumps(given | {"mode": "secure"}), encoding="utf-8")

    assert operator.json("configure", "--from", str(file))["changed"] == list(given)
    assert stored() == given
    word = {"token": "anotherWord"}
    assert operator.json("configure", "--from", "-", typed=json.dumps(word))["changed"] == [
        "token",
        "previous_token",
    ]
    assert stored() == given | word | {"previous_token": given["token"]}


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "is not JSON"), ("[]", "not a JSON object"), ('{"appid": "x"}', "no usable 'secret'"),
     (json.dumps(SECRET | {"aes_key": "hunter2"}), "exactly 43"),
     (json.dumps(SECRET | {"secret": "hunter2"}), "exactly 32"),
     (json.dumps(SECRET | {"secret": f"hunter2{'5' * 25} "}), "exactly 32"),
     (json.dumps(SECRET | {"token": "hunter2-hunter2"}), "letters and digits"),
     (json.dumps(SECRET | {"appid": "hunter2"}), "The appid is malformed")],
)  # fmt: skip
def test_an_unusable_secret_is_refused_without_being_shown_or_stored(
    operator: Operator, text: str, says: str
) -> None:
    result = operator.run("configure", "--from", "-", typed=text)

    assert result.exit_code == 2
    assert says in result.stderr
    assert "hunter2" not in result.output
    assert boto3.client("secretsmanager").list_secrets()["SecretList"] == []


@pytest.mark.parametrize(
    ("change", "errcode"), [({"secret": "0" * 32}, 40125), ({"appid": "wx" + "0" * 16}, 40013)]
)
def test_a_secret_for_which_wechat_issues_no_token_does_not_replace_a_working_one(
    operator: Operator, outputs: dict[str, str], change: dict[str, str], errcode: int
) -> None:
    outputs["WechatSecretName"] = NAME
    working = SECRET | {"secret": APP_SECRET}
    store(json.dumps(working))

    result = operator.run("configure", "--from", "-", typed=json.dumps(change))

    assert (result.exit_code, result.stdout) == (2, "")
    [refusal] = result.stderr.splitlines()
    assert "Nothing was saved, because WeChat issues no token" in refusal
    assert f"errcode {errcode}" in refusal
    assert stored() == working


def test_what_wechat_cannot_be_asked_about_is_saved_only_unchecked(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configure, "WECHAT_API_BASE", "http://127.0.0.1:9")
    given = json.dumps(SECRET)

    assert "add --unchecked" in operator.refusal("configure", "--from", "-", typed=given)
    assert boto3.client("secretsmanager").list_secrets()["SecretList"] == []
    operator.json("configure", "--from", "-", "--unchecked", typed=given)
    assert stored() == SECRET


def test_it_shows_what_changes_and_never_the_secret(operator: Operator) -> None:
    store(json.dumps(SECRET | {"appid": "wx" + "0" * 16}))

    result = operator.run("configure", typed=TYPED)

    assert f"Changed appid, secret in {NAME}." in result.stderr
    assert f"The appid was wx{'0' * 16} and is {APPID} now" in result.stderr
    assert APP_SECRET not in result.output
    assert f"Nothing changed in {NAME}." in operator.run("configure", typed="\n\n").stderr


def test_a_stored_secret_that_is_not_json_is_replaced(operator: Operator) -> None:
    store("nonsense")

    result = operator.run("configure", typed=TYPED)

    assert "is not a JSON object and is replaced" in result.stderr
    assert stored()["appid"] == APPID


@pytest.mark.parametrize(("field", "value"), [("token", "anotherToken"), ("aes_key", "C" * 43)])
def test_during_a_rotation_a_third_value_is_refused(
    operator: Operator, field: str, value: str
) -> None:
    rotating = SECRET | {"previous_token": "inUseToken", "previous_aes_key": "B" * 43}
    store(json.dumps(rotating))

    refusal = operator.refusal("configure", "--from", "-", typed=json.dumps({field: value}))

    assert "rotation" in refusal
    assert value not in refusal
    assert "wxlive rotate --finish" in refusal
    assert stored() == rotating


def test_a_rotation_may_be_taken_back(operator: Operator) -> None:
    store(json.dumps(SECRET | {"previous_token": "inUseToken"}))

    operator.json("configure", "--from", "-", typed=json.dumps({"token": "inUseToken"}))

    assert stored() == SECRET | {"token": "inUseToken", "previous_token": SECRET["token"]}


def test_what_wechat_issues_may_change_during_a_rotation(operator: Operator) -> None:
    rotating = SECRET | {"previous_token": "inUseToken", "previous_aes_key": "B" * 43}
    store(json.dumps(rotating))

    operator.json("configure", "--from", "-", typed=json.dumps({"secret": APP_SECRET}))

    assert stored() == rotating | {"secret": APP_SECRET}


def test_the_url_to_enter_is_the_one_that_can_be_reached(
    operator: Operator, outputs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs |= {"WechatSecretName": NAME, "CallbackUrl": "https://x.example/cb"}
    monkeypatch.setenv("WXLIVE_CALLBACK_URL", "http://127.0.0.1:1/cb")

    assert operator.json("configure", typed=TYPED)["paste"]["URL"] == "http://127.0.0.1:1/cb"


@pytest.mark.parametrize("token", ["abc", "1234567"])
def test_a_token_that_is_too_short_is_refused(operator: Operator, token: str) -> None:
    refusal = operator.refusal(
        "configure", "--from", "-", typed=json.dumps(SECRET | {"token": token})
    )

    assert "at least 8" in refusal
    assert token not in refusal
    assert boto3.client("secretsmanager").list_secrets()["SecretList"] == []


def test_the_original_id_is_stored_without_a_prompt(operator: Operator) -> None:
    store(json.dumps(SECRET))

    operator.json("configure", "--original-id", "gh_97417a04a28d")

    assert stored() == SECRET | {"original_id": "gh_97417a04a28d"}


def test_what_is_no_original_id_is_refused(operator: Operator) -> None:
    store(json.dumps(SECRET))

    assert "gh_" in operator.refusal("configure", "--original-id", SECRET["appid"])
    assert stored() == SECRET


@given(FIELDS, FIELDS)
def test_given_fields_win_and_the_values_they_replace_stay_valid(
    before: dict[str, str], changes: dict[str, str]
) -> None:
    after = change_fields(before, changes)

    assert after.items() >= changes.items()
    for name in ("token", "aes_key"):
        if name in before and before[name] != after[name]:
            assert after[f"previous_{name}"] == before[name]
    current = {name for name in after if not name.startswith("previous_")}
    assert current == before.keys() | changes.keys()


@given(STORED, STORED)
def test_no_change_drops_a_value_that_wechat_may_use(
    before: dict[str, str], changes: dict[str, str]
) -> None:
    given = {name: value for name, value in changes.items() if not name.startswith("previous_")}
    try:
        after = change_fields(before, given)
    except InvalidCommand:
        return
    for name in ("token", "aes_key"):
        names = (name, f"previous_{name}")
        accepted = {before[each] for each in names if each in before}
        assert accepted <= {after[each] for each in names if each in after}


def test_generated_values_are_what_the_console_accepts() -> None:
    assert re.fullmatch(r"[A-Za-z0-9]{32}", generate("token"))
    assert re.fullmatch(r"[A-Za-z0-9]{43}", generate("aes_key"))
    assert generate("token") != generate("token")


def test_it_speaks_chinese(operator: Operator) -> None:
    created = operator.run("configure", "--lang", "zh", typed=TYPED)
    same = operator.run("configure", "--lang", "zh", typed="\n\n")
    refused = operator.run("configure", "--lang", "zh", typed=f"wx{'1' * 16}\n{APP_SECRET}\n")

    assert "已创建" in created.output
    assert "没有变化" in same.output
    assert "什么都没有保存" in refused.output
    generated = set(re.findall("[A-Za-z]+", f"{stored()['token']} {stored()['aes_key']} {APPID}"))
    shown = created.output + same.output + refused.output
    names = {"wechat", "AppSecret", "Token", "EncodingAESKey", "URL", "CallbackUrl", "XML", "appid"}
    names |= {"secure", "MessageMode", "rid", "wx"}
    assert english(shown) - generated - names == set()
