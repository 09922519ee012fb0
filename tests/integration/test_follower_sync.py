"""follower_sync against WeChat: the table agrees with the list, whatever goes wrong on the way."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Request, Response

from wxlive.errors import Conflict, Refused
from wxlive.followers import Source, Status
from wxlive.pace import day_ends_at, day_of
from wxlive.sync_runs import LEASE_S, RunState, SyncRun
from wxlive.wechat import QUOTA_GET
from wxlive_follower_sync import handler, pages
from wxlive_follower_sync.fetch import TRIES_A_PAGE
from wxlive_follower_sync.parts import RENEW_AFTER_S, RESERVE_S
from wxlive_follower_sync.walk import Turn, confirm_sweep, open_run, work
from wxlive_local.simulator import FOLLOWERS, LIVE, STABLE_TOKEN, Kind, Rule

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer
    from tests.integration.conftest import Deployment, World

NOW_S = 1_795_347_000
"""When the world's clock begins."""

ROWS = 3
"""Rows a page in these tests."""

BEFORE_THE_FIRST_FOLLOWER = (lambda: None, lambda: None)
"""The lease and the new run are put before any follower is."""


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE_LIMIT", ROWS)


def newest(world: "World") -> SyncRun:
    run = world.runs.newest()
    assert run is not None
    return run


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.listed, run.added, run.changed, run.removed


# ------------------------------------------------------------- what it counts


def test_a_first_run_adds_everybody_that_wechat_lists(world: "World") -> None:
    openids = world.wechat.add_followers(8, room_id=7)

    assert work(world.sync_parts()) is Turn.ENDED

    run = newest(world)
    assert (run.state, counts(run), run.reason) == (RunState.DONE, (8, 8, 0, 0), None)
    assert run.calls == run.pages == world.calls(FOLLOWERS)
    assert world.subscribed() == set(openids)
    for listed in world.wechat.ask(lambda platform: list(platform.followers)):
        follower = world.table()[listed.openid]
        assert (follower.subscribed_at, follower.room_id) == (listed.subscribe_time, 7)
        assert follower.source is Source.SYNC


def test_an_unchanged_second_run_writes_no_follower(world: "World") -> None:
    world.wechat.add_followers(8)
    work(world.sync_parts())
    before = world.table()
    world.steps.made.clear()
    world.clock.now_s += 86_400

    assert work(world.sync_parts()) is Turn.ENDED

    assert world.written == []
    assert world.table() == before
    assert counts(newest(world)) == (8, 0, 0, 0)


def test_added_changed_and_removed_followers_are_counted_and_each_written_once(
    world: "World",
) -> None:
    same, changed, back, new = world.wechat.add_followers(4)
    for listed in world.wechat.ask(lambda platform: list(platform.followers)):
        if listed.openid == same:
            world.know(same, subscribed_at=listed.subscribe_time, room_status=listed.room_status)
    world.know(changed, room_id=99)
    world.know(back, status=Status.UNSUBSCRIBED)
    world.know("gone")

    work(world.sync_parts(guard_percent=50))

    run = newest(world)
    assert counts(run) == (4, 2, 1, 1)
    assert sorted(world.written) == sorted([changed, back, new, "gone"])
    assert world.subscribed() == {same, changed, back, new}
    assert world.table()["gone"].status is Status.UNSUBSCRIBED
    assert world.table()["gone"].changed_at == run.started_at


def test_an_empty_list_and_an_empty_table_make_a_run(world: "World") -> None:
    assert work(world.sync_parts()) is Turn.ENDED
    assert (newest(world).state, counts(newest(world))) == (RunState.DONE, (0, 0, 0, 0))


# ------------------------------------------------- against newer facts


def test_somebody_who_left_after_the_page_was_asked_for_stays_left(world: "World") -> None:
    left, _ = world.wechat.add_followers(2)
    world.know(left, room_id=99)
    leaves = {"status": Status.UNSUBSCRIBED, "subscribed_at": 0, "changed_at": NOW_S}
    world.steps.before("PutItem", *BEFORE_THE_FIRST_FOLLOWER, lambda: world.know(left, **leaves))

    work(world.sync_parts())

    assert world.table()[left].status is Status.UNSUBSCRIBED
    assert world.table()[left].source is Source.CALLBACK


