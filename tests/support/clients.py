"""The clients that functions are given: those of AWS and of WeChat, whose calls are steps."""

from support.memory_aws import Clients, clients
from support.world import World
from wxlive.settings import Secrets
from wxlive.stores.tokens import TokenStore
from wxlive.wechat.client import WechatClient


def watched() -> Clients:
    """Return the functions' AWS clients, whose calls the world watches."""
    return clients("functions")


def wechat_client(world: World, base: str | None = None) -> WechatClient:
    """Build a client whose calls are steps; ``base`` is another server in WeChat's place."""
    account = world.wechat.account
    secrets = Secrets(account.appid, account.secret, (account.token,), (account.aes_key,))
    return WechatClient(
        base or world.wechat.url,
        secrets,
        TokenStore(watched().state, account.appid),
        now=world.clock,
        session=world.steps.session,
    )
