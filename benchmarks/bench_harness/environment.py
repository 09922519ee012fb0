"""What a benchmark's process works with, in a form that can be passed to other processes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wxlive.settings import Secrets
from wxlive.stores.tokens import TokenStore
from wxlive.wechat.client import WechatClient
from wxlive.wechat.transport import WechatSession


@dataclass(frozen=True)
class Environment:
    """The local AWS, WeChat and the account there, and the names of two tables.

    ``aws`` are the environment variables for the local AWS, ``account`` is appid and secret.
    """

    aws: dict[str, str]
    wechat_url: str
    account: tuple[str, str]
    followers_table: str
    state_table: str


def wechat_client(
    environment: Environment,
    state: Any,
    session: Callable[[], WechatSession] = WechatSession,
) -> WechatClient:
    """Build the real client; ``state`` is the DynamoDB table that keeps its token."""
    secrets = Secrets(*environment.account, ("token",), ())
    tokens = TokenStore(state, secrets.appid)
    return WechatClient(environment.wechat_url, secrets, tokens, session=session)