def test_somebody_unknown_who_left_while_the_page_is_merged_stays_left(world: "World") -> None:
    [left] = world.wechat.add_followers(1)
    world.steps.before(
        "BatchExecuteStatement",
        lambda: world.know(left, status=Status.UNSUBSCRIBED, changed_at=int(world.clock())),
    )

    work(world.sync_parts())

    assert world.table()[left].status is Status.UNSUBSCRIBED
    assert counts(newest(world)) == (1, 0, 0, 0)


def test_somebody_who_came_after_the_last_page_is_not_swept(world: "World") -> None:
    world.wechat.add_followers(2)
    world.know("gone")
    world.steps.before("Scan", lambda: None, lambda: world.know("new", changed_at=NOW_S))

    work(world.sync_parts(guard_percent=50))

    assert "new" in world.subscribed()
    assert newest(world).state is RunState.DONE, "nor does the guard count them"
    assert counts(newest(world)) == (2, 2, 0, 1)


def test_somebody_who_came_between_the_scan_and_the_tombstone_is_not_swept(
    world: "World",
) -> None:
    world.know("gone", "back")
    world.steps.before(
        "PutItem",
        *BEFORE_THE_FIRST_FOLLOWER,
        lambda: world.know("back", changed_at=NOW_S + 1),
    )

    work(world.sync_parts(guard_percent=100))

    assert world.subscribed() == {"back"}
    assert newest(world).removed == 1


# --------------------------------------------------------------- the guard


@pytest.mark.parametrize(
    ("gone", "state"), [(2, RunState.DONE), (3, RunState.GUARDED), (10, RunState.GUARDED)]
)
def test_a_sweep_of_more_than_the_guards_share_removes_nobody(
    world: "World", gone: int, state: RunState
) -> None:
    world.know(*(f"o{n}" for n in range(10)))
    world.at_wechat(lambda p: p.list_followers([f"o{n}" for n in range(gone, 10)]))

    assert work(world.sync_parts(guard_percent=20)) is Turn.ENDED

    run = newest(world)
    assert run.state is state
    if state is RunState.GUARDED:
        assert len(world.subscribed()) == 10
        assert run.removed == 0
        assert f"lacks {gone} of 10 followers" in str(run.reason)
    else:
        assert run.removed == gone


def guarded(world: "World") -> SyncRun:
    """A run that would remove 3 of 10."""
    world.know(*(f"o{n}" for n in range(10)))
    world.at_wechat(lambda p: p.list_followers([f"o{n}" for n in range(3, 10)]))
    work(world.sync_parts())
    return newest(world)


def test_a_guarded_run_sweeps_when_the_operator_confirms_it(world: "World") -> None:
    run = guarded(world)
    assert f"wxlive sync --confirm-sweep {run.run}" in str(run.reason)
    asked = world.calls(FOLLOWERS)
    world.know("o0", changed_at=NOW_S + 5)
    world.clock.now_s += 3600

    assert confirm_sweep(run.run, world.sync_parts("operator")).state is RunState.OPEN
    assert work(world.sync_parts("later")) is Turn.ENDED

    assert (newest(world).state, newest(world).removed) == (RunState.DONE, 2)
    assert world.calls(FOLLOWERS) == asked, "the list is not walked again"
    assert world.subscribed() == {f"o{n}" for n in range(10)} - {"o1", "o2"}
    assert world.table()["o1"].changed_at == run.started_at


def test_only_the_newest_run_and_only_a_guarded_one_can_be_confirmed(world: "World") -> None:
    with pytest.raises(Refused, match="there is none"):
        confirm_sweep("r", world.sync_parts())
    run = guarded(world)
    with pytest.raises(Refused, match=f"the newest is {run.run}"):
        confirm_sweep("another", world.sync_parts())
    world.runs.acquire("somebody", world.clock())
    with pytest.raises(Conflict, match="at work"):
        confirm_sweep(run.run, world.sync_parts())
    world.runs.release("somebody")
    world.clock.now_s += 1
    world.at_wechat(lambda p: p.list_followers([f"o{n}" for n in range(10)]))
    work(world.sync_parts())
    with pytest.raises(Refused, match="is done; only a guarded run"):
        confirm_sweep(newest(world).run, world.sync_parts())


