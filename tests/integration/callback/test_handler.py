"""The deployed handler: API Gateway's event in, WeChat's answer out."""

import json
import time
from typing import Any

import pytest

from support.callback import OPENID, PAGE
from support.deployment import Deployment
from wxlive.wechat.crypto import signature
from wxlive_callback.handler import lambda_handler


def test_the_deployed_handler_answers_and_counts(
    capsys: pytest.CaptureFixture[str], deployment: Deployment
) -> None:
    deployment.store_secret(appid=PAGE.appid, secret=PAGE.secret, token="AAAAA", aes_key="A" * 43)

    reply = lambda_handler(deployment.event("callback/follow_secure_json.json"), deployment.context)
    refused = lambda_handler(deployment.event("callback/forged.json"), deployment.context)

    assert (reply["statusCode"], reply["body"]) == (200, "success")
    assert reply["headers"]["Content-Type"].startswith("text/plain")
    assert refused["statusCode"] == 403
    assert set(deployment.world.table()) == {OPENID}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = [line for line in lines if "_aws" in line]
    assert [line["CallbackRejected"] for line in metrics] == [[1.0]]
    logged = [line for line in lines if "_aws" not in line]
    assert {line["request"] for line in logged} == {deployment.context.aws_request_id}


def test_the_deployed_handler_rejects_what_is_too_old(deployment: Deployment) -> None:
    deployment.configure(CALLBACK_MAX_AGE_S="600")
    account = deployment.world.wechat.account

    def ask(at: int) -> dict[str, Any]:
        query = {
            "signature": signature(account.token, str(at), "n"),
            "timestamp": str(at),
            "nonce": "n",
            "echostr": "echo",
        }
        return lambda_handler(
            {"httpMethod": "GET", "queryStringParameters": query}, deployment.context
        )

    assert ask(int(time.time()))["body"] == "echo"
    assert ask(int(time.time()) - 1000)["statusCode"] == 403


def test_the_deployed_handler_answers_500_without_its_secret(
    deployment: Deployment,
) -> None:
    deployment.delete_secret()
    event = deployment.event("callback/follow_secure_json.json")

    assert lambda_handler(event, deployment.context)["statusCode"] == 500
