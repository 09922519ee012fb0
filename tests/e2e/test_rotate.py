"""A rotation on the deployed stack: the new and the previous values are both accepted."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from support.deployed_stack import CALLBACK, Operator, configured
from wxlive.wechat.crypto import signature
from wxlive_local.simulator import FollowChange, Simulator
from wxlive_local.up import LocalStack


@pytest.fixture
def rotated(stack: LocalStack, operator: Operator) -> Iterator[dict[str, Any]]:
    """What `wxlive rotate` printed. A restarted callback has read the new secret."""
    manager, name = stack.client("secretsmanager"), stack.outputs["WechatSecretName"]
    before = manager.get_secret_value(SecretId=name)["SecretString"]
    printed = operator("rotate").json
    with configured(stack, CALLBACK, {"rotation": "under way"}):
        yield printed
        manager.put_secret_value(SecretId=name, SecretString=before)


def test_new_and_previous_values_are_accepted_until_the_rotation_is_finished(
    stack: LocalStack, operator: Operator, wechat: Simulator, rotated: dict[str, Any]
) -> None:
    now = str(int(time.time()))
    query = {"timestamp": now, "nonce": "1", "signature": signature(rotated["token"], now, "1")}
    verified = requests.get(stack.callback_url, params=query | {"echostr": "new"}, timeout=30)
    [record] = wechat.deliver(FollowChange("oRotation00000000000previous", "add_follow"))

    assert (verified.status_code, verified.text) == (200, "new")
    assert [attempt.status for attempt in record.attempts] == [200]
    assert operator("rotate").json == rotated
    assert operator("rotate", "--finish").exit_code == 1
    assert rotated["state"] == "under way"
    assert operator("rotate", "--finish", "--force").json["state"] == "finished"
