"""Which robot to post to: its kind, its URL and its signing secret. Pure."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self
from urllib.parse import SplitResult, urlsplit

from wxlive.errors import Misconfigured


class RobotKind(StrEnum):
    """Whose protocol a robot speaks. ``WEBHOOK`` is any other receiver."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    SLACK = "slack"
    WEBHOOK = "webhook"


KIND_OF_HOST: Mapping[str, RobotKind] = {
    "qyapi.weixin.qq.com": RobotKind.WECOM,
    "oapi.dingtalk.com": RobotKind.DINGTALK,
    "open.feishu.cn": RobotKind.FEISHU,
    "open.larksuite.com": RobotKind.FEISHU,
    "hooks.slack.com": RobotKind.SLACK,
}

_OF_THIS_MACHINE = ("localhost", "local", "internal")
"""The last labels of names that mean nothing outside a machine or its network."""


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot. Its URL lets anybody post, so it is as secret as the signing secret."""

    kind: RobotKind
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)

    @classmethod
    def from_json(cls, text: str, name: str = "the secret", *, is_local: bool = False) -> Self:
        """Read the JSON of a secret: ``url``, and if need be ``secret`` and ``kind``.

        Args:
            text: the secret's text.
            name: what to call it in an error.
            is_local: whether this is the local run, whose robots are on the loopback.

        Raises:
            Misconfigured: it is malformed. No value is shown.
        """
        try:
            raw = json.loads(text)
        except ValueError:
            raw = None
        fields = raw if isinstance(raw, dict) else {}
        values = {key: fields.get(key, "") for key in ("url", "secret", "kind")}
        if not all(isinstance(value, str) for value in values.values()) or not values["url"]:
            raise Misconfigured(
                f'{name} is no robot; store it with `wxlive robot`, or as {{"url": …, "secret": …}}'
            )
        return cls.of(values["url"], values["secret"], values["kind"], is_local=is_local)

    @classmethod
    def of(cls, url: str, secret: str = "", kind: str = "", *, is_local: bool = False) -> Self:
        """Return the robot of a URL; its host says of which kind it is, unless ``kind`` does.

        Raises:
            Misconfigured: the URL is none, or not one that messages may be sent to.
        """
        host = _host(url, is_local=is_local)
        try:
            found = RobotKind(kind) if kind else KIND_OF_HOST.get(host, RobotKind.WEBHOOK)
        except ValueError:
            kinds = ", ".join(RobotKind)
            raise Misconfigured(f"The kind of a robot is one of {kinds}") from None
        return cls(found, url, secret)

    @property
    def host(self) -> str:
        """The host of the URL, which is no secret."""
        return urlsplit(self.url).hostname or ""

    def to_json(self) -> str:
        """Return the JSON that ``from_json`` reads."""
        return json.dumps({"url": self.url, "secret": self.secret, "kind": self.kind.value})


def is_of_local_run(url: str) -> bool:
    """Whether a URL of AWS or WeChat is on the loopback: then robots may be there as well."""
    return urlsplit(url).hostname in {"127.0.0.1", "::1", "localhost"}


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's."""
    return ipaddress.ip_address(address).is_global


def _host(url: str, *, is_local: bool) -> str:
    parts = _split(url)
    host = (parts.hostname or "").lower().rstrip(".") if parts else ""
    if parts is None or not host or any(c.isspace() or not c.isprintable() for c in url):
        raise Misconfigured("The robot's URL is no URL; copy it again from the group's settings")
    if parts.username or parts.password:
        raise Misconfigured("The robot's URL contains a user name; copy it again")
    if is_local and parts.scheme in {"http", "https"}:
        return host
    if parts.scheme != "https":
        raise Misconfigured("The robot's URL must begin with https://")
    if not _is_on_the_internet(host):
        raise Misconfigured("The robot's URL leads into a private network, not to the internet")
    return host


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_on_the_internet(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        pass
    last = host.rpartition(".")[2]
    # ``127.1`` and ``0x7f000001`` are addresses to some resolvers.
    is_address = last.isdigit() or last.startswith("0x")
    return "." in host and not is_address and last not in _OF_THIS_MACHINE
