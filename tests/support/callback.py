"""The callback and its backlog with the real stores, on the world's services; WeChat's requests."""

import json
from collections.abc import Mapping
from typing import Any

from factories import some_settings
from support.world import World
from wxlive.ingest import EventIngestor
from wxlive.settings import MessageMode, Secrets
from wxlive.stores.callback_queues import CallbackQueue
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.results import ResultStore
from wxlive.wechat.crypto import Envelope, signature
from wxlive_callback.dependencies import Dependencies
from wxlive_callback_backlog import dependencies as backlog

PAGE = Secrets(
    appid="wxba5fad812f8e6fb9",
    secret="never-shown-app-secret",
    tokens=("AAAAA",),
    aes_keys=("A" * 43,),
)
"""Those of WeChat's documentation, which most files of ``events/callback`` are sealed with."""

OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"
"""Whom the files of ``events/callback`` are about."""

EVENT_TIME_S = 1_714_112_445

NO_KEY = {False: "", True: ""}

FOLLOW = {
    "FromUserName": OPENID,
    "CreateTime": EVENT_TIME_S,
    "MsgType": "event",
    "Event": "wxalive_follow_notify",
    "room_id": 1,
    "user_openid": OPENID,
    "time": EVENT_TIME_S,
    "live_status": 101,
    "action": "add_follow",
}
"""The message that says that somebody subscribed."""


def callback_deps(
    world: World, secrets: Secrets, mode: str = "secure", max_age_s: int = 0
) -> Dependencies:
    return Dependencies(
        settings=some_settings(message_mode=MessageMode(mode), callback_max_age_s=max_age_s),
        secrets=lambda: secrets,
        ingestor=event_ingestor(world),
        backlog=CallbackQueue(lambda: world.aws.functions.sqs, world.queues["backlog"]),
        telemetry=world.telemetry,
        now=world.clock,
    )


def backlog_deps(world: World) -> backlog.Dependencies:
    return backlog.Dependencies(event_ingestor(world), world.telemetry, now=world.clock)


def event_ingestor(world: World, keys: Mapping[bool, str] = NO_KEY) -> EventIngestor:
    """Build the ingestor; ``keys`` has the key of pseudonyms that it knows, and that there is."""
    client = world.aws.functions.dynamodb
    return EventIngestor(
        followers=FollowerStore(world.aws.functions.dynamodb, "followers"),
        results=lambda: ResultStore(world.aws.functions.state),
        quarantine=CallbackQueue(lambda: world.aws.functions.sqs, world.queues["quarantine"]),
        telemetry=world.telemetry,
        admits=ForgottenStore(client, "state", lambda needed: keys[needed]).admits,
    )


def sealed(text: str, secrets: Secrets = PAGE) -> dict[str, Any]:
    """Return API Gateway's event for a message that WeChat sends encrypted."""
    encrypted = Envelope(secrets.aes_keys[0], secrets.appid).encrypt(text)
    query = {
        "timestamp": str(EVENT_TIME_S),
        "nonce": "1",
        "msg_signature": signature(secrets.tokens[0], str(EVENT_TIME_S), "1", encrypted),
    }
    body = json.dumps({"ToUserName": "gh_1", "Encrypt": encrypted})
    return {"httpMethod": "POST", "queryStringParameters": query, "body": body}


def stored(world: World) -> tuple[int, int]:
    """Return how many followers and how many other records there are."""
    return len(world.table()), len(world.state_items())
