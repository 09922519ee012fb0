"""The operator's, a schedule's or live_watch's wish in, a report or a refusal out.

``{"action": "start", "room_id": N, "dry_run": false}``, or ``plan``, ``pause``, ``resume``,
``cancel`` with ``{"campaign": ID}``. Answers ``{"refused": sentence}`` instead of raising.
"""

import json
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from wxlive import aws
from wxlive.errors import Refused, WxliveError
from wxlive.pace import interval_ms
from wxlive.settings import Settings
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.queue import PushQueue
from wxlive.stores.rooms import RoomStore
from wxlive.stores.secrets import SecretStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.stores.tokens import TokenStore
from wxlive.telemetry import Telemetry
from wxlive.wechat import WechatClient
from wxlive_push_start.control import (
    accept_unknown,
    cancel,
    pause,
    resend_unknown,
    resume,
)
from wxlive_push_start.plan import Planning, plan
from wxlive_push_start.start import Parts, rehearse, start

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_CONTROLS = {
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "resend_unknown": resend_unknown,
    "accept_unknown": accept_unknown,
}


@cache
def telemetry() -> Telemetry:
    """Return the logger and metrics, made once a process."""
    return Telemetry()


def build(context: "LambdaContext") -> Parts:
    """Build the real parts for one invocation."""
    settings = Settings.from_env(os.environ)
    secrets = SecretStore(aws.secretsmanager(), settings.secret_name).load()
    telemetry().hide([secrets.secret])
    state = aws.dynamodb().Table(settings.state_table)
    return Parts(
        wechat=WechatClient(settings.wechat_api_base, secrets, TokenStore(state, secrets.appid)),
        followers=FollowerStore(aws.dynamodb_client(), settings.followers_table),
        campaigns=CampaignStore(state),
        rooms=RoomStore(state),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, "push_message", settings.daily_call_quota),
        queue=PushQueue(aws.sqs(), settings.push_queue_url),
        telemetry=telemetry(),
        chunk=settings.chunk_openids,
        interval_ms=interval_ms(settings.push_rate_per_second, settings.chunk_openids),
        day_offset_hours=settings.day_offset_hours,
        now=time.time,
        remaining_s=lambda: context.get_remaining_time_in_millis() / 1000,
        plan_later=lambda campaign: _plan_later(context.function_name, campaign),
    )


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Do what is asked."""
    with telemetry().invocation(context):
        try:
            return act(event, build(context))
        except WxliveError as error:
            telemetry().problem("push refused", error)
            return {"refused": str(error)}


def act(event: Mapping[str, Any], parts: Parts) -> dict[str, Any]:
    """Do one action; returns its report.

    Raises:
        Refused: the action is unknown or makes no sense as things stand.
    """
    action = event.get("action")
    if action == "start":
        room_id = event.get("room_id")
        if not isinstance(room_id, int) or isinstance(room_id, bool):
            raise Refused("room_id must be a number")
        return rehearse(room_id, parts) if event.get("dry_run") else start(room_id, parts)
    if action != "plan" and action not in _CONTROLS:
        raise Refused(f"Unknown action {action!r}; use start, plan, {', '.join(_CONTROLS)}")
    campaign = event.get("campaign")
    if not isinstance(campaign, str) or not campaign:
        raise Refused("campaign must be a campaign's id; `wxlive status` shows the newest")
    if action == "plan":
        return _plan(campaign, parts)
    return _CONTROLS[action](campaign, parts).summary()


def _plan(campaign: str, parts: Parts) -> dict[str, Any]:
    ended = plan(campaign, parts)
    parts.telemetry.logger.info("planned", extra={"campaign": campaign, "turn": ended.value})
    if ended is Planning.OUT_OF_TIME:
        parts.plan_later(campaign)
    return {"campaign": campaign, "planning": ended.value}


def _plan_later(function: str, campaign: str) -> None:
    aws.lambda_().invoke(
        FunctionName=function,
        InvocationType="Event",
        Payload=json.dumps({"action": "plan", "campaign": campaign}),
    )
