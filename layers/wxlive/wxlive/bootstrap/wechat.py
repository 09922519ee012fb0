"""The WeChat client as the functions use it."""

from wxlive.bootstrap.process import settings, state_table, telemetry
from wxlive.settings import Secrets
from wxlive.stores.tokens import TokenStore
from wxlive.wechat.access_token import TokenCache
from wxlive.wechat.client import WechatClient


def wechat_client(secrets: Secrets, tokens: TokenCache | None = None) -> WechatClient:
    """Build a client; its AppSecret is kept out of the log from now on.

    Args:
        secrets: the appid and the AppSecret to use.
        tokens: where the access token is shared, by default with all functions of the stack.
    """
    telemetry().hide([secrets.secret])
    return WechatClient(
        settings().wechat_api_base, secrets, tokens or TokenStore(state_table(), secrets.appid)
    )
