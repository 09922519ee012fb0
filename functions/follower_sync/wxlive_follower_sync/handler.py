"""A schedule or the operator in, a turn of work out.

- ``{"action": "start"}`` (the operator) answers at once with the run, and has it worked on in
  another invocation;
- ``{"action": "confirm_sweep", "run": ID}`` does the same with a guarded run;
- ``{"action": "continue"}`` (a schedule) takes up an open run that stands still: it waited for
  the day's budget, or its worker died;
- anything else, such as the daily schedule's event, is a turn of work.
"""

import json
import os
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from wxlive import aws
from wxlive.errors import WxliveError
from wxlive.settings import Settings
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.secrets import SecretStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.stores.tokens import TokenStore
from wxlive.sync_runs import RunState, SyncRun
from wxlive.telemetry import Metric, Telemetry
from wxlive.wechat import WechatClient
from wxlive_follower_sync.parts import Parts
from wxlive_follower_sync.walk import Turn, confirm_sweep, open_run, work

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_ENDINGS = {
    RunState.DONE: Metric.SYNC_DONE,
    RunState.FAILED: Metric.SYNC_FAILED,
    RunState.GUARDED: Metric.SYNC_GUARDED,
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
    cache_ = TokenStore(state, secrets.appid)
    return Parts(
        wechat=WechatClient(settings.wechat_api_base, secrets, cache_),
        followers=FollowerStore(aws.dynamodb_client(aws.BULK), settings.followers_table),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, "get_wxa_followers", settings.sync_budget_calls),
        owner=uuid.uuid4().hex,
        day_offset_hours=settings.day_offset_hours,
        guard_percent=settings.sweep_guard_percent,
        now=time.time,
        sleep=time.sleep,
        remaining_s=lambda: context.get_remaining_time_in_millis() / 1000,
    )


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Start a run for the operator, or take a turn of work."""
    with telemetry().invocation(context):
        try:
            parts = build(context)
            return act(event, parts, context.function_name)
        except WxliveError as error:
            telemetry().problem("sync refused", error)
            return {"refused": str(error)}


def act(event: Mapping[str, Any], parts: Parts, function: str) -> dict[str, Any]:
    """Do what the event asks; ``function`` is our own name, to be invoked again."""
    match event.get("action"):
        case "start":
            return _worked_on_later(open_run(parts), function)
        case "confirm_sweep":
            return _worked_on_later(confirm_sweep(str(event.get("run")), parts), function)
        case "continue" if not has_open_run(parts):
            return {"turn": "nothing_to_do"}
        case _:
            return take_turn(parts, function)


def has_open_run(parts: Parts) -> bool:
    """Whether a run waits to be gone on with."""
    run = parts.runs.newest()
    return run is not None and run.state is RunState.OPEN


def take_turn(parts: Parts, function: str) -> dict[str, Any]:
    """Work until the run ends or the time is up, then go on in another invocation."""
    try:
        turn = work(parts)
    except Exception as error:  # told to the operator, then Lambda tries again
        with suppress(Exception):  # the store may be what broke; the first error is the one to tell
            parts.runs.note(f"The last turn broke off ({type(error).__name__}); its log says why")
        raise
    run = parts.runs.newest()
    if turn is Turn.OUT_OF_TIME:
        _go_on(function)
    if run is not None:
        _tell(run, turn)
    return {"turn": turn.value, **(run.summary() if run else {})}


def _tell(run: SyncRun, turn: Turn) -> None:
    telemetry().logger.info("sync turn", extra={"turn": turn.value, **run.summary()})
    if turn is Turn.ENDED:
        telemetry().count(_ENDINGS[run.state])
        telemetry().count(Metric.SYNC_CALLS, run.calls)


def _worked_on_later(run: SyncRun, function: str) -> dict[str, Any]:
    _go_on(function)
    return run.summary()


def _go_on(function: str) -> None:
    aws.lambda_().invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps({"action": "work"})
    )