def test_a_confirmed_run_whose_pages_have_expired_sweeps_nobody(world: "World") -> None:
    run = guarded(world)
    world.forget(f"sync#{run.run}")

    confirm_sweep(run.run, world.sync_parts())
    work(world.sync_parts())

    assert newest(world).state is RunState.FAILED
    assert "Of 7 listed followers only 0 are still on record" in str(newest(world).reason)
    assert len(world.subscribed()) == 10


# --------------------------------------------------- killed at every step


@pytest.mark.parametrize("gently", [False, True], ids=["killed", "raising"])
def test_a_run_that_dies_at_any_step_goes_on_to_the_same_end(
    *, world: "World", gently: bool
) -> None:
    openids = world.wechat.add_followers(4)

    def begin() -> None:
        world.clear()
        world.know(openids[0], room_id=99)
        world.know(openids[1], status=Status.UNSUBSCRIBED)
        world.know("gone")
        world.steps.revive()

    step, survived, left_lease = 0, False, 0
    while not survived:
        # Odd steps come before a call; a call whose answer is lost is the killed run's case.
        step += 2 if gently and step else 1
        begin()
        world.steps.fail_at, world.steps.kill_at = (step, None) if gently else (None, step)
        try:
            work(world.sync_parts("first", guard_percent=50))
            survived = True
        except BaseException as death:  # noqa: BLE001 - Killed is none of Exception's
            assert type(death).__name__ in {"Killed", "OSError"}  # noqa: PT017 - or all is void
        world.steps.revive()
        if not survived:
            if world.runs.holder_until():
                left_lease += 1
                world.clock.now_s += LEASE_S + 1
            assert work(world.sync_parts("second", guard_percent=50)) is Turn.ENDED, step
        run = newest(world)
        assert (run.state, run.listed) == (RunState.DONE, 4), step
        # Whoever dies behind the end leaves a run that is done, and the next one is another.
        assert sum(each.removed for each in world.all_runs()) == 1, step
        # A change that a dead turn wrote can't be told from an addition any more.
        assert sum(each.added + each.changed for each in world.all_runs()) == 4, step
        assert world.subscribed() == set(openids), step
        assert set(world.table()) == {*openids, "gone"}, step
        assert world.runs.holder_until() == 0, step
    assert step > 30
    # Whoever raises gives the lease back, unless taking or giving it was what failed.
    assert left_lease <= 2 or not gently


# --------------------------------------------------------------- one worker


def test_a_second_worker_does_nothing_while_the_first_holds_the_lease(world: "World") -> None:
    world.wechat.add_followers(2)
    world.runs.acquire("somebody", world.clock())

    assert work(world.sync_parts()) is Turn.BUSY

    assert world.runs.newest() is None
    assert world.calls(FOLLOWERS) == 0
    world.clock.now_s += LEASE_S + 1
    assert work(world.sync_parts()) is Turn.ENDED


@pytest.mark.parametrize("call", [FOLLOWERS, "Scan"])
def test_a_worker_that_lost_its_lease_stops_and_the_other_goes_on(
    world: "World", call: str
) -> None:
    openids = world.wechat.add_followers(8)

    def steal() -> None:
        world.clock.now_s += LEASE_S + 1
        assert world.runs.acquire("thief", world.clock())

    world.steps.before(call, steal)

    assert work(world.sync_parts("first")) is Turn.LOST
    assert newest(world).state is RunState.OPEN
    assert world.runs.holder_until() > world.clock(), "the thief's lease is not given back"
    assert work(world.sync_parts("thief")) is Turn.ENDED
    assert (newest(world).state, newest(world).listed) == (RunState.DONE, 8)
    assert world.subscribed() == set(openids)


