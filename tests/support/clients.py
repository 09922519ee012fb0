"""The client of WeChat that functions are given, whose calls are steps."""

from support.world import World
from wxlive.settings import Secrets
from wxlive.stores.tokens import TokenStore
from wxlive.wechat.client import WechatClient


def wechat_client(world: World, base: str | None = None) -> WechatClient:
    """Build a client whose calls are steps; ``base`` is another server in WeChat's place."""
    account = world.wechat.account
    secrets = Secrets(account.appid, account.secret, (account.token,), (account.aes_key,))
    return WechatClient(
        base or world.wechat.url,
        secrets,
        TokenStore(world.aws.functions.state, account.appid),
        now=world.clock,
        session=world.steps.session,
    )
