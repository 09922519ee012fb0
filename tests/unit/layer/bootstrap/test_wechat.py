"""The WeChat client as the functions build it."""

from collections.abc import Callable
from typing import Any

import pytest

from factories import some_secrets
from wxlive import aws
from wxlive.bootstrap.process import telemetry
from wxlive.bootstrap.wechat import wechat_client
from wxlive.telemetry import REDACTED
from wxlive.wechat.access_token import AccessToken


class Memory:
    """A token cache of this process alone."""

    def load(self) -> AccessToken | None:
        return None

    def save(self, token: AccessToken) -> None:
        """Keep nothing."""


@pytest.mark.usefixtures("fresh_process")
def test_the_appsecret_of_a_client_is_kept_out_of_the_log(
    output: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "dynamodb", None)  # a cache that is given needs no table
    wechat_client(some_secrets(secret="5ecre7-of-the-app"), Memory())

    telemetry().logger.info("it is 5ecre7-of-the-app")

    assert [line["message"] for line in output()] == [f"it is {REDACTED}"]
