"""A schedule in, one look at the rooms out.

``{"push": ROOM_ID}`` (a planned moment) has that room pushed as soon as it is live.
``{"check": true}`` (`wxlive doctor`) looks from here whether WeChat lets this stack in.
"""

import json
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from wxlive import aws
from wxlive.errors import RetryLater
from wxlive.rooms import Room
from wxlive.settings import Settings
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.secrets import SecretStore
from wxlive.stores.tokens import TokenStore
from wxlive.telemetry import Telemetry
from wxlive.wechat import WechatClient
from wxlive_live_watch.check import NoCache, check
from wxlive_live_watch.watch import Parts, plan_push, watch

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
        quota=QuotaStore(state, "getliveinfo", settings.watch_daily_calls),
        daily_calls=settings.watch_daily_calls,
        other_quotas=tuple(
            QuotaStore(state, api, settings.daily_call_quota)
            for api in ("push_message", "get_wxa_followers")
        ),
        telemetry=telemetry(),
        auto_push=settings.auto_push,
        room_wait_limit_s=settings.room_wait_limit_s,
        day_offset_hours=settings.day_offset_hours,
        now=time.time,
        ask_push_start=lambda wish: _ask(settings.push_start_function, wish),
        tell=lambda room: _tell(room, settings),
    )


def stranger() -> WechatClient:
    """Build a client that knows no token, so that it has to ask for one."""
    settings = Settings.from_env(os.environ)
    secrets = SecretStore(aws.secretsmanager(), settings.secret_name).load()
    telemetry().hide([secrets.secret])
    return WechatClient(settings.wechat_api_base, secrets, NoCache())


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Look once."""
    with telemetry().invocation(context):
        if "check" in event:
            return check(stranger(), time.time())
        parts = build()
        if "push" in event:
            plan_push(int(event["push"]), parts)
        seen = watch(parts)
        telemetry().logger.info("watched", extra=seen)
        return seen


def _ask(function: str, wish: dict[str, Any]) -> None:
    aws.lambda_().invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(wish))


def _tell(room: Room, settings: Settings) -> None:
    """Send the event; a rule of the stack mails it where AutoPush is off."""
    detail = {
        "stack": settings.stack_name,
        "room_id": room.room_id,
        "name": room.name,
        "live_since": room.live_since,
        "starts_at": room.starts_at,
        "auto_push": settings.auto_push,
    }
    event = {"Source": "wxlive", "DetailType": "Room went live", "Detail": json.dumps(detail)}
    if aws.events().put_events(Entries=[event])["FailedEntryCount"]:  # type: ignore[list-item]  # plain dicts
        raise RetryLater(
            "EventBridge did not take the event that a room went live; it is sent again"
        )
