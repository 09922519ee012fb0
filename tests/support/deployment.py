"""The handlers as they are deployed: environment, secret, the invocation's context."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from factories import ENV
from support.doubles import Context, EventBridgeClient, LambdaClient
from support.memory_aws import client_of, resource_of
from support.world import World
from wxlive_follower_sync import dependencies as follower_sync
from wxlive_live_watch import dependencies as live_watch
from wxlive_live_watch import handler as live_watch_handler
from wxlive_notify import dependencies as notify
from wxlive_push_fanout import dependencies as push_fanout
from wxlive_push_start import dependencies as push_start

EVENTS = Path(__file__).parents[2] / "events"

CLOCKED: tuple[ModuleType, ...] = (
    follower_sync,
    live_watch,
    live_watch_handler,
    notify,
    push_fanout,
    push_start,
)
"""The modules whose ``time`` is the world's clock."""


class Deployment:
    """The surroundings of the handlers; ``world`` is what they work on."""

    def __init__(self, world: World, set_env: Callable[[str, str], None]) -> None:
        self.world = world
        self.context: Any = Context()
        self.lambda_client = LambdaClient()
        self.events_client: EventBridgeClient = world.events
        self._set_env = set_env
        self._secrets = client_of("secretsmanager", world.aws.port)
        self._secrets.create_secret(Name=ENV["WECHAT_SECRET_NAME"], SecretString="{}")
        account = world.wechat.account
        self.store_secret(
            appid=account.appid,
            secret=account.secret,
            token=account.token,
            aes_key=account.aes_key,
        )
        self.configure(**ENV)
        self.configure(
            PUSH_CHUNK_SIZE="2",
            PUSH_QUEUE_URL=world.queues["push"],
            CALLBACK_BACKLOG_URL=world.queues["backlog"],
            CALLBACK_QUARANTINE_URL=world.queues["quarantine"],
            WECHAT_API_BASE=world.wechat.url,
        )

    def configure(self, **env: str) -> None:
        for name, value in env.items():
            self._set_env(name, value)

    def store_secret(self, **fields: str) -> None:
        self._secrets.put_secret_value(
            SecretId=ENV["WECHAT_SECRET_NAME"], SecretString=json.dumps(fields)
        )

    def delete_secret(self) -> None:
        self._secrets.delete_secret(
            SecretId=ENV["WECHAT_SECRET_NAME"], ForceDeleteWithoutRecovery=True
        )

    def clients(self) -> dict[str, Callable[..., Any]]:
        """Return what stands in for the functions of ``wxlive.aws``."""
        port = self.world.aws.port
        made = {
            "dynamodb": resource_of(port),
            "dynamodb_client": client_of("dynamodb", port),
            "sqs": client_of("sqs", port),
            "secretsmanager": self._secrets,
            "lambda_": self.lambda_client,
            "events": self.events_client,
        }
        return {name: partial(_given, client) for name, client in made.items()}

    def event(self, path: str) -> dict[str, Any]:
        """Return one of the files of ``events/``."""
        event: dict[str, Any] = json.loads((EVENTS / path).read_text(encoding="utf-8"))
        return event


def _given(client: Any, config: object = None) -> Any:
    return client
