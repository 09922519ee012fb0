"""``wxlive configure``: the secret is made and changed, and never shown."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.conftest import OUTPUTS, SECRET

from wxlive_cli.configure import generated, merged

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Desk

NAME = "wxlive/wechat"
APPID, APP_SECRET = "wx0123456789abcdef", "f" * 32
FIELDS = st.dictionaries(
    st.sampled_from(["appid", "secret", "token", "aes_key"]), st.text("ab", min_size=1)
)


def stored(name: str = NAME) -> dict[str, Any]:
    found = boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    secret: dict[str, Any] = json.loads(found)
    return secret


def store(**fields: str) -> None:
    boto3.client("secretsmanager").create_secret(Name=NAME, SecretString=json.dumps(fields))


def test_a_first_secret_is_asked_for_and_the_rest_is_generated(desk: "Desk") -> None:
    result = desk.run("configure", typed=f"{APPID}\n{APP_SECRET}\n")

    assert result.exit_code == 0, result.output
    assert (stored()["appid"], stored()["secret"]) == (APPID, APP_SECRET)
    assert APP_SECRET not in result.output
    assert stored()["token"] in result.stdout
    assert stored()["aes_key"] in result.stdout
    assert "消息推送" in result.stderr


def test_it_needs_no_stack(desk: "Desk") -> None:
    facts = json.loads(
        desk.run("configure", "--stack", "later", "--json", typed=f"{APPID}\n{APP_SECRET}\n").stdout
    )

    assert (facts["secret_name"], facts["created"]) == (NAME, True)
    assert "once it is deployed" in facts["paste"]["URL"]
    assert APP_SECRET not in json.dumps(facts)


def test_the_stacks_secret_is_the_one_and_its_url_is_what_to_paste(desk: "Desk") -> None:
    outputs = OUTPUTS | {"WechatSecretName": "mine", "CallbackUrl": "https://x.example/cb"}
    desk.outputs(**outputs)

    result = desk.run("configure", "--json", typed=f"{APPID}\n{APP_SECRET}\n")

    assert json.loads(result.stdout)["paste"]["URL"] == "https://x.example/cb"
    assert stored("mine")["appid"] == APPID


def test_empty_answers_keep_what_is_stored(desk: "Desk") -> None:
    store(**SECRET)

    assert desk.run("configure", typed="\n\n").exit_code == 0
    assert stored() == SECRET


def test_a_file_is_taken_as_it_is(desk: "Desk", tmp_path: Path) -> None:
    file = tmp_path / "secret.json"
    file.write_text(json.dumps(SECRET | {"mode": "secure"}), encoding="utf-8")

    assert desk.run("configure", "--from", str(file)).exit_code == 0
    assert stored() == SECRET
    assert desk.run("configure", "--from", "-", typed=json.dumps({"secret": "new"})).exit_code == 0
    assert stored() == SECRET | {"secret": "new"}


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "is not JSON"), ("[]", "not a JSON object"), ('{"appid": "x"}', "no usable 'secret'"),
     (json.dumps(SECRET | {"aes_key": "hunter2"}), "exactly 43")],
)  # fmt: skip
def test_what_makes_no_secret_is_refused_unshown_and_changes_nothing(
    desk: "Desk", text: str, says: str
) -> None:
    result = desk.run("configure", "--from", "-", typed=text)

    assert result.exit_code == 2
    assert says in result.stderr
    assert "hunter2" not in result.output
    assert boto3.client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_secret_that_holds_nonsense_is_replaced(desk: "Desk") -> None:
    boto3.client("secretsmanager").create_secret(Name=NAME, SecretString="nonsense")

    result = desk.run("configure", typed=f"{APPID}\n{APP_SECRET}\n")

    assert "it is replaced" in result.stderr
    assert stored()["appid"] == APPID


@given(FIELDS, FIELDS)
def test_what_is_given_wins_and_what_it_replaces_lives_on(
    before: dict[str, str], given_: dict[str, str]
) -> None:
    after = merged(before, given_)

    assert after.items() >= given_.items()
    for name in ("token", "aes_key"):
        if name in before and before[name] != after[name]:
            assert after[f"previous_{name}"] == before[name]
    kept = {name for name in after if not name.startswith("previous_")}
    assert kept == before.keys() | given_.keys()


def test_what_is_generated_is_what_the_console_takes() -> None:
    assert re.fullmatch(r"[A-Za-z0-9]{32}", generated("token"))
    assert re.fullmatch(r"[A-Za-z0-9]{43}", generated("aes_key"))
    assert generated("token") != generated("token")
