"""Posting to a robot."""

import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import requests

from wxlive.errors import NotAllowed, NotReached, RetryLater
from wxlive.robots.posts import Post, check_answer
from wxlive.robots.robot import Robot, is_public
from wxlive.wechat.transport import WechatSession, kind_of

CALL_LIMIT_S = 5.0


def send(robot: Robot, post: Post, *, is_local: bool = False) -> None:
    """Post once, and accept the robot's answer.

    Raises:
        RetryLater: the robot is away or busy; whether it has shown the message is not known.
        NotAllowed: it refuses the message, or its name leads into a private network.
    """
    if not is_local:
        _check_addresses(robot)
    try:
        answer = WechatSession(CALL_LIMIT_S).post(
            post.url,
            data=post.body,
            headers=dict(post.headers),
            timeout=CALL_LIMIT_S,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        # Not chained: the message of the library contains the URL.
        kind = kind_of(error)
        raise RetryLater(f"The robot at {robot.host} did not answer ({kind})") from None
    check_answer(robot, answer.status_code, answer.content)


def _check_addresses(robot: Robot) -> None:
    port = urlsplit(robot.url).port or 443
    try:
        found = socket.getaddrinfo(robot.host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise NotReached(f"The name {robot.host} has no address") from None
    if not _are_public(str(address[0]) for *_, address in found):
        raise NotAllowed(f"The name {robot.host} leads into a private network, not to the internet")


def _are_public(addresses: Iterable[str]) -> bool:
    return all(is_public(address.partition("%")[0]) for address in addresses)
