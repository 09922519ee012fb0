"""What `wxlive doctor` asks of the stack: whether WeChat lets in who calls from this address."""

from dataclasses import asdict
from typing import Any

from wxlive.errors import WxliveError
from wxlive.token import AccessToken
from wxlive.wechat import GET_FOLLOWERS, GET_LIVE_INFO, PUSH_MESSAGE, WechatClient

CHECKED = (GET_FOLLOWERS, PUSH_MESSAGE, GET_LIVE_INFO)


class NoCache:
    """A ``TokenCache`` that forgets: what it gives was asked of WeChat with today's secret."""

    def load(self) -> AccessToken | None:
        """Know nothing."""
        return None

    def save(self, token: AccessToken) -> None:
        """Keep nothing."""


def check(wechat: WechatClient, now_s: float) -> dict[str, Any]:
    """Ask WeChat for the quota of each API; a refusal stands in its place, as a sentence."""
    return {"now": now_s, "apis": {path: _quota(wechat, path) for path in CHECKED}}


def _quota(wechat: WechatClient, path: str) -> dict[str, Any]:
    try:
        return asdict(wechat.quota(path))
    except WxliveError as error:
        return {"sentence": str(error), "errcode": error.errcode}
