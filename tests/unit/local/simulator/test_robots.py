"""The simulated robots take what wxlive posts, and refuse what the real ones refuse."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from support.clock import Clock
from wxlive.errors import NotAllowed, RetryLater
from wxlive.robots.posts import PAUSE_S, Message, check_answer, post
from wxlive.robots.robot import Robot
from wxlive_local.simulator.robots import (
    KINDS,
    SECRET,
    TOKEN,
    WEBHOOK_SECRET,
    Answer,
    Request,
    Robots,
)


@pytest.fixture
def robots(clock: Clock) -> Robots:
    return Robots(clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def request(clock: Clock, kind: str, text: str = "hello", *, secret: str | None = None) -> Request:
    """Return what wxlive posts to a robot of this kind."""
    default = WEBHOOK_SECRET if kind == "webhook" else SECRET
    robot = Robot.of("https://example.com/x", default if secret is None else secret, kind)
    sent = post(robot, [Message(text, {})], clock())
    query = {name: values[0] for name, values in parse_qs(urlsplit(sent.url).query).items()}
    headers = {name.lower(): value for name, value in sent.headers.items()}
    return Request(TOKEN, query, headers, sent.body)


def check(kind: str, answer: Answer) -> None:
    robot = Robot.of("https://example.com/x", kind=kind)
    check_answer(robot, answer.status, answer.body.encode())


@pytest.mark.parametrize("kind", KINDS)
def test_what_wxlive_posts_is_shown(robots: Robots, clock: Clock, kind: str) -> None:
    check(kind, robots.receive(kind, request(clock, kind, "Room 1001 (特卖) went live.")))
    assert [shown.text for shown in robots.shown] == ["Room 1001 (特卖) went live."]
    assert robots.refused == []


@pytest.mark.parametrize("kind", KINDS)
def test_another_url_is_no_robot(robots: Robots, clock: Clock, kind: str) -> None:
    answer = robots.receive(kind, replace(request(clock, kind), token="other"))
    with pytest.raises(NotAllowed):
        check(kind, answer)


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "webhook"])
@pytest.mark.parametrize("secret", ["", "SEC-another"])
def test_a_wrong_signature_is_refused(robots: Robots, clock: Clock, kind: str, secret: str) -> None:
    answer = robots.receive(kind, request(clock, kind, secret=secret))
    with pytest.raises(NotAllowed):
        check(kind, answer)
    assert robots.shown == []


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "webhook"])
def test_an_old_signature_is_refused(robots: Robots, clock: Clock, kind: str) -> None:
    old = request(clock, kind)
    clock.sleep(3700)
    with pytest.raises(NotAllowed):
        check(kind, robots.receive(kind, old))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"text": 7}', b"\xff"])
def test_another_shape_is_refused(robots: Robots, clock: Clock, kind: str, body: bytes) -> None:
    with pytest.raises(NotAllowed):
        check(kind, robots.receive(kind, replace(request(clock, kind), body=body)))


@pytest.mark.parametrize(("kind", "limit"), [("wecom", 2048), ("dingtalk", 20_000)])
def test_a_message_that_is_too_long_is_refused(
    robots: Robots, clock: Clock, kind: str, limit: int
) -> None:
    body = json.dumps({"msgtype": "text", "text": {"content": "x" * (limit + 1)}}).encode()
    with pytest.raises(NotAllowed):
        check(kind, robots.receive(kind, replace(request(clock, kind), body=body)))


@pytest.mark.parametrize(
    ("kind", "limit"), [("wecom", 20), ("dingtalk", 20), ("feishu", 5), ("slack", 1)]
)
def test_a_message_too_many_is_refused(robots: Robots, clock: Clock, kind: str, limit: int) -> None:
    for _ in range(limit):
        check(kind, robots.receive(kind, request(clock, kind)))
    with pytest.raises(RetryLater):
        check(kind, robots.receive(kind, request(clock, kind)))
    clock.sleep(61)
    answer = robots.receive(kind, request(clock, kind))
    if kind == "dingtalk":
        with pytest.raises(RetryLater):
            check(kind, answer)
        clock.sleep(600)
        answer = robots.receive(kind, request(clock, kind))
    check(kind, answer)


@pytest.mark.parametrize("kind", KINDS)
def test_at_wxlives_pace_no_robot_refuses_a_message(
    robots: Robots, clock: Clock, kind: str
) -> None:
    for _ in range(120):
        check(kind, robots.receive(kind, request(clock, kind)))
        clock.sleep(PAUSE_S)
    assert robots.refused == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_robot_that_is_away_is_told_later(robots: Robots, clock: Clock, kind: str) -> None:
    robots.away = True
    with pytest.raises(RetryLater):
        check(kind, robots.receive(kind, request(clock, kind)))
