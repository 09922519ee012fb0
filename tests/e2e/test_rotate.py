"""A rotation on the deployed stack: both the new and the previous values are let in."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from wxlive.crypto import signature
from wxlive_local.simulator import Happening, Simulator
from wxlive_local.up import Stack


@pytest.fixture
def rotated(stack: Stack, operator: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Rotate, and have the callback read the secret anew; what was shown. Undone at the end."""
    manager, name = stack.client("secretsmanager"), stack.outputs["WechatSecretName"]
    before = manager.get_secret_value(SecretId=name)["SecretString"]
    shown = operator("rotate")
    restart(stack, rotation="under way")
    yield shown.facts
    manager.put_secret_value(SecretId=name, SecretString=before)
    restart(stack)


def restart(stack: Stack, **variables: str) -> None:
    """End the callback's warm processes, as a change of its configuration does."""
    functions = stack.client("lambda")
    usual = functions.get_function_configuration(FunctionName="wxlive-callback")["Environment"]
    kept = {k: v for k, v in usual["Variables"].items() if k != "rotation"}
    functions.update_function_configuration(
        FunctionName="wxlive-callback", Environment={"Variables": kept | variables}
    )


def test_new_and_previous_values_are_let_in_until_the_rotation_is_finished(
    stack: Stack, operator: Callable[..., Any], wechat: Simulator, rotated: dict[str, Any]
) -> None:
    now = str(int(time.time()))
    query = {"timestamp": now, "nonce": "1", "signature": signature(rotated["token"], now, "1")}
    verified = requests.get(stack.callback_url, params=query | {"echostr": "new"}, timeout=30)
    [record] = wechat.deliver(Happening("oRotation00000000000previous", "add_follow"))

    assert (verified.status_code, verified.text) == (200, "new")
    assert [attempt.status for attempt in record.attempts] == [200]
    assert operator("rotate").facts == rotated
    assert (operator("rotate", "--finish").code, rotated["state"]) == (1, "under way")
    assert operator("rotate", "--finish", "--force").facts["state"] == "finished"
