"""When WeChat is asked for the rooms, how many pages, and what happens when it fails."""

from typing import Any

import pytest

from factories import DAY, NOW_S, ROOM, a_room
from support.live_watch import WAITING, poll_again, watch_deps
from support.world import World
from wxlive.stores.rooms import Asked, RoomStore
from wxlive.telemetry import Metric
from wxlive.wechat.answers import RoomPage
from wxlive.wechat.apis import ROOM_PAGES, Api
from wxlive.wechat.client import WechatClient
from wxlive_live_watch import poll as poll_module
from wxlive_live_watch.poll import DAY_S, FAILURES_ALLOWED, poll
from wxlive_live_watch.poll_policy import EARLY_S, SOON_S
from wxlive_live_watch.watch import watch
from wxlive_local.simulator import LIVE, LIVE_INFO, Fault, FaultRule

ROOMS = 3
"""Rooms in a small page."""


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll_module, "ROOMS_PER_PAGE", ROOMS)


def test_a_room_that_opens_about_when_it_is_planned_is_noticed_within_seconds(
    world: World,
) -> None:
    """The schedule runs once a minute; a run polls until the next one takes over."""
    starts_at = NOW_S + 5 * 60
    opens_at = starts_at + 100
    world.wechat.set_room(ROOM, 102, start_time=starts_at)
    pushed_at: list[float] = []

    def sleep(seconds: float) -> None:
        world.clock.sleep(seconds)
        if world.clock() >= opens_at:
            world.wechat.set_room(ROOM, LIVE)

    while not pushed_at:
        deps = watch_deps(
            world,
            auto_push=True,
            sleep=sleep,
            invoke_push_start=lambda _: pushed_at.append(world.clock()),
        )
        watch(deps)
        sleep(60 - world.clock() % 60)

    assert 0 <= pushed_at[0] - opens_at <= SOON_S
    assert world.calls(LIVE_INFO) <= 3 + (EARLY_S + 100) // SOON_S


def test_where_no_push_may_follow_a_run_polls_once(world: World) -> None:
    world.wechat.set_room(7, 102, start_time=NOW_S)

    watch(watch_deps(world))

    assert world.clock.slept == []
    assert world.calls(LIVE_INFO) == 1


def test_a_run_stops_once_a_later_one_has_begun(world: World) -> None:
    world.wechat.set_room(7, 102, start_time=NOW_S + 60)
    asked_by: list[int] = []

    def sleep(seconds: float) -> None:
        world.clock.sleep(seconds)
        if not asked_by:
            poll(watch_deps(world, auto_push=True))
        asked_by.append(world.rooms.asked().run_s)

    watch(watch_deps(world, auto_push=True, sleep=sleep))

    assert asked_by == [NOW_S + SOON_S], "and the first run has not asked since"
    assert world.calls(LIVE_INFO) == 2


def test_of_two_runs_that_wake_at_once_one_asks(world: World) -> None:
    stale = watch_deps(world).rooms.asked()
    poll(watch_deps(world))
    late = watch_deps(world, rooms=AskedBefore(world.rooms, stale))

    assert poll(late).facts["asked"] is None
    assert world.calls(LIVE_INFO) == 1


def test_a_poll_reads_as_many_pages_as_there_are_recent_rooms(
    world: World, small_pages: None
) -> None:
    for number in range(2 * ROOMS):
        world.wechat.set_room(2000 + number, 102, start_time=NOW_S + 9 * 3600 + number)

    assert poll(watch_deps(world)).facts["rooms"] == 2 * ROOMS + 1
    assert world.calls(LIVE_INFO) == 3
    assert world.quota_of(Api.GET_LIVE_INFO).used(DAY) == 3


def test_pages_of_old_rooms_are_not_read(world: World, small_pages: None) -> None:
    for number in range(2 * ROOMS):
        world.wechat.set_room(2000 + number, 103, start_time=NOW_S - DAY_S - number)

    assert poll(watch_deps(world)).facts["rooms"] == ROOMS
    assert world.calls(LIVE_INFO) == 1


class AskedBefore(RoomStore):
    """The rooms, as a run sees them that read when WeChat was asked before another run did."""

    def __init__(self, rooms: RoomStore, stale: Asked) -> None:
        super().__init__(rooms._table)
        self.stale = stale

    def asked(self) -> Asked:
        return self.stale


class EndlessPages(WechatClient):
    """A list without an end: each page is full of other rooms, or of the ``same``."""

    def __init__(self, *, same: bool) -> None:
        self.same, self.calls = same, 0

    def rooms(self, start: int, limit: int) -> RoomPage:
        self.calls += 1
        first = 0 if self.same else start
        later: dict[str, Any] = {"status": 102, "starts_at": NOW_S + 9 * 3600}
        return RoomPage(tuple(a_room(first + n, **later) for n in range(limit)))


