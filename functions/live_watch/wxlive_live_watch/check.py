"""The check behind `wxlive doctor`: whether WeChat accepts calls from this stack's address."""

from dataclasses import asdict
from typing import Any

from wxlive import aws
from wxlive.bootstrap.process import settings
from wxlive.bootstrap.wechat import wechat_client
from wxlive.errors import WxliveError
from wxlive.stores.secrets import SecretStore
from wxlive.wechat.access_token import NoTokenCache
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient

CHECKED = (Api.GET_FOLLOWERS, Api.PUSH_MESSAGE, Api.GET_LIVE_INFO)


def build_uncached_client() -> WechatClient:
    """Build a client that has no token and must request one, with the secret as it is now."""
    secrets = SecretStore(aws.secretsmanager(), settings().secret_name).load()
    return wechat_client(secrets, NoTokenCache())


def check(wechat: WechatClient, now_s: float) -> dict[str, Any]:
    """Ask WeChat for the quota of each API.

    Returns:
        ``now`` (Unix s), by path each quota, or the sentence and errcode of the error, how far
        the stack's clock is ahead of WeChat's (s), None if WeChat doesn't say, and the version of
        the runtime's ``boto3``.
    """
    apis = {api.value: _quota(wechat, api) for api in CHECKED}
    return {
        "now": now_s,
        "apis": apis,
        "ahead_of_wechat_s": wechat.clock_ahead_s,
        "boto3": aws.boto3_version(),
    }


def _quota(wechat: WechatClient, api: Api) -> dict[str, Any]:
    try:
        return asdict(wechat.quota(api))
    except WxliveError as error:
        return {"sentence": str(error), "errcode": error.errcode}