def test_opening_a_run_finds_the_open_one(world: "World") -> None:
    first = open_run(world.sync_parts("first"))

    assert open_run(world.sync_parts("second")) == first
    assert work(world.sync_parts("third")) is Turn.ENDED
    assert newest(world).run == first.run
    world.clock.now_s += 1
    assert open_run(world.sync_parts("fourth")).run != first.run


def test_a_run_that_is_just_being_opened_is_not_opened_twice(world: "World") -> None:
    world.runs.acquire("somebody", world.clock())

    with pytest.raises(Conflict, match="just beginning"):
        open_run(world.sync_parts())


# -------------------------------------------------------------------- time


def test_a_turn_that_is_out_of_time_leaves_the_rest_to_the_next(world: "World") -> None:
    openids = world.wechat.add_followers(8)
    times = iter([900.0, RESERVE_S, RESERVE_S - 1])

    assert work(world.sync_parts(remaining_s=lambda: next(times))) is Turn.OUT_OF_TIME
    run = newest(world)
    assert (run.state, run.pages) == (RunState.OPEN, 2)
    assert run.listed < len(openids)

    assert work(world.sync_parts("second")) is Turn.ENDED
    assert counts(newest(world)) == (8, 8, 0, 0)
    assert world.subscribed() == set(openids)


def ends_after(seconds: float, world: "World") -> Callable[[], float]:
    """The time left of a turn that must come to its end after some seconds."""
    end = world.clock() + RESERVE_S + seconds
    return lambda: end - world.clock()


def test_a_sweep_that_is_out_of_time_is_gone_on_with_by_the_next_turn(world: "World") -> None:
    world.know(*(f"o{n}" for n in range(10)))
    world.at_wechat(lambda p: p.list_followers(["o9"]))
    world.steps.before("Scan", lambda: None, lambda: world.clock.sleep(RENEW_AFTER_S + 1))
    remaining_s = ends_after(RENEW_AFTER_S, world)

    first = work(world.sync_parts("first", guard_percent=100, remaining_s=remaining_s))

    assert first is Turn.OUT_OF_TIME

    assert (newest(world).state, newest(world).listed_all) == (RunState.OPEN, True)
    asked = world.calls(FOLLOWERS)
    assert work(world.sync_parts("second", guard_percent=100)) is Turn.ENDED
    assert counts(newest(world)) == (1, 0, 1, 9)
    assert world.subscribed() == {"o9"}
    assert world.calls(FOLLOWERS) == asked


def test_a_table_that_takes_longer_than_a_turn_to_read_fails_the_run(world: "World") -> None:
    world.know("o1", "o2")
    world.steps.before("Scan", lambda: world.clock.sleep(RENEW_AFTER_S + 1))
    parts = world.sync_parts(remaining_s=ends_after(RENEW_AFTER_S, world))

    assert work(parts) is Turn.ENDED

    run = newest(world)
    assert (run.state, run.removed) == (RunState.FAILED, 0)
    assert "more memory" in str(run.reason)
    assert world.subscribed() == {"o1", "o2"}


# ------------------------------------------------------------------- quota


@pytest.mark.parametrize("who", ["wechat", "our counter"])
def test_a_used_up_day_is_waited_out_and_the_next_goes_on(world: "World", who: str) -> None:
    openids = world.wechat.add_followers(8)
    changes: dict[str, Any] = {}
    if who == "wechat":
        world.wechat.misbehave(Rule(FOLLOWERS, Kind.ERRCODE, skip=1, errcode=45009))
    else:
        changes["quota"] = world.counter("get_wxa_followers", 1)

    assert work(world.sync_parts("first", **changes)) is Turn.WAITING

    run = newest(world)
    assert (run.state, run.pages) == (RunState.OPEN, 1)
    assert run.resume_at == day_ends_at(world.clock(), 8)
    assert run.reason is not None
    asked = world.calls(FOLLOWERS)
    assert work(world.sync_parts("early")) is Turn.WAITING
    assert world.calls(FOLLOWERS) == asked

    world.clock.now_s = run.resume_at
    assert work(world.sync_parts("next day")) is Turn.ENDED
    run = newest(world)
    assert (run.state, run.listed, run.resume_at, run.reason) == (RunState.DONE, 8, 0, None)
    assert world.subscribed() == set(openids)


