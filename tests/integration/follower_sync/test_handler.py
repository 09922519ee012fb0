"""The deployed handler: commands, schedules, and what becomes of a turn."""

from typing import Any

import pytest

from support.deployment import Deployment
from support.follower_sync import guarded_run
from wxlive.domain.sync_runs import RunState
from wxlive.errors import StoreBusy
from wxlive_follower_sync.dependencies import RESERVE_S
from wxlive_follower_sync.handler import lambda_handler
from wxlive_local.simulator import FOLLOWERS


def test_the_operators_start_answers_at_once_and_has_the_run_continued(
    deployment: Deployment,
) -> None:
    deployment.world.wechat.add_followers(4)

    answer = lambda_handler({"action": "start"}, deployment.context)

    assert answer["state"] == "open"
    assert answer["listed"] == 0
    assert deployment.lambda_client.invoked == [("wxlive-me", {"action": "continue"})]
    assert deployment.world.calls(FOLLOWERS) == 0
    done = lambda_handler({"action": "work"}, deployment.context)
    assert (done["run"], done["turn"], done["listed"]) == (answer["run"], "ended", 4)


def test_a_second_start_joins_the_run(deployment: Deployment) -> None:
    first = lambda_handler({"action": "start"}, deployment.context)

    assert lambda_handler({"action": "start"}, deployment.context)["run"] == first["run"]


def test_the_schedules_event_is_a_turn_of_work(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.world.wechat.add_followers(4)

    answer = lambda_handler(deployment.event("follower_sync/schedule.json"), deployment.context)

    assert (answer["turn"], answer["state"], answer["added"]) == ("ended", "done", 4)
    assert deployment.lambda_client.invoked == []
    shown = capsys.readouterr().out
    assert '"SyncDone"' in shown
    assert '"SyncCalls"' in shown
    assert deployment.world.wechat.account.secret not in shown


def test_a_turn_that_is_out_of_time_invokes_the_next_one(deployment: Deployment) -> None:
    deployment.context.remaining_ms = (RESERVE_S - 1) * 1000

    answer = lambda_handler({}, deployment.context)

    assert answer["turn"] == "out_of_time"
    assert deployment.lambda_client.invoked == [("wxlive-me", {"action": "continue"})]


def test_continuing_resumes_an_open_run_and_opens_none(deployment: Deployment) -> None:
    world = deployment.world
    world.wechat.add_followers(4)
    event = deployment.event("follower_sync/continue.json")

    assert lambda_handler(event, deployment.context) == {"turn": "nothing_to_do"}
    assert world.runs.newest() is None
    lambda_handler({"action": "start"}, deployment.context)
    assert lambda_handler(event, deployment.context)["state"] == "done"
    assert lambda_handler(event, deployment.context) == {"turn": "nothing_to_do"}


def test_a_confirmed_run_is_continued_in_another_invocation(deployment: Deployment) -> None:
    run = guarded_run(deployment.world)

    answer = lambda_handler({"action": "confirm_sweep", "run": run.run}, deployment.context)

    assert (answer["run"], answer["state"]) == (run.run, "open")
    assert deployment.lambda_client.invoked == [("wxlive-me", {"action": "continue"})]
    refused = lambda_handler({"action": "confirm_sweep"}, deployment.context)
    assert "Only the newest run can be confirmed" in refused["refused"]


def test_a_turn_that_breaks_off_says_so_in_its_run_and_the_next_one_clears_it(
    deployment: Deployment,
) -> None:
    world = deployment.world
    world.wechat.add_followers(4)

    def break_off() -> None:
        raise OSError("no network, at some address")

    world.steps.before("Scan", break_off)

    with pytest.raises(OSError, match="no network"):
        lambda_handler({}, deployment.context)

    run = world.newest_run()
    assert run.state is RunState.OPEN
    assert run.reason == "The last turn broke off (OSError); its log says why"
    assert lambda_handler({"action": "work"}, deployment.context)["state"] == "done"
    assert world.newest_run().reason is None


def test_a_turn_that_breaks_off_three_times_at_one_page_fails_the_run(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    world = deployment.world
    world.wechat.add_followers(4)

    def break_off() -> None:
        raise OSError("no network, at some address")

    world.steps.before("BatchExecuteStatement", break_off, times=3)
    lambda_handler({"action": "start"}, deployment.context)
    for _ in range(2):
        with pytest.raises(OSError, match="no network"):
            lambda_handler({"action": "continue"}, deployment.context)

    answer = lambda_handler({"action": "continue"}, deployment.context)

    assert (answer["turn"], answer["state"]) == ("ended", "failed")
    assert "3 turns broke off at one page (OSError)" in answer["reason"]
    assert '"SyncFailed"' in capsys.readouterr().out
    world.clock.now_s += 1
    assert lambda_handler({"action": "start"}, deployment.context)["run"] != answer["run"]


def test_turns_that_break_off_at_different_pages_do_not_fail_the_run(
    deployment: Deployment,
) -> None:
    world = deployment.world
    world.wechat.add_followers(12)

    def break_off() -> None:
        raise OSError("no network")

    lambda_handler({"action": "start"}, deployment.context)
    for _ in range(4):
        world.steps.before("BatchExecuteStatement", lambda: None, break_off)
        with pytest.raises(OSError, match="no network"):
            lambda_handler({"action": "continue"}, deployment.context)
        world.steps.heal()

    assert world.newest_run().state is RunState.OPEN


def test_a_busy_table_never_fails_the_run(deployment: Deployment) -> None:
    world = deployment.world
    lambda_handler({"action": "start"}, deployment.context)

    def busy() -> None:
        raise StoreBusy("throttled")

    for _ in range(4):
        world.steps.before("Scan", busy)
        with pytest.raises(StoreBusy):
            lambda_handler({"action": "continue"}, deployment.context)

    assert lambda_handler({"action": "continue"}, deployment.context)["state"] == "done"


def test_a_start_that_finds_the_lease_taken_says_so(deployment: Deployment) -> None:
    deployment.world.runs.acquire("somebody", deployment.world.clock())

    assert "just starting" in lambda_handler({"action": "start"}, deployment.context)["refused"]


@pytest.mark.parametrize("event", [{"action": "start"}, {"action": "continue"}, {}])
def test_without_its_secret_a_sync_is_refused_in_a_sentence(
    deployment: Deployment, event: dict[str, Any]
) -> None:
    deployment.delete_secret()

    answer = lambda_handler(event, deployment.context)

    assert list(answer) == ["refused"]
    assert "wxlive/wechat can't be read" in answer["refused"]
    assert deployment.lambda_client.invoked == []
