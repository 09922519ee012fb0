"""Which URLs are robots, and of which kind."""

import json

import pytest

from wxlive.errors import Misconfigured
from wxlive.robots.robot import Robot, RobotKind, is_of_local_run

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up-key"
SECRET = "SECmade-up-secret"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (WECOM, RobotKind.WECOM),
        ("https://oapi.dingtalk.com/robot/send?access_token=x", RobotKind.DINGTALK),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/x", RobotKind.FEISHU),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/x", RobotKind.FEISHU),
        ("https://HOOKS.slack.com/services/T/B/x", RobotKind.SLACK),
        ("https://example.com/hook", RobotKind.WEBHOOK),
        ("https://8.8.8.8/hook", RobotKind.WEBHOOK),
    ],
)
def test_the_host_says_which_kind_a_robot_is(url: str, kind: RobotKind) -> None:
    assert Robot.of(url).kind is kind


def test_a_kind_that_is_said_counts() -> None:
    assert Robot.of("https://proxy.example.com/x", kind="feishu").kind is RobotKind.FEISHU


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "no URL"),
        ("robot", "no URL"),
        ("https://", "no URL"),
        ("https://exa mple.com/", "no URL"),
        ("https://example.com/\x1b[2J", "no URL"),
        ("https://example.com:99999/", "no URL"),
        ("https://[::1/", "no URL"),
        ("https://me:word@example.com/", "user name"),
        ("http://example.com/", "https://"),
        ("ftp://example.com/", "https://"),
        ("https://localhost/", "private network"),
        ("https://robot/", "private network"),
        ("https://robot.internal/", "private network"),
        ("https://robot.local./", "private network"),
        ("https://127.0.0.1/", "private network"),
        ("https://127.1/", "private network"),
        ("https://2130706433/", "private network"),
        ("https://0x7f.0x0.0x0.0x1/", "private network"),
        ("https://10.0.0.9/", "private network"),
        ("https://192.168.1.1:8443/", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://[::1]/", "private network"),
        ("https://[fd00::1]/", "private network"),
        ("https://[::ffff:127.0.0.1]/", "private network"),
    ],
)
def test_what_no_message_may_be_sent_to_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence) as error:
        Robot.of(url)
    assert "example" not in str(error.value)


def test_the_local_run_has_its_robots_on_the_loopback() -> None:
    assert Robot.of("http://127.0.0.1:80/x", kind="wecom", is_local=True).kind is RobotKind.WECOM


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:2"])
def test_a_local_run_has_aws_and_wechat_on_the_loopback(url: str) -> None:
    assert is_of_local_run(url)
    assert not is_of_local_run("https://api.weixin.qq.com")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(Misconfigured, match="wecom, dingtalk, feishu, slack, webhook"):
        Robot.of(WECOM, kind="telegram")


def test_a_robot_is_stored_and_read_as_json() -> None:
    robot = Robot.of(WECOM, SECRET)
    assert Robot.from_json(robot.to_json()) == robot
    assert Robot.from_json(json.dumps({"url": WECOM})) == Robot.of(WECOM)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"url": 7}', '{"url": "https://a.b", "kind": 1}'],
)
def test_a_secret_that_is_no_robot_says_how_to_store_one(text: str) -> None:
    with pytest.raises(Misconfigured, match="wxlive robot"):
        Robot.from_json(text, "The secret x")


def test_neither_the_url_nor_the_secret_is_shown() -> None:
    shown = repr(Robot.of(WECOM, SECRET))
    assert "made-up" not in shown
    assert Robot.of(WECOM).host == "qyapi.weixin.qq.com"