def test_what_others_have_used_of_the_day_counts_against_the_budget(world: "World") -> None:
    world.wechat.add_followers(8)
    client = world.client()
    for _ in range(4):
        client.followers(None, ROWS)

    assert work(world.sync_parts(quota=world.counter("get_wxa_followers", 5))) is Turn.WAITING

    assert (newest(world).pages, newest(world).calls) == (1, 1)
    assert world.calls(FOLLOWERS) == 5


@pytest.mark.parametrize("ends", ["done", "failed", "out of time"])
def test_what_is_counted_of_the_day_is_what_was_asked(world: "World", ends: str) -> None:
    world.wechat.add_followers(8)
    changes: dict[str, Any] = {"quota": world.counter("get_wxa_followers", 50)}
    if ends == "failed":
        world.wechat.misbehave(Rule(FOLLOWERS, Kind.ERRCODE, skip=1, errcode=48001))
    if ends == "out of time":
        changes["remaining_s"] = iter([900.0, 900.0, 0.0]).__next__

    work(world.sync_parts(**changes))

    assert (world.calls(FOLLOWERS) > 2) == (ends == "done")
    day = day_of(world.clock(), 8)
    assert changes["quota"].used(day) == world.calls(FOLLOWERS) == newest(world).calls


def test_a_quota_that_can_not_be_learnt_is_not_waited_for(world: "World") -> None:
    world.wechat.add_followers(2)
    world.wechat.misbehave(Rule(QUOTA_GET, Kind.HTTP_500))

    assert work(world.sync_parts()) is Turn.ENDED
    assert newest(world).state is RunState.DONE


# ------------------------------------------------------------ what goes wrong


def test_a_used_up_minute_is_waited_out(world: "World") -> None:
    world.wechat.add_followers(2)
    world.clock.now_s += 12.5
    world.wechat.misbehave(Rule(FOLLOWERS, Kind.ERRCODE, errcode=45011))

    assert work(world.sync_parts()) is Turn.ENDED

    assert world.clock.slept == [47.5]
    assert newest(world).state is RunState.DONE


