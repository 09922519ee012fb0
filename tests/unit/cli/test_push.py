"""``wxlive push``: what it asks of push_start, what it waits for, how it exits."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from factories import CAMPAIGN, NOW_S, a_chunk, a_room
from support.cli import Operator, interrupt
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState

PUSH = ("push", "--room", "1001")
START = {
    "action": "start",
    "room_id": 1001,
    "dry_run": False,
    "audience": {"rooms": []},
    "again": False,
}
FORECAST = {
    "audience": 5,
    "calls": 3,
    "minutes": 0.1,
    "crosses_midnight": False,
    "quota_after": 4997,
}


@pytest.fixture
def pushing(operator: Operator) -> Operator:
    """An operator whose push becomes ``CAMPAIGN``."""
    operator.functions.answer = {"campaign": CAMPAIGN}
    return operator


def test_a_dry_run_shows_the_answer_of_push_start(operator: Operator) -> None:
    operator.functions.answer = {"campaign": None, **FORECAST}

    assert operator.json(*PUSH, "--dry-run") == {"campaign": None, **FORECAST}
    assert operator.executed == [START | {"dry_run": True}]
    shown = operator.run(*PUSH, "--dry-run").stdout
    assert "4,997" in shown
    assert "campaign" not in shown


def test_a_dry_run_says_that_the_push_would_cross_midnight(operator: Operator) -> None:
    operator.functions.answer = FORECAST | {"crosses_midnight": True}

    [line] = [
        line for line in operator.run(*PUSH, "--dry-run").stdout.splitlines() if "midnight" in line
    ]
    assert line.split() == ["crosses", "midnight", "yes"]


def test_a_dry_run_says_that_the_push_would_hold_at_midnight(operator: Operator) -> None:
    operator.functions.answer = FORECAST | {"crosses_midnight": True, "held_at_midnight": True}

    said = operator.run(*PUSH, "--dry-run").stderr

    assert "It would hold at midnight, because another room is chosen or planned" in said


def test_a_push_notifies_nobody_twice_unless_it_says_again(pushing: Operator) -> None:
    pushing.campaign(a_chunk(1))

    pushing.json(*PUSH)
    pushing.json(*PUSH, "--again")

    assert pushing.executed == [START, START | {"again": True}]


def test_a_push_wakes_a_sender_before_push_start_is_asked(pushing: Operator) -> None:
    pushing.campaign(a_chunk(1))
    woken_first: list[bool] = []
    invoke = pushing.functions.invoke

    def note_the_order(**request: Any) -> dict[str, Any]:
        woken_first.append(pushing.messages.sent == [("push", {"wake": True})])
        return invoke(**request)

    pushing.functions.invoke = note_the_order  # type: ignore[method-assign]  # watches it

    pushing.json(*PUSH)

    assert woken_first == [True]


@pytest.mark.parametrize(
    "refusal",
    [
        ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SendMessage"),
        EndpointConnectionError(endpoint_url="https://sqs.invalid"),
    ],
)
def test_a_push_does_not_need_the_sender_that_it_wakes(
    pushing: Operator, refusal: Exception
) -> None:
    pushing.campaign(a_chunk(1))
    pushing.messages.refusal = refusal

    pushing.json(*PUSH)

    assert pushing.executed == [START]


@pytest.mark.parametrize("options", [("--dry-run",), ("--at", "21:00")])
def test_what_starts_no_push_wakes_no_sender(pushing: Operator, options: tuple[str, ...]) -> None:
    pushing.functions.answer = FORECAST

    pushing.run(*PUSH, *options)

    assert pushing.messages.sent == []


def test_an_audience_is_named_by_rooms_and_by_beijing_time(operator: Operator) -> None:
    operator.functions.answer = FORECAST

    operator.json(
        *PUSH, "--dry-run", "--subscribed-in", "7", "--subscribed-in", "9",
        "--since", "2026-11-01", "--before", "2026-11-22T19:30",
    )  # fmt: skip

    [payload] = operator.executed
    assert payload["audience"] == {"rooms": [7, 9], "since": 1_793_462_400, "before": NOW_S}


def test_a_push_returns_once_the_audience_is_planned(pushing: Operator) -> None:
    pushing.campaign(a_chunk(1), fully_planned=False)
    meanwhile = pushing.clock.meanwhile = [
        lambda: None,
        lambda: pushing.change_campaign(fully_planned=True),
    ]

    assert pushing.json(*PUSH)["audience"] == 10
    assert meanwhile == []


def test_a_push_whose_plan_takes_long_returns_before_it_is_done(pushing: Operator) -> None:
    pushing.campaign(fully_planned=False)

    assert pushing.json(*PUSH)["state"] == "sending"
    assert 10 <= pushing.clock.now_s - NOW_S < 12


def test_a_repeated_push_names_the_campaign_on_stderr(pushing: Operator) -> None:
    pushing.campaign(a_chunk(1, ChunkState.ACCEPTED))
    pushing.functions.answer |= {"repeated": True}

    result = pushing.run(*PUSH, "--json")

    assert f"Nothing new was started: the campaign {CAMPAIGN} for room 1001" in result.stderr
    assert json.loads(result.stdout)["campaign"] == CAMPAIGN


@pytest.mark.parametrize(
    ("state", "code"),
    [(ChunkState.ACCEPTED, 0), (ChunkState.REFUSED, 1), (ChunkState.UNKNOWN, 1)],
)
def test_a_waiting_push_returns_when_everything_is_sent_and_reported(
    pushing: Operator, state: ChunkState, code: int
) -> None:
    pushing.campaign(a_chunk(1), a_chunk(2))
    meanwhile = pushing.clock.meanwhile = [
        lambda: pushing.chunk(a_chunk(1, ChunkState.ACCEPTED)),
        lambda: pushing.chunk(a_chunk(2, state)),
        lambda: pushing.result("m-1"),
        lambda: pushing.result("m-2"),
    ]

    facts = pushing.json(*PUSH, "--wait", code=code)

    assert facts["state"] == "settled"
    assert len(meanwhile) == (0 if state is ChunkState.ACCEPTED else 1)


@pytest.mark.parametrize("state", [ChunkState.QUEUED, ChunkState.ACCEPTED])
def test_a_waiting_push_returns_after_the_timeout_with_1(
    pushing: Operator, state: ChunkState
) -> None:
    pushing.campaign(a_chunk(1, state))

    pushing.json(*PUSH, "--wait", "--timeout", "30", code=1)

    assert 30 <= pushing.clock.now_s - NOW_S <= 32


@pytest.mark.parametrize("state", [ChunkState.QUEUED, ChunkState.ACCEPTED])
def test_near_its_end_a_push_is_polled_often_and_then_once_a_second(
    pushing: Operator, state: ChunkState
) -> None:
    pushing.campaign(a_chunk(1, state))

    pushing.json(*PUSH, "--wait", "--timeout", "100", code=1)

    assert set(pushing.clock.slept[:20]) == {0.25}
    assert set(pushing.clock.slept[20:]) == {1.0}


def test_a_push_with_many_calls_left_is_polled_once_a_second(pushing: Operator) -> None:
    pushing.campaign(*map(a_chunk, range(1, 4)))

    pushing.json(*PUSH, "--wait", "--timeout", "30", code=1)

    assert set(pushing.clock.slept) == {1.0}


def test_a_waiting_push_only_watches(pushing: Operator) -> None:
    """What stands still is found by the stack itself; a resume could undo a pause."""
    pushing.campaign(a_chunk(1))

    pushing.json(*PUSH, "--wait", "--timeout", "200", code=1)

    assert pushing.executed == [START]
    assert pushing.functions.invoked_async == []


def test_a_waiting_push_that_is_cancelled_returns_at_once_with_1(pushing: Operator) -> None:
    pushing.campaign(a_chunk(1))
    pushing.clock.meanwhile = [lambda: pushing.change_campaign(state=CampaignState.CANCELLED)]

    facts = pushing.json(*PUSH, "--wait", code=1)

    assert (facts["state"], facts["chunks"]["cancelled"]) == ("cancelled", 1)
    assert pushing.clock.now_s - NOW_S < 5


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.WAITING_LIVE])
def test_a_waiting_push_says_at_once_that_its_campaign_is_held(
    pushing: Operator, state: CampaignState
) -> None:
    pushing.campaign(a_chunk(1), state=state, reason="Paused by the operator")

    result = pushing.run(*PUSH, "--wait", "--timeout", "30")

    assert result.exit_code == 1
    said = [line for line in result.stderr.splitlines() if f"is {state.value} (" in line]
    assert len(said) == 2, "at once, and at the end"
    for line in said:
        assert "(Paused by the operator)" in line
        assert f"`wxlive resume {CAMPAIGN}`" in line


def test_ctrl_c_while_waiting_says_that_the_campaign_goes_on_and_how_to_stop_it(
    pushing: Operator,
) -> None:
    pushing.campaign(a_chunk(1))
    pushing.rooms.rows[1001] = a_room(name="新品")
    pushing.clock.meanwhile = [interrupt]

    result = pushing.run(*PUSH, "--wait")

    assert result.exit_code == 130
    said = result.stderr.splitlines()[-1]
    assert f"The campaign {CAMPAIGN} for room 1001 (新品) goes on" in said
    for remedy in ("watch", "pause", "cancel"):
        assert f"`wxlive {remedy} {CAMPAIGN}`" in said


def test_while_the_audience_is_counted_no_figure_is_larger_than_it(pushing: Operator) -> None:
    pushing.campaign(a_chunk(1), a_chunk(2), audience=10, fully_planned=False)

    assert pushing.json("status")["audience"] == 20
    assert "at least 20" in pushing.run("status").stdout


def test_a_push_whose_campaign_is_missing_is_refused(pushing: Operator) -> None:
    assert f"There is no campaign {CAMPAIGN}" in pushing.refusal(*PUSH)
