"""``wxlive configure``: the secret is created and changed, and never shown."""

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cli import SECRET, Operator
from wxlive.errors import InvalidCommand, Misconfigured
from wxlive_cli import configure
from wxlive_cli.wechat_secret import change_fields, generate

NAME = "wxlive/wechat"
APPID, APP_SECRET = "wx0123456789abcdef", "f" * 32
TYPED = f"{APPID}\n{APP_SECRET}\n"
FIELDS = st.dictionaries(
    st.sampled_from(["appid", "secret", "token", "aes_key"]), st.text("ab", min_size=1)
)
STORED = st.dictionaries(
    st.sampled_from(["appid", "token", "aes_key", "previous_token", "previous_aes_key"]),
    st.sampled_from("abc"),
)


@pytest.fixture(autouse=True)
def outputs(aws: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the outputs of the stack; while there are none, there is no stack."""
    outputs: dict[str, str] = {}

    def read_outputs(name: str) -> dict[str, str]:
        if not outputs:
            raise Misconfigured(f"There is no stack {name}")
        return outputs

    monkeypatch.setattr(configure, "read_outputs", read_outputs)
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
    file.write_text(json.dumps(SECRET | {"mode": "secure"}), encoding="utf-8")

    operator.json("configure", "--from", str(file))
    assert stored() == SECRET
    operator.json("configure", "--from", "-", typed=json.dumps({"secret": "new"}))
    assert stored() == SECRET | {"secret": "new"}


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "is not JSON"), ("[]", "not a JSON object"), ('{"appid": "x"}', "no usable 'secret'"),
     (json.dumps(SECRET | {"aes_key": "hunter2"}), "exactly 43")],
)  # fmt: skip
def test_an_unusable_secret_is_refused_without_being_shown_or_stored(
    operator: Operator, text: str, says: str
) -> None:
    result = operator.run("configure", "--from", "-", typed=text)

    assert result.exit_code == 2
    assert says in result.stderr
    assert "hunter2" not in result.output
    assert boto3.client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_stored_secret_that_is_not_json_is_replaced(operator: Operator) -> None:
    store("nonsense")

    result = operator.run("configure", typed=TYPED)

    assert "is not a JSON object and is replaced" in result.stderr
    assert stored()["appid"] == APPID


@pytest.mark.parametrize(("field", "value"), [("token", "another-token"), ("aes_key", "C" * 43)])
def test_during_a_rotation_a_third_value_is_refused(
    operator: Operator, field: str, value: str
) -> None:
    rotating = SECRET | {"previous_token": "in-use-token", "previous_aes_key": "B" * 43}
    store(json.dumps(rotating))

    refusal = operator.refusal("configure", "--from", "-", typed=json.dumps({field: value}))

    assert "rotation" in refusal
    assert value not in refusal
    assert "wxlive rotate --finish" in refusal
    assert stored() == rotating


def test_a_rotation_may_be_taken_back(operator: Operator) -> None:
    store(json.dumps(SECRET | {"previous_token": "in-use-token"}))

    operator.json("configure", "--from", "-", typed=json.dumps({"token": "in-use-token"}))

    assert stored() == SECRET | {"token": "in-use-token", "previous_token": SECRET["token"]}


def test_what_wechat_issues_may_change_during_a_rotation(operator: Operator) -> None:
    rotating = SECRET | {"previous_token": "in-use-token", "previous_aes_key": "B" * 43}
    store(json.dumps(rotating))

    operator.json("configure", "--from", "-", typed=json.dumps({"secret": "new"}))

    assert stored() == rotating | {"secret": "new"}


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
