"""What the doctor makes of each fact."""

from dataclasses import replace
from typing import Any

import pytest

from wxlive.settings import MessageMode, Secrets
from wxlive.sync_runs import RunState, SyncRun
from wxlive_cli import doctor_checks as checks
from wxlive_cli.doctor_checks import Level

NOW_S = 1_795_347_000
SECRETS = Secrets("wx0123456789abcdef", "0" * 32, ("aWord1",), ("A" * 43,))
RUN = SyncRun("r", RunState.DONE, NOW_S - 3600, listed=20_100)
FULL: dict[str, Any] = {"daily_limit": 5000, "used": 0}
REFUSED: dict[str, Any] = {"sentence": "not on the list: 1.2.3.4", "errcode": 40164}


def test_what_is_broken_or_doubtful_says_what_to_do() -> None:
    for finding in (
        checks.judge_stack("ROLLBACK_COMPLETE", "1", "r"),
        checks.judge_wechat({"x": REFUSED}, None),
        checks.judge_sync(None, NOW_S),
        checks.judge_alarms(0, 0),
        checks.judge_clock(99),
    ):
        assert finding.level is not Level.OK
        assert finding.do
    assert checks.judge_clock(0).do == ""


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
def test_a_stack_is_well_when_its_last_change_went_through(status: str, level: Level) -> None:
    assert checks.judge_stack(status, "123456789012", "us-east-1").level is level


@pytest.mark.parametrize(
    ("changes", "mode", "level", "says"),
    [
        ({}, "secure", Level.OK, "complete"),
        ({"aes_keys": ()}, "secure", Level.BROKEN, "no aes_key"),
        ({"aes_keys": ()}, "plaintext", Level.OK, "complete"),
        ({"appid": "gh_1"}, "secure", Level.WARNING, "unusual appid"),
        ({"secret": "short"}, "secure", Level.WARNING, "unusual secret"),
        ({"tokens": ("a-b",)}, "secure", Level.WARNING, "unusual token"),
        ({"tokens": ("new1", "old1")}, "secure", Level.WARNING, "rotation"),
        ({"aes_keys": ("A" * 43, "B" * 43)}, "secure", Level.WARNING, "rotation"),
    ],
)
def test_a_secret_is_judged_without_being_shown(
    changes: dict[str, Any], mode: str, level: Level, says: str
) -> None:
    finding = checks.judge_secret(replace(SECRETS, **changes), MessageMode(mode))

    assert finding.level is level
    assert says in finding.says
    assert "short" not in finding.says + finding.do


def test_wechat_that_lets_in_says_whom() -> None:
    assert checks.judge_wechat({"x": FULL}, None).level is Level.OK
    assert "1.2.3.4" in checks.judge_wechat({"x": FULL}, "1.2.3.4").says


def test_an_address_that_is_not_on_the_list_is_shown_with_what_to_do() -> None:
    finding = checks.judge_wechat({"x": REFUSED, "y": FULL}, None)

    assert (finding.level, finding.says) == (Level.BROKEN, "not on the list: 1.2.3.4")
    assert "IP allow-list" in finding.do
    other = checks.judge_wechat({"x": REFUSED | {"errcode": 40125}}, None)
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
def test_a_quota_under_a_tenth_is_a_warning_and_none_is_broken(used: int, level: Level) -> None:
    [finding] = checks.judge_quotas(
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
def test_only_the_bare_echo_is_an_answer(status: int, body: str, level: Level) -> None:
    assert checks.judge_callback(status, body, "e1").level is level


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
def test_a_sync_is_judged_by_its_age_and_its_end(run: SyncRun | None, level: Level) -> None:
    assert checks.judge_sync(run, NOW_S).level is level


@pytest.mark.parametrize(
    ("name", "messages", "level"),
    [
        ("PushQueue", 0, Level.OK),
        ("PushQueue", 3, Level.WARNING),
        ("PushDeadLetters", 0, Level.OK),
        ("PushDeadLetters", 1, Level.BROKEN),
    ],
)
def test_dead_letters_are_broken_a_backlog_is_a_warning(
    name: str, messages: int, level: Level
) -> None:
    assert checks.judge_queue(name, messages).level is level


def test_a_schedule_that_is_off_is_broken() -> None:
    assert checks.judge_schedule("s", "ENABLED", "rate(1 minute)").level is Level.OK
    assert checks.judge_schedule("s", "DISABLED", "rate(1 minute)").level is Level.BROKEN


@pytest.mark.parametrize(
    ("confirmed", "pending", "level"),
    [(1, 0, Level.OK), (1, 1, Level.OK), (0, 1, Level.WARNING), (0, 0, Level.WARNING)],
)
def test_alarms_must_reach_somebody(confirmed: int, pending: int, level: Level) -> None:
    assert checks.judge_alarms(confirmed, pending).level is level


@pytest.mark.parametrize(
    ("ahead_s", "level", "says"),
    [(0, Level.OK, "agrees"), (-30, Level.OK, "agrees"), (31, Level.WARNING, "31 s ahead of"),
     (-31, Level.WARNING, "31 s behind")],
)  # fmt: skip
def test_a_clock_may_be_half_a_minute_off(ahead_s: float, level: Level, says: str) -> None:
    finding = checks.judge_clock(ahead_s)

    assert finding.level is level
    assert says in finding.says
