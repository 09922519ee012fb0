"""The allow-list becomes what WeChat answers, unless the answer makes no sense."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws
from pytest_httpserver import HTTPServer

from support.deployment import Deployment
from wxlive import aws
from wxlive.errors import OutcomeUnknown
from wxlive.wechat.apis import Api
from wxlive_callback_allow_list.handler import lambda_handler

ANYWHERE = ["0.0.0.0/1", "128.0.0.0/1"]


class Edge:
    """The deployed function, WeChat's answer to it, and the IP set it keeps."""

    def __init__(self, deployment: Deployment, wechat: HTTPServer) -> None:
        self._context = deployment.context
        self._wechat = wechat
        self._set: dict[str, Any] = {"Name": "callback", "Scope": "REGIONAL"}
        made = aws.wafv2().create_ip_set(**self._set, IPAddressVersion="IPV4", Addresses=ANYWHERE)
        self._set["Id"] = made["Summary"]["Id"]
        deployment.configure(
            WECHAT_API_BASE=wechat.url_for(""),
            CALLBACK_ALLOW_LIST=f"callback|{self._set['Id']}|REGIONAL",
        )
        wechat.expect_request(Api.STABLE_TOKEN).respond_with_json(
            {"access_token": "token", "expires_in": 7200}
        )

    @property
    def allowed(self) -> list[str]:
        addresses: list[str] = aws.wafv2().get_ip_set(**self._set)["IPSet"]["Addresses"]
        return addresses

    def refresh(self, *addresses: str) -> dict[str, Any]:
        """Refresh while WeChat names these addresses."""
        answer = {"ip_list": addresses}
        self._wechat.expect_oneshot_request(Api.GET_CALLBACK_IP).respond_with_json(answer)
        return lambda_handler({}, self._context)


@pytest.fixture
def edge(
    deployment: Deployment, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Edge]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield Edge(deployment, httpserver)


def test_the_list_becomes_what_wechat_answers(edge: Edge) -> None:
    assert edge.refresh("203.0.113.7") == {"networks": 1, "changed": True}
    assert edge.allowed == ["203.0.113.7/32"]

    moved = edge.refresh("198.51.100.0/24", "203.0.113.8")

    assert moved == {"networks": 2, "changed": True}
    assert edge.allowed == ["198.51.100.0/24", "203.0.113.8/32"]


def test_a_list_that_agrees_is_not_written(edge: Edge) -> None:
    edge.refresh("203.0.113.7", "203.0.113.8")

    assert edge.refresh("203.0.113.8", "203.0.113.7") == {"networks": 2, "changed": False}


def test_an_answer_that_makes_no_sense_leaves_the_list_as_it_is(edge: Edge) -> None:
    with pytest.raises(OutcomeUnknown, match="stays as it is"):
        edge.refresh()

    assert edge.allowed == ANYWHERE
