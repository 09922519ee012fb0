"""What the refresh of the allow-list works with."""

from dataclasses import dataclass

from wxlive import aws
from wxlive.bootstrap.process import secret_store, settings, telemetry
from wxlive.bootstrap.wechat import wechat_client
from wxlive.telemetry import Telemetry
from wxlive.wechat.client import WechatClient
from wxlive_callback_allow_list.allow_list import AllowList


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the refresh works with."""

    wechat: WechatClient
    allow_list: AllowList
    telemetry: Telemetry


def build_dependencies() -> Dependencies:
    """Build them for one invocation."""
    return Dependencies(
        wechat=wechat_client(secret_store().load()),
        allow_list=AllowList(aws.wafv2(), settings().callback_allow_list),
        telemetry=telemetry(),
    )
