"""The end of the list is not documented: every known shape of it, and what looks wrong."""

from typing import TYPE_CHECKING, Any

import pytest

from support.clients import wechat_client
from support.follower_sync import sync
from support.list_script import page, scripted
from support.world import World
from wxlive.domain.sync_runs import RunState
from wxlive_follower_sync.fetch import TRIES_A_PAGE
from wxlive_follower_sync.walk import Turn

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([page("a", "b", page_break=0)], ["none"]),
        ([page("a", "b", page_break="0")], ["none"]),
        ([page("a", "b", page_break=None)], ["none"]),
        ([page("a", "b")], ["none"]),
        ([page("a", "b", page_break=5), page(page_break=5)], ["none", 5]),
        ([page("a", page_break=5), page("b", page_break=5)], ["none", 5]),
        ([page("a", page_break="x"), page("b", page_break="y"), page()], ["none", "x", "y"]),
        ([page("a", page_break=5), page(page_break=6), page("b")], ["none", 5, 6]),
        ([page("a", "b", page_break=5), page("b", "a", page_break=6), page()], ["none", 5, 6]),
        ([page("a", "a", "b", page_break=0)], ["none"]),
        ([{"errcode": 0, "page_break": 5}, page("a", "b")], ["none", 5]),
        ([{"followers": None, "page_break": 5}, page("a", "b")], ["none", 5]),
    ],
    ids=[
        "zero", "zero as text", "null", "missing", "empty page with the same cursor",
        "same cursor on a short page", "text cursors", "empty page in the middle",
        "rows repeat", "a row twice in a page", "no rows at all", "null rows",
    ],
)  # fmt: skip
def test_every_known_shape_of_the_end_ends_the_run(
    world: World, httpserver: "HTTPServer", answers: list[dict[str, Any]], asked: list[Any]
) -> None:
    cursors = scripted(httpserver, answers)

    assert sync(world, wechat=wechat_client(world, httpserver.url_for(""))) is Turn.ENDED

    assert (world.newest_run().state, world.newest_run().listed) == (RunState.DONE, 2)
    assert cursors() == asked
    assert world.subscribed() == {"a", "b"}


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (
            [page("a", "b", "c", page_break=5), page("d", "e", "f", page_break=5)],
            "the cursor stopped moving on a full page",
        ),
        (
            [page("a", page_break=n) for n in range(1, 9)],
            "6 pages in a row had no new follower",
        ),
    ],
)
def test_a_list_that_looks_wrong_fails_the_run_and_sweeps_nobody(
    world: World, httpserver: "HTTPServer", answers: list[dict[str, Any]], why: str
) -> None:
    world.put_followers("not listed")
    scripted(httpserver, answers)
    wechat = wechat_client(world, httpserver.url_for(""))

    assert sync(world, wechat=wechat, guard_percent=100) is Turn.ENDED

    run = world.newest_run()
    assert run.state is RunState.FAILED
    assert why in str(run.reason)
    assert "not listed" in world.subscribed()


@pytest.mark.parametrize(
    "answer",
    [
        page("a", page_break=[5]),
        {"errcode": 0, "errmsg": "ok"},
        {"followers": None, "page_break": None},
        {"followers": False, "page_break": 5},
        {"followers": 0, "page_break": 5},
        {"followers": "", "page_break": 5},
        {"followers": {}, "page_break": 5},
        {"followers": {"openid": "a"}},
    ],
)
def test_an_answer_that_is_no_page_is_asked_for_again_and_then_fails_the_run(
    world: World, httpserver: "HTTPServer", answer: dict[str, Any]
) -> None:
    cursors = scripted(httpserver, [answer] * TRIES_A_PAGE)

    sync(world, wechat=wechat_client(world, httpserver.url_for("")))

    assert world.newest_run().state is RunState.FAILED
    assert len(cursors()) == TRIES_A_PAGE
    assert world.table() == {}


def test_an_answer_that_is_no_page_in_the_middle_of_the_list_is_no_end_of_it(
    world: World, httpserver: "HTTPServer"
) -> None:
    world.put_followers("z")
    no_page = {"errcode": 0, "errmsg": "ok"}
    scripted(httpserver, [page("a", page_break=5), no_page, page("z", page_break=0)])

    sync(world, wechat=wechat_client(world, httpserver.url_for("")), guard_percent=100)

    run = world.newest_run()
    assert (run.state, run.listed, run.missing) == (RunState.DONE, 2, 0)
