"""Rows that make no sense: left out, counted, logged short, and no end of the run."""

from typing import TYPE_CHECKING, Any

import pytest

from support.clients import wechat_client
from support.follower_sync import sync
from support.list_script import page, scripted
from support.world import World
from wxlive.domain.sync_runs import RunState
from wxlive_follower_sync import pages

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

ODD: dict[str, Any] = {
    "half a surrogate pair": {"openid": "\ud800"},
    "2049 characters": {"openid": "x" * 2049},
    "a time of 40 digits": {"openid": "odd", "subscribe_time": int("9" * 40)},
    "no object": 7,
}


@pytest.mark.parametrize("row", ODD.values(), ids=ODD)
def test_one_odd_row_is_left_out_and_the_others_are_merged(
    world: World, httpserver: "HTTPServer", row: Any, caplog: pytest.LogCaptureFixture
) -> None:
    good = page("a", "b", page_break=0)
    scripted(httpserver, [{**good, "followers": [*good["followers"], row]}])

    sync(world, wechat=wechat_client(world, httpserver.url_for("")))

    run = world.newest_run()
    assert (run.state, run.added, run.skipped_rows) == (RunState.DONE, 2, 1)
    assert world.subscribed() == {"a", "b"}
    assert "row skipped" in caplog.text


def test_a_room_without_a_number_is_no_odd_row(world: World, httpserver: "HTTPServer") -> None:
    row = {"openid": "a", "subscribe_time": 5, "room_id": None, "room_status": None}
    scripted(httpserver, [{"followers": [row], "page_break": 0}])

    sync(world, wechat=wechat_client(world, httpserver.url_for("")))

    assert (world.newest_run().skipped_rows, world.subscribed()) == (0, {"a"})


def test_nobody_is_absent_because_a_row_makes_no_sense(
    world: World, httpserver: "HTTPServer"
) -> None:
    world.put_followers("named", "garbled", subscribed_at=1_795_340_000)
    good = page("a", "b", page_break=0)
    odd = [{"openid": "named", "subscribe_time": -1}, {"openid": "garb\ufffdled"}]
    answers = [{**good, "followers": [*good["followers"], *odd]}] * 2
    scripted(httpserver, answers)

    for _ in answers:
        sync(world, wechat=wechat_client(world, httpserver.url_for("")), guard_percent=100)
        world.clock.now_s += 86_400

    run = world.newest_run()
    assert (run.state, run.missing, run.removed, run.spared) == (RunState.DONE, 0, 0, 1)


@pytest.mark.parametrize(("odd", "state"), [(10, RunState.DONE), (11, RunState.FAILED)])
def test_too_many_odd_rows_fail_the_run(
    world: World,
    httpserver: "HTTPServer",
    monkeypatch: pytest.MonkeyPatch,
    odd: int,
    state: RunState,
) -> None:
    monkeypatch.setattr(pages, "PAGE_LIMIT", 2000)
    world.put_followers("gone", subscribed_at=1)
    scripted(httpserver, [{"followers": [{"openid": "a"}, *[{}] * odd], "page_break": 0}])

    sync(world, wechat=wechat_client(world, httpserver.url_for("")), guard_percent=100)

    run = world.newest_run()
    assert (run.state, run.skipped_rows, run.missing) == (state, odd, 0)
    assert (f"{odd} rows of the list make no sense" in str(run.reason)) == (
        state is RunState.FAILED
    )
