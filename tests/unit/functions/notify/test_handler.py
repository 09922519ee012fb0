"""A batch of events becomes a few posts, in their order and at the robot's pace."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from support.clock import Clock
from support.doubles import CountingTelemetry
from wxlive.errors import Misconfigured, RetryLater, WxliveError
from wxlive.language import Catalogue
from wxlive.robots.posts import PAUSE_S, Post
from wxlive.robots.robot import Robot
from wxlive_notify.dependencies import Dependencies
from wxlive_notify.handler import notify

ROBOT = Robot.of("https://qyapi.weixin.qq.com/send?key=made-up-key", "made-up-secret")


@dataclass
class Team:
    """A robot and its group; ``answers`` are what the next posts raise."""

    clock: Clock = field(default_factory=Clock)
    told: list[str] = field(default_factory=list)
    posted_at: list[float] = field(default_factory=list)
    answers: list[WxliveError | None] = field(default_factory=list)
    robot: Robot = ROBOT
    left_s: float = 30.0

    def send(self, _robot: Robot, post: Post) -> None:
        self.posted_at.append(self.clock())
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.told += json.loads(post.body)["text"]["content"].split("\n")

    def notify(self, *events: dict[str, Any]) -> list[str]:
        """Pass a batch to the function; returns which messages are to come again."""
        ends_at = self.clock() + self.left_s
        deps = Dependencies(
            robot=self.read,
            send=self.send,
            telemetry=CountingTelemetry(),
            stack="wxlive",
            day_offset_hours=8,
            catalogue=Catalogue({}),
            now=self.clock,
            sleep=self.clock.sleep,
            remaining_s=lambda: ends_at - self.clock(),
        )
        records = [
            {"messageId": f"m{number}", "body": json.dumps(event)}
            for number, event in enumerate(events)
        ]
        failed = notify(records, deps)["batchItemFailures"]
        return [failure["itemIdentifier"] for failure in failed]

    def read(self) -> Robot:
        return self.robot


@pytest.fixture
def team(monkeypatch: pytest.MonkeyPatch) -> Team:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", uuid4().hex)  # a logger of its own
    return Team()


def alarm(name: str, state: str = "ALARM", about: str = "") -> dict[str, Any]:
    return {
        "alarmName": name,
        "state": {"value": state},
        "configuration": {"description": about or name},
    }


def test_a_batch_is_one_post_in_its_order(team: Team) -> None:
    assert team.notify(alarm("A"), alarm("B")) == []
    assert team.told == ["wxlive: ALARM A: A", "wxlive: ALARM B: B"]
    assert len(team.posted_at) == 1


def test_what_is_not_worth_a_message_is_done(team: Team) -> None:
    assert team.notify(alarm("A", "OK")) == []
    assert team.posted_at == []


def test_posts_keep_their_distance_also_to_those_of_the_next_batch(team: Team) -> None:
    long = [alarm(f"A{number}", about="x" * 1500) for number in range(3)]
    team.notify(*long)
    team.notify(alarm("B"))
    gaps = [b - a for a, b in zip(team.posted_at, team.posted_at[1:], strict=False)]
    assert len(gaps) == 3
    assert min(gaps) >= PAUSE_S - 1e-6


def test_a_failure_keeps_a_distance_too(team: Team) -> None:
    team.answers = [RetryLater("away")]
    team.notify(alarm("A"))
    team.notify(alarm("A"))
    assert team.posted_at[1] - team.posted_at[0] >= PAUSE_S - 1e-6


def test_what_the_robot_does_not_take_comes_again_with_all_that_follows(team: Team) -> None:
    team.answers = [None, RetryLater("away")]
    long = [alarm(f"A{number}", about="x" * 1500) for number in range(3)]
    assert team.notify(*long) == ["m1", "m2"]
    assert [text.split(":")[1] for text in team.told] == [" ALARM A0"]


def test_what_does_not_fit_into_the_invocation_comes_again(team: Team) -> None:
    team.left_s = 12
    long = [alarm(f"A{number}", about="x" * 1500) for number in range(3)]
    assert team.notify(*long) == ["m1", "m2"]


def test_a_robot_that_is_not_configured_keeps_the_messages(team: Team) -> None:
    def broken() -> Robot:
        raise Misconfigured("The secret x is no robot")

    team.read = broken  # type: ignore[method-assign]  # the secret is broken now
    assert team.notify(alarm("A")) == ["m0"]


def test_neither_the_url_nor_the_secret_is_logged(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    team.answers = [RetryLater("did not answer")]
    team.notify(alarm("A"), alarm("B"))
    logged = capsys.readouterr().out
    assert "robot not told" in logged
    assert "made-up" not in logged


@pytest.mark.parametrize("odd", [{}, {"type": "of another program"}, {"alarmName": 7}])
def test_an_event_that_is_not_understood_is_told_and_does_not_hold_up_the_others(
    team: Team, odd: dict[str, Any]
) -> None:
    assert team.notify(odd, alarm("Odd")) == []
    not_understood, told = team.told
    assert not_understood.startswith("wxlive: something happened that notify does not understand")
    assert told.endswith("ALARM Odd: Odd")
