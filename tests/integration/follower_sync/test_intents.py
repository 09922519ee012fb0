"""One intent, one effect: what repeated, late and doubled invocations do."""

from typing import Any

import pytest

from support.deployment import Deployment
from support.follower_sync import guarded_run, sync, sync_deps
from support.world import World
from wxlive.domain.sync_runs import RunState
from wxlive.errors import InvalidCommand
from wxlive_follower_sync.commands import execute
from wxlive_follower_sync.runs import abandon, open_run
from wxlive_follower_sync.walk import Turn, work
from wxlive_local.simulator import FOLLOWERS


@pytest.mark.parametrize("action", ["work", "continue"])
def test_going_on_after_the_end_begins_nothing(world: World, action: str) -> None:
    world.wechat.add_followers(2)
    sync(world)
    world.clock.now_s += 86_400

    assert execute({"action": action}, sync_deps(world)) == {"turn": "nothing_to_do"}

    assert len(world.all_runs()) == 1
    assert world.newest_run().state is RunState.DONE


def test_a_late_poke_leaves_a_guarded_run_to_be_confirmed(world: World) -> None:
    run = guarded_run(world)

    execute({"action": "work"}, sync_deps(world))
    execute({"action": "confirm_sweep", "run": run.run}, sync_deps(world))
    execute({"action": "continue"}, sync_deps(world))

    assert (world.newest_run().run, world.newest_run().removed) == (run.run, 3)


def test_the_payload_of_version_0_1_goes_on_with_an_open_run(world: World) -> None:
    world.wechat.add_followers(2)
    open_run(sync_deps(world))

    assert execute({"action": "work"}, sync_deps(world))["state"] == "done"


def test_a_command_begins_one_run_however_often_and_late_it_arrives(world: World) -> None:
    start = {"action": "start", "command": "c1"}
    first = execute(start, sync_deps(world))
    assert execute(start, sync_deps(world))["run"] == first["run"]
    execute({"action": "continue"}, sync_deps(world))
    world.clock.now_s += 60
    second = execute({"action": "start", "command": "c2"}, sync_deps(world))
    invoked = len(world.invoked)

    assert execute(start, sync_deps(world))["state"] == "open", "it joins the open run"
    execute({"action": "continue"}, sync_deps(world))
    late = execute(start, sync_deps(world))

    assert (late["run"], late["state"]) == (first["run"], "done")
    assert [run.run for run in world.all_runs()] == [first["run"], second["run"]]
    assert len(world.invoked) == invoked + 1, "a run that has ended is not gone on with"


def test_a_schedules_event_begins_one_run_however_often_it_arrives(
    deployment: Deployment,
) -> None:
    world = deployment.world
    event = deployment.event("follower_sync/schedule.json")
    first = execute(event, sync_deps(world))
    world.clock.now_s += 60

    assert execute(event, sync_deps(world)) == {"turn": "nothing_to_do"}
    tomorrow = {**event, "time": "2026-11-23T20:00:00Z"}
    world.clock.now_s += 2 * 86_400
    assert execute(tomorrow, sync_deps(world))["run"] != first["run"]


def test_an_open_run_is_abandoned_and_its_worker_stops(world: World) -> None:
    world.wechat.add_followers(8)
    run = open_run(sync_deps(world))
    payload = {"action": "abandon", "run": run.run}
    world.steps.before(FOLLOWERS, lambda: execute(payload, sync_deps(world, "operator")))

    assert work(sync_deps(world)) is Turn.LOST

    assert world.newest_run().state is RunState.FAILED
    assert world.newest_run().reason == "Abandoned by the operator"
    again = abandon(run.run, sync_deps(world))
    assert again == world.newest_run(), "repeated, it changes nothing"
    world.clock.now_s += 1
    assert sync(world) is Turn.ENDED
    assert (world.newest_run().state, world.newest_run().listed) == (RunState.DONE, 8)


def test_only_an_open_run_can_be_abandoned(world: World) -> None:
    with pytest.raises(InvalidCommand, match="There is no run r"):
        abandon("r", sync_deps(world))
    sync(world)
    done = world.newest_run()
    with pytest.raises(InvalidCommand, match="is done; only an open run"):
        abandon(done.run, sync_deps(world))
    assert world.newest_run() == done


def test_an_unknown_action_is_refused(world: World) -> None:
    event: dict[str, Any] = {"action": "begin"}
    with pytest.raises(InvalidCommand, match="Unknown action 'begin'"):
        execute(event, sync_deps(world))


def test_the_operators_events_are_what_the_command_sends(deployment: Deployment) -> None:
    world = deployment.world
    started = execute(deployment.event("follower_sync/start.json"), sync_deps(world))
    assert started["state"] == "open"

    event = deployment.event("follower_sync/abandon.json")
    ended = execute({**event, "run": started["run"]}, sync_deps(world))

    assert (ended["run"], ended["state"]) == (started["run"], "failed")
