"""The checks of ``wxlive doctor``, fact by fact."""

from dataclasses import replace
from typing import Any

import pytest

from factories import NOW_S, a_run, some_secrets
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.robots.robot import Robot
from wxlive.settings import MessageMode
from wxlive_cli.doctor import checks
from wxlive_cli.doctor.checks import Level

SECRETS = some_secrets()
RUN = a_run(state=RunState.DONE, started_at=NOW_S - 3600, listed=20_100)
FULL: dict[str, Any] = {"daily_limit": 5000, "used": 0}
REFUSED: dict[str, Any] = {"sentence": "not on the list: 1.2.3.4", "errcode": 40164}


def test_a_finding_that_is_not_ok_says_what_to_do() -> None:
    for finding in (
        checks.check_stack("ROLLBACK_COMPLETE", "1", "r"),
        checks.check_wechat({"x": REFUSED}, None),
        checks.check_sync(None, NOW_S),
        checks.check_alarms(0, 0),
        checks.check_clock(99),
    ):
        assert finding.level is not Level.OK
        assert finding.do
    assert checks.check_clock(0).do == ""


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("CREATE_COMPLETE", Level.OK),
        ("UPDATE_COMPLETE", Level.OK),
        ("UPDATE_IN_PROGRESS", Level.WARNING),
        ("UPDATE_ROLLBACK_COMPLETE", Level.BROKEN),
        ("DELETE_FAILED", Level.BROKEN),
    ],
)
def test_a_stack_is_ok_when_its_last_deployment_succeeded(status: str, level: Level) -> None:
    assert checks.check_stack(status, "123456789012", "us-east-1").level is level


@pytest.mark.parametrize(
    ("changes", "mode", "level", "says"),
    [
        ({}, "secure", Level.OK, "complete"),
        ({"aes_keys": ()}, "secure", Level.BROKEN, "no aes_key"),
        ({"aes_keys": ()}, "plaintext", Level.OK, "complete"),
        ({"appid": "gh_1"}, "secure", Level.WARNING, "unusual appid"),
        ({"secret": "short"}, "secure", Level.WARNING, "unusual secret"),
        ({"tokens": ("aWord-12",)}, "secure", Level.WARNING, "unusual token"),
        ({"tokens": ("aWord12",)}, "secure", Level.WARNING, "unusual token"),
        ({"tokens": ("newWord1", "oldWord1")}, "secure", Level.WARNING, "rotation"),
        ({"aes_keys": ("A" * 43, "B" * 43)}, "secure", Level.WARNING, "rotation"),
    ],
)
def test_a_secret_is_checked_without_being_shown(
    changes: dict[str, Any], mode: str, level: Level, says: str
) -> None:
    finding = checks.check_secret(replace(SECRETS, **changes), MessageMode(mode))

    assert finding.level is level
    assert says in finding.says
    assert "short" not in finding.says + finding.do


def test_without_the_key_nobody_who_was_forgotten_is_recognised() -> None:
    lost = checks.check_forgotten(replace(SECRETS, pseudonym_key=""))

    assert (lost.level, "former version" in lost.do) == (Level.BROKEN, True)
    kept = checks.check_forgotten(replace(SECRETS, pseudonym_key="0123456789abcdef"))
    assert kept.level is Level.OK
    assert "0123" not in kept.says


def test_the_egress_address_is_shown_where_there_is_one() -> None:
    assert checks.check_wechat({"x": FULL}, None).level is Level.OK
    assert "1.2.3.4" in checks.check_wechat({"x": FULL}, "1.2.3.4").says


def test_an_address_that_is_not_on_the_allow_list_is_shown_with_what_to_do() -> None:
    finding = checks.check_wechat({"x": REFUSED, "y": FULL}, None)

    assert (finding.level, finding.says) == (Level.BROKEN, "not on the list: 1.2.3.4")
    assert "IP allow-list" in finding.do
    other = checks.check_wechat({"x": REFUSED | {"errcode": 40125}}, None)
    assert "allow-list" not in other.do


@pytest.mark.parametrize(
    ("used", "level"),
    [
        (0, Level.OK),
        (4500, Level.OK),
        (4501, Level.WARNING),
        (5000, Level.BROKEN),
        (5001, Level.BROKEN),
    ],
)
def test_less_than_a_tenth_of_a_quota_is_a_warning_and_none_is_broken(
    used: int, level: Level
) -> None:
    [finding] = checks.check_quotas(
        {"/wxa/business/push_message": FULL | {"used": used}, "y": REFUSED}
    )

    assert (finding.check, finding.level) == ("quota push_message", level)


