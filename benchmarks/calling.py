"""Where a process of a benchmark works, and the WeChat that it calls from there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from wxlive.settings import Secrets
from wxlive.stores.tokens import TokenStore
from wxlive.wechat import WechatClient


@dataclass(frozen=True)
class Place:
    """The AWS, the WeChat with its account, and the two tables; travels to processes."""

    aws: dict[str, str]
    wechat: str
    account: tuple[str, str]
    followers: str
    state: str


def wechat_at(
    place: Place, state: Any, session: Callable[[], requests.Session] = requests.Session
) -> WechatClient:
    """Build the real client; its token is kept in the table ``state``."""
    secrets = Secrets(*place.account, ("token",), ())
    return WechatClient(place.wechat, secrets, TokenStore(state, secrets.appid), session=session)