TROUBLE = {
    "busy": {"kind": Kind.ERRCODE, "errcode": -1},
    "garbage": {"kind": Kind.GARBAGE},
    "carried out, garbage": {"kind": Kind.GARBAGE, "processed": True},
    "500": {"kind": Kind.HTTP_500},
    "cut before": {"kind": Kind.DROP_BEFORE},
    "cut after": {"kind": Kind.DROP_AFTER},
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_trouble_that_ends_within_the_tries_is_survived(
    world: "World", trouble: dict[str, Any]
) -> None:
    openids = world.wechat.add_followers(8)
    world.wechat.misbehave(Rule(FOLLOWERS, skip=1, times=TRIES_A_PAGE - 1, **trouble))

    assert work(world.sync_parts()) is Turn.ENDED

    run = newest(world)
    assert (run.state, run.listed) == (RunState.DONE, 8)
    assert run.calls == run.pages + TRIES_A_PAGE - 1
    assert world.subscribed() == set(openids)
    assert world.clock.slept == [1, 2, 4, 8]


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_trouble_that_goes_on_fails_the_run_and_sweeps_nobody(
    world: "World", trouble: dict[str, Any]
) -> None:
    world.wechat.add_followers(8)
    world.know("not listed")
    world.wechat.misbehave(Rule(FOLLOWERS, skip=1, times=TRIES_A_PAGE, **trouble))

    assert work(world.sync_parts(guard_percent=100)) is Turn.ENDED

    run = newest(world)
    assert (run.state, run.listed, run.removed) == (RunState.FAILED, 3, 0)
    assert run.calls == 1 + TRIES_A_PAGE
    assert run.reason is not None
    assert "not listed" in world.subscribed()


@pytest.mark.parametrize("errcode", [40013, 40164, 48001, 47001, 777])
def test_what_only_a_human_can_mend_fails_the_run_at_once(world: "World", errcode: int) -> None:
    world.wechat.misbehave(Rule(FOLLOWERS, Kind.ERRCODE, errcode=errcode))

    assert work(world.sync_parts()) is Turn.ENDED

    run = newest(world)
    assert run.state is RunState.FAILED
    assert f"errcode {errcode}" in str(run.reason)
    assert "rid " in str(run.reason)
    assert world.clock.slept == []


def test_a_token_that_dies_between_two_pages_is_renewed_once(world: "World") -> None:
    world.wechat.add_followers(8)
    world.wechat.misbehave(Rule(FOLLOWERS, Kind.TOKEN_DEAD, skip=1))

    assert work(world.sync_parts()) is Turn.ENDED

    assert (newest(world).state, newest(world).listed) == (RunState.DONE, 8)
    assert world.calls(STABLE_TOKEN) == 2
    assert world.wechat.ledger()["tokens"] == {"issued": 2, "forced": 0}


# ------------------------------------------------------- odd ends of the list


def scripted(server: "HTTPServer", answers: Iterable[dict[str, Any]]) -> Callable[[], list[Any]]:
    """Serve pages one after the other; returns how to learn the cursors that were asked for."""
    asked: list[Any] = []
    left = iter(answers)

    def followers(request: Request) -> Response:
        asked.append(json.loads(request.data).get("page_break", "none"))
        return Response(json.dumps(next(left)))

    token = {"access_token": "T" * 64, "expires_in": 7200}
    server.expect_request(STABLE_TOKEN).respond_with_json(token)
    server.expect_request(FOLLOWERS).respond_with_handler(followers)
    return lambda: asked


def page(*openids: str, **more: Any) -> dict[str, Any]:
    rows = [
        {"openid": o, "subscribe_time": 1_795_340_000, "room_id": 1, "room_status": LIVE}
        for o in openids
    ]
    return {"errcode": 0, "followers": rows, **more}


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
    world: "World", httpserver: "HTTPServer", answers: list[dict[str, Any]], asked: list[Any]
) -> None:
    cursors = scripted(httpserver, answers)

    assert work(world.sync_parts(wechat=world.client(httpserver.url_for("")))) is Turn.ENDED

    assert (newest(world).state, newest(world).listed) == (RunState.DONE, 2)
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
            "6 pages in a row brought nobody new",
        ),
    ],
)
def test_a_list_that_looks_wrong_fails_the_run_and_sweeps_nobody(
    world: "World", httpserver: "HTTPServer", answers: list[dict[str, Any]], why: str
) -> None:
    world.know("not listed")
    scripted(httpserver, answers)
    parts = world.sync_parts(wechat=world.client(httpserver.url_for("")), guard_percent=100)

    assert work(parts) is Turn.ENDED

    run = newest(world)
    assert run.state is RunState.FAILED
    assert why in str(run.reason)
    assert "not listed" in world.subscribed()


@pytest.mark.parametrize(
    "answer",
    [
        page("", page_break=0),
        page("a", page_break=[5]),
        {"followers": [{"subscribe_time": 1}]},
        {"followers": ["a"]},
        {"followers": [{"openid": "a", "subscribe_time": "soon"}]},
    ],
)
def test_a_page_that_makes_no_sense_is_used_by_nobody(
    world: "World", httpserver: "HTTPServer", answer: dict[str, Any]
) -> None:
    cursors = scripted(httpserver, [answer] * TRIES_A_PAGE)

    work(world.sync_parts(wechat=world.client(httpserver.url_for(""))))

    assert newest(world).state is RunState.FAILED
    assert len(cursors()) == TRIES_A_PAGE
    assert world.table() == {}


# ----------------------------------------------------------------- the handler


def test_the_operators_start_answers_at_once_and_has_the_run_worked_on(
    deployment: "Deployment",
) -> None:
    context: Any = deployment.context
    deployment.world.wechat.add_followers(4)

    answer = handler.lambda_handler({"action": "start"}, context)

    assert answer["state"] == "open"
    assert answer["listed"] == 0
    assert deployment.lambda_.invoked == [("wxlive-me", {"action": "work"})]
    assert deployment.world.calls(FOLLOWERS) == 0
    done = handler.lambda_handler({"action": "work"}, context)
    assert (done["run"], done["turn"], done["listed"]) == (answer["run"], "ended", 4)