@pytest.mark.parametrize(
    ("same", "calls", "rooms"), [(True, 2, ROOMS), (False, ROOM_PAGES, ROOM_PAGES * ROOMS)]
)
def test_a_list_without_an_end_is_not_read_for_ever(
    world: World, small_pages: None, calls: int, rooms: int, *, same: bool
) -> None:
    wechat = EndlessPages(same=same)

    assert poll(watch_deps(world, wechat=wechat)).facts["rooms"] == rooms
    assert wechat.calls == calls


def test_a_second_page_that_fails_leaves_the_first(world: World, small_pages: None) -> None:
    for number in range(ROOMS):
        world.wechat.set_room(2000 + number, 102, start_time=NOW_S + 9 * 3600)
    world.wechat.inject(FaultRule(LIVE_INFO, Fault.ERRCODE, errcode=-1, skip=1))

    assert poll(watch_deps(world)).facts["rooms"] == ROOMS


@pytest.mark.parametrize("errcode", [1, 9410000])
def test_both_ways_to_say_that_there_is_no_room_are_no_error(
    world: World, errcode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    world.wechat.inject(FaultRule(LIVE_INFO, Fault.ERRCODE, errcode=errcode))

    assert poll(watch_deps(world)).facts["rooms"] == 0
    assert "rooms not listed" not in capsys.readouterr().out


def test_when_wechat_says_that_the_day_is_used_up_it_is_not_asked_again(world: World) -> None:
    world.wechat.set_room(7, 102, start_time=NOW_S)
    world.wechat.inject(FaultRule(LIVE_INFO, Fault.ERRCODE, errcode=45009))
    poll(watch_deps(world))

    assert poll_again(world)["asked"] is None
    assert world.calls(LIVE_INFO) == 1


@pytest.mark.parametrize(("used", "low"), [(9, 0), (10, 1)])
def test_a_quota_under_a_tenth_is_counted_for_the_alarm(world: World, used: int, low: int) -> None:
    world.quota_of(Api.PUSH_MESSAGE).seed(DAY, used, NOW_S)

    poll(watch_deps(world))

    assert world.telemetry.counted[Metric.QUOTA_LOW] == low


TROUBLE: list[dict[str, Any]] = [
    {"kind": Fault.ERRCODE, "errcode": -1},
    {"kind": Fault.ERRCODE, "errcode": 40164},
    {"kind": Fault.ERRCODE, "errcode": 45009},
    {"kind": Fault.GARBAGE},
    {"kind": Fault.DROP_BEFORE},
]


@pytest.mark.parametrize("rule", TROUBLE)
def test_a_poll_that_fails_still_recovers_and_forgets_no_room(
    world: World, rule: dict[str, Any]
) -> None:
    poll(watch_deps(world))
    world.put_campaign(1, **WAITING)
    world.wechat.inject(FaultRule(LIVE_INFO, **rule))

    polled = poll(watch_deps(world, auto_push=True)).facts

    assert (polled["rooms"], polled["went_live"], polled["recovery"]) == (0, [], "end_hold")
    assert world.rooms.all()[ROOM].is_live


def test_a_poll_without_calls_left_still_recovers(world: World) -> None:
    world.rooms.save(a_room(), world.clock())
    world.put_campaign(1, **WAITING)
    counter = world.quota_of(Api.GET_LIVE_INFO, 1)
    counter.consume(DAY, world.clock(), "a call")

    assert poll(watch_deps(world, quota=counter)).facts["recovery"] == "end_hold"
    assert world.calls(LIVE_INFO) == 0


def test_that_no_calls_are_left_is_counted_for_as_long_as_nothing_is_noticed(world: World) -> None:
    counter = world.quota_of(Api.GET_LIVE_INFO, 1)
    counter.consume(DAY, world.clock(), "a call")

    for _ in range(3):
        poll(watch_deps(world, quota=counter, auto_push=True))

    assert world.telemetry.counted[Metric.QUOTA_LOW] == 3


@pytest.mark.parametrize("auto_push", [True, False])
def test_that_the_rooms_cannot_be_listed_is_counted_where_a_push_may_follow(
    world: World, *, auto_push: bool
) -> None:
    world.wechat.inject(*[FaultRule(LIVE_INFO, Fault.GARBAGE)] * FAILURES_ALLOWED)
    counted = []
    for _ in range(FAILURES_ALLOWED):
        poll_again(world, auto_push=auto_push)
        counted.append(world.telemetry.counted[Metric.PUSH_OVERDUE])
    poll(watch_deps(world, auto_push=auto_push))
    counted.append(world.telemetry.counted[Metric.PUSH_OVERDUE])

    assert counted == ([0, 0, 1, 2] if auto_push else [0] * 4), "also where WeChat is not asked"
    assert poll_again(world, auto_push=auto_push)["rooms"] == 1
    assert world.rooms.asked().failures == 0


def test_a_run_whose_clock_was_an_hour_ahead_keeps_no_later_one_from_asking(world: World) -> None:
    ahead = int(world.clock()) + 3600
    world.rooms.ask(ahead, run_s=ahead, before=Asked())

    assert poll(watch_deps(world)).facts["asked"] is not None
    assert world.rooms.asked().at == int(world.clock())
