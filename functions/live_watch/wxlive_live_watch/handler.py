"""A schedule in, one look at the rooms out."""

import json
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from wxlive import aws
from wxlive.settings import Settings
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.secrets import SecretStore
from wxlive.stores.tokens import TokenStore
from wxlive.telemetry import Telemetry
from wxlive.wechat import WechatClient
from wxlive_live_watch.watch import Parts, watch

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def telemetry() -> Telemetry:
    """Return the logger and metrics, made once a process."""
    return Telemetry()


def build() -> Parts:
    """Build the real parts for one invocation."""
    settings = Settings.from_env(os.environ)
    secrets = SecretStore(aws.secretsmanager(), settings.secret_name).load()
    telemetry().hide([secrets.secret])
    state = aws.dynamodb().Table(settings.state_table)
    return Parts(
        wechat=WechatClient(settings.wechat_api_base, secrets, TokenStore(state, secrets.appid)),
        rooms=RoomStore(state),
        campaigns=CampaignStore(state),
        quota=QuotaStore(state, "getliveinfo", settings.daily_call_quota),
        telemetry=telemetry(),
        auto_push=settings.auto_push,
        room_wait_limit_s=settings.room_wait_limit_s,
        day_offset_hours=settings.day_offset_hours,
        now=time.time,
        ask_push_start=lambda wish: _ask(settings.push_start_function, wish),
    )


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - the schedule's event says nothing
    """Look once."""
    with telemetry().invocation(context):
        seen = watch(build())
        telemetry().logger.info("watched", extra=seen)
        return seen


def _ask(function: str, wish: dict[str, Any]) -> None:
    aws.lambda_().invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(wish))