@pytest.mark.parametrize(
    ("status", "body", "level"),
    [
        (200, "e1", Level.OK),
        (200, '"e1"', Level.BROKEN),
        (403, "e1", Level.BROKEN),
        (502, "", Level.BROKEN),
    ],
)
def test_only_the_bare_echo_is_accepted(status: int, body: str, level: Level) -> None:
    assert checks.check_callback(status, body, "e1").level is level


@pytest.mark.parametrize(
    ("run", "level"),
    [
        (None, Level.WARNING),
        (RUN, Level.OK),
        (replace(RUN, state=RunState.OPEN, listed=0), Level.OK),
        (replace(RUN, started_at=NOW_S - checks.SYNC_FRESH_S - 1), Level.WARNING),
        (replace(RUN, listed=0), Level.WARNING),
        (replace(RUN, state=RunState.GUARDED, reason="too many"), Level.BROKEN),
        (replace(RUN, state=RunState.FAILED, reason="no"), Level.BROKEN),
    ],
)
def test_a_sync_is_checked_by_its_age_and_its_state(run: SyncRun | None, level: Level) -> None:
    assert checks.check_sync(run, NOW_S).level is level


@pytest.mark.parametrize(
    ("name", "messages", "level"),
    [
        ("PushQueue", 0, Level.OK),
        ("PushQueue", 3, Level.WARNING),
        ("PushDeadLetters", 0, Level.OK),
        ("PushDeadLetters", 1, Level.BROKEN),
        ("CallbackQuarantine", 1, Level.BROKEN),
    ],
)
def test_dead_letters_and_quarantine_are_broken_and_a_backlog_is_a_warning(
    name: str, messages: int, level: Level
) -> None:
    assert checks.check_queue(name, messages).level is level


def test_what_a_robot_has_not_taken_is_returned_another_way_than_chunks() -> None:
    finding = checks.check_queue("NotifyDeadLetters", 1)
    assert finding.level is Level.BROKEN
    assert "notify" in finding.do
    assert "dlq" not in finding.do


def test_a_robot_is_named_without_its_url() -> None:
    finding = checks.check_robot(Robot.of("https://hooks.slack.com/services/made-up", "made-up"))
    assert (finding.level, finding.says) == (Level.OK, "slack at hooks.slack.com, signed")


def test_a_disabled_schedule_is_broken() -> None:
    assert checks.check_schedule("s", "ENABLED", "rate(1 minute)").level is Level.OK
    assert checks.check_schedule("s", "DISABLED", "rate(1 minute)").level is Level.BROKEN


@pytest.mark.parametrize(
    ("confirmed", "pending", "level"),
    [(1, 0, Level.OK), (1, 1, Level.OK), (0, 1, Level.WARNING), (0, 0, Level.WARNING)],
)
def test_alarms_need_a_confirmed_subscriber(confirmed: int, pending: int, level: Level) -> None:
    assert checks.check_alarms(confirmed, pending).level is level


@pytest.mark.parametrize(
    ("ahead_s", "level", "says"),
    [(0, Level.OK, "agrees"), (-30, Level.OK, "agrees"), (31, Level.WARNING, "31 s ahead of"),
     (-31, Level.WARNING, "31 s behind")],
)  # fmt: skip
def test_a_clock_may_be_half_a_minute_wrong(ahead_s: float, level: Level, says: str) -> None:
    finding = checks.check_clock(ahead_s)

    assert finding.level is level
    assert says in finding.says


@pytest.mark.parametrize(
    ("ahead_s", "level", "says"),
    [
        (None, Level.OK, "does not show it"),
        (0.4, Level.OK, "0 s ahead of it"),
        (-60, Level.OK, "60 s behind it"),
        (61, Level.WARNING, "61 s ahead of it"),
    ],
)
def test_the_stacks_clock_may_differ_from_wechats_by_half_the_margin(
    ahead_s: float | None, level: Level, says: str
) -> None:
    finding = checks.check_wechat_clock(ahead_s, 120)

    assert finding.level is level
    assert says in finding.says
    assert ("ClockMarginSeconds" in finding.do) == (level is Level.WARNING)


def test_a_sync_that_is_done_with_a_reason_is_shown() -> None:
    finding = checks.check_sync(replace(RUN, reason="in no order"), NOW_S)

    assert finding.level is Level.WARNING
    assert "in no order" in finding.says
