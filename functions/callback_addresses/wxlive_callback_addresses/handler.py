"""A schedule in, an allow-list that agrees with WeChat out."""

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from wxlive import aws
from wxlive.settings import Settings
from wxlive.stores.allow_list import AllowList
from wxlive.stores.secrets import SecretStore
from wxlive.stores.tokens import TokenStore
from wxlive.telemetry import Telemetry
from wxlive.wechat import WechatClient
from wxlive_callback_addresses.networks import networks

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def telemetry() -> Telemetry:
    """Return the logger and metrics, made once a process."""
    return Telemetry()


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - the schedule's event says nothing
    """Ask WeChat once, change the list if it differs."""
    with telemetry().invocation(context):
        settings = Settings.from_env(os.environ)
        secrets = SecretStore(aws.secretsmanager(), settings.secret_name).load()
        telemetry().hide([secrets.secret])
        state = aws.dynamodb().Table(settings.state_table)
        cache_ = TokenStore(state, secrets.appid)
        wechat = WechatClient(settings.wechat_api_base, secrets, cache_)
        done = refresh(wechat, AllowList(aws.wafv2(), settings.callback_allow_list))
        telemetry().logger.info("callback addresses", extra=done)
        return done


def refresh(wechat: WechatClient, allow_list: AllowList) -> dict[str, Any]:
    """Make the allow-list what WeChat says; returns how many networks it has, and if it changed."""
    wanted = networks(wechat.callback_addresses())
    return {"networks": len(wanted), "changed": allow_list.become(wanted)}