def test_a_second_start_joins_the_run(deployment: "Deployment") -> None:
    context: Any = deployment.context
    first = handler.lambda_handler({"action": "start"}, context)

    assert handler.lambda_handler({"action": "start"}, context)["run"] == first["run"]


def test_the_schedules_event_is_a_turn_of_work(
    deployment: "Deployment", capsys: pytest.CaptureFixture[str]
) -> None:
    context: Any = deployment.context
    deployment.world.wechat.add_followers(4)

    answer = handler.lambda_handler(deployment.event("follower_sync/schedule.json"), context)

    assert (answer["turn"], answer["state"], answer["added"]) == ("ended", "done", 4)
    assert deployment.lambda_.invoked == []
    shown = capsys.readouterr().out
    assert '"SyncDone"' in shown
    assert '"SyncCalls"' in shown
    assert deployment.world.wechat.account.secret not in shown


def test_a_turn_that_is_out_of_time_invokes_the_next_one(deployment: "Deployment") -> None:
    context: Any = deployment.context
    deployment.context.remaining_ms = (RESERVE_S - 1) * 1000

    answer = handler.lambda_handler({"action": "work"}, context)

    assert answer["turn"] == "out_of_time"
    assert deployment.lambda_.invoked == [("wxlive-me", {"action": "work"})]


def test_a_run_that_waits_is_gone_on_with_and_none_is_begun(deployment: "Deployment") -> None:
    context: Any = deployment.context
    world = deployment.world
    world.wechat.add_followers(4)
    event = deployment.event("follower_sync/continue.json")

    assert handler.lambda_handler(event, context) == {"turn": "nothing_to_do"}
    assert world.runs.newest() is None
    handler.lambda_handler({"action": "start"}, context)
    assert handler.lambda_handler(event, context)["state"] == "done"
    assert handler.lambda_handler(event, context) == {"turn": "nothing_to_do"}


def test_a_confirmed_run_is_worked_on_in_another_invocation(deployment: "Deployment") -> None:
    context: Any = deployment.context
    run = guarded(deployment.world)

    answer = handler.lambda_handler({"action": "confirm_sweep", "run": run.run}, context)

    assert (answer["run"], answer["state"]) == (run.run, "open")
    assert deployment.lambda_.invoked == [("wxlive-me", {"action": "work"})]
    refused = handler.lambda_handler({"action": "confirm_sweep"}, context)
    assert "Only the newest run can be confirmed" in refused["refused"]


def test_a_turn_that_breaks_off_says_so_in_its_run_and_the_next_one_clears_it(
    deployment: "Deployment",
) -> None:
    context: Any = deployment.context
    world = deployment.world
    world.wechat.add_followers(4)

    def break_off() -> None:
        raise OSError("no network, at some address")

    world.steps.before("Scan", break_off)

    with pytest.raises(OSError, match="no network"):
        handler.lambda_handler({"action": "work"}, context)

    run = newest(world)
    assert run.state is RunState.OPEN
    assert run.reason == "The last turn broke off (OSError); its log says why"
    assert handler.lambda_handler({"action": "work"}, context)["state"] == "done"
    assert newest(world).reason is None


def test_a_turn_that_finds_the_lease_taken_says_so(deployment: "Deployment") -> None:
    context: Any = deployment.context
    deployment.world.runs.acquire("somebody", deployment.world.clock())

    assert handler.lambda_handler({}, context) == {"turn": "busy"}
    assert "just beginning" in handler.lambda_handler({"action": "start"}, context)["refused"]


@pytest.mark.parametrize("event", [{"action": "start"}, {"action": "work"}, {}])
def test_without_its_secret_a_sync_is_refused_in_a_sentence(
    deployment: "Deployment", event: dict[str, Any]
) -> None:
    context: Any = deployment.context
    deployment.delete_secret()

    answer = handler.lambda_handler(event, context)

    assert list(answer) == ["refused"]
    assert "wxlive/wechat can't be read" in answer["refused"]
    assert deployment.lambda_.invoked == []
