"""What is posted to a robot fits, and its answer is understood."""

import json
import string
from typing import Any

import pytest

from factories import NOW_S
from wxlive.errors import Misconfigured, NotAllowed, RetryLater
from wxlive.robots.posts import (
    TEXT_LIMIT_BYTES,
    Message,
    Post,
    batches,
    check_answer,
    post,
    webhook_signature,
)
from wxlive.robots.robot import Robot, RobotKind

CHATS = [kind for kind in RobotKind if kind is not RobotKind.WEBHOOK]
URL = "https://example.com/hook?key=made-up-key"
SECRET = "made-up-secret"


def robot(kind: RobotKind, secret: str = "") -> Robot:
    return Robot.of(URL, secret, kind.value)


def told(*texts: str) -> list[Message]:
    return [Message(text, {"event_id": text}) for text in texts]


def text_of(sent: Post) -> str:
    body: Any = json.loads(sent.body)
    found = body.get("text") or body.get("content")
    return str(found if isinstance(found, str) else found.get("content") or found["text"])


@pytest.mark.parametrize("kind", CHATS)
def test_messages_of_a_batch_are_lines_of_one_post(kind: RobotKind) -> None:
    messages = told("one", "two")
    assert list(batches(robot(kind), messages)) == [messages]
    assert text_of(post(robot(kind), messages, NOW_S)) == "one\ntwo"


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("text", ["x" * 5000, "房" * 5000, "&" * 5000, "🎉" * 5000])
def test_no_post_is_longer_than_a_robot_takes(kind: RobotKind, text: str) -> None:
    messages = told("first", text, "last")
    posts = [post(robot(kind), batch, NOW_S) for batch in batches(robot(kind), messages)]
    assert len(posts) > 1
    assert all(len(text_of(sent).encode()) <= TEXT_LIMIT_BYTES for sent in posts)


def test_every_message_is_in_one_batch_in_its_order() -> None:
    messages = told(*(f"{number} {'x' * 700}" for number in range(10)))
    found = list(batches(robot(RobotKind.WECOM), messages))
    assert [message for batch in found for message in batch] == messages
    assert max(map(len, found)) == 2


@pytest.mark.parametrize("kind", CHATS)
def test_a_room_cannot_mention_anybody(kind: RobotKind) -> None:
    sent = post(robot(kind), told("Room <@all> <!channel> <at user_id=all>"), NOW_S)
    assert "<" not in text_of(sent)


def test_slack_is_sent_what_it_shows_as_typed() -> None:
    sent = post(robot(RobotKind.SLACK), told("a & b < c"), NOW_S)
    assert text_of(sent) == "a &amp; b &lt; c"


def test_a_webhook_gets_the_event_beside_the_sentence() -> None:
    sent = post(robot(RobotKind.WEBHOOK), told("one"), NOW_S)
    assert json.loads(sent.body) == {"messages": [{"text": "one", "event": {"event_id": "one"}}]}
    assert "webhook-signature" not in sent.headers


def test_a_signature_is_the_one_of_the_standards_example() -> None:
    signature = webhook_signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_post_that_is_repeated_keeps_its_id_and_is_signed_anew() -> None:
    signed = post(robot(RobotKind.WEBHOOK, SECRET), told("one"), NOW_S)
    again = post(robot(RobotKind.WEBHOOK, SECRET), told("one"), NOW_S + 60)
    assert signed.headers["webhook-id"] == again.headers["webhook-id"], "it is the same message"
    assert signed.headers["webhook-signature"] != again.headers["webhook-signature"]


@pytest.mark.parametrize(
    ("url", "before"),
    [("https://example.com/x", "?"), ("https://example.com/x?access_token=y", "&")],
)
def test_dingtalk_has_its_signature_in_the_url(url: str, before: str) -> None:
    sent = post(Robot.of(url, SECRET, "dingtalk"), told("one"), NOW_S)
    assert sent.url.startswith(f"{url}{before}timestamp={NOW_S}000&sign=")
    assert set(sent.url.rpartition("=")[2]) <= set(string.ascii_letters + string.digits + "%")


def test_a_secret_after_whsec_must_be_base64() -> None:
    with pytest.raises(Misconfigured, match="base64"):
        post(robot(RobotKind.WEBHOOK, "whsec_*"), told("one"), NOW_S)


def test_neither_the_url_nor_a_signature_is_shown() -> None:
    shown = repr(post(robot(RobotKind.DINGTALK, SECRET), told("one"), NOW_S))
    assert "made-up" not in shown
    assert "sign" not in shown


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (RobotKind.WECOM, b'{"errcode": 0, "errmsg": "ok"}'),
        (RobotKind.DINGTALK, b'{"errcode": 0, "errmsg": "ok"}'),
        (RobotKind.FEISHU, b'{"code": 0, "msg": "success", "data": {}}'),
        (RobotKind.SLACK, b"ok"),
        (RobotKind.WEBHOOK, b""),
    ],
)
def test_what_a_robot_has_taken_is_done(kind: RobotKind, body: bytes) -> None:
    check_answer(robot(kind), 200, body)


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (RobotKind.WECOM, 200, b'{"errcode": 45009}'),
        (RobotKind.WECOM, 200, b"<html>"),
        (RobotKind.WECOM, 502, b""),
        (RobotKind.DINGTALK, 200, b'{"errcode": 130101}'),
        (RobotKind.FEISHU, 200, b'{"code": 11232}'),
        (RobotKind.FEISHU, 429, b""),
        (RobotKind.SLACK, 429, b""),
        (RobotKind.WEBHOOK, 503, b""),
    ],
)
def test_a_robot_that_asks_to_come_later_is_told_later(
    kind: RobotKind, status: int, body: bytes
) -> None:
    with pytest.raises(RetryLater):
        check_answer(robot(kind), status, body)


@pytest.mark.parametrize(
    ("kind", "status", "body", "hint"),
    [
        (RobotKind.WECOM, 200, b'{"errcode": 93000}', "copy it again"),
        (RobotKind.WECOM, 200, b'{"errcode": 40035}', "documentation"),
        (RobotKind.DINGTALK, 200, b'{"errcode": 310000}', "keywords"),
        (RobotKind.FEISHU, 200, b'{"code": 19021}', "signature"),
        (RobotKind.FEISHU, 200, b'{"code": 19024}', "keyword"),
        (RobotKind.SLACK, 404, b"no_service", "HTTP status 404"),
        (RobotKind.WEBHOOK, 302, b"", "HTTP status 302"),
    ],
)
def test_a_refusal_says_what_to_do(kind: RobotKind, status: int, body: bytes, hint: str) -> None:
    with pytest.raises(NotAllowed, match=hint) as error:
        check_answer(robot(kind), status, body)
    assert "made-up" not in str(error.value)
