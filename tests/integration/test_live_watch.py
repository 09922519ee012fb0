"""live_watch: rooms are remembered, one that opens is noticed once, what waits is woken."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from wxlive.campaigns import Campaign, CampaignState
from wxlive.errors import RetryLater
from wxlive.rooms import Choice, Room
from wxlive.telemetry import Metric
from wxlive.wechat import WechatClient
from wxlive_live_watch import handler
from wxlive_live_watch.wake import PLAN_STALLED_S
from wxlive_live_watch.watch import DAY_S, OVERDUE_S, PAGES, plan_push, watch
from wxlive_live_watch.when import EARLY_S, LATE_S, PATIENCE_S, RARELY_S
from wxlive_local.simulator import LIVE, LIVE_INFO, QUOTA_GET, STABLE_TOKEN, Kind, Rule
from wxlive_push_start import start

if TYPE_CHECKING:
    from tests.integration.conftest import Deployment, World

NOW_S = 1_795_347_000
ROOM, DAY, CAMPAIGN = 1001, "2026-11-22", "20261122T193000-1001"
TROUBLE: list[dict[str, Any]] = [
    {"kind": Kind.ERRCODE, "errcode": -1},
    {"kind": Kind.ERRCODE, "errcode": 40164},
    {"kind": Kind.ERRCODE, "errcode": 45009},
    {"kind": Kind.GARBAGE},
    {"kind": Kind.DROP_BEFORE},
]


def look(world: "World", **changes: Any) -> dict[str, Any]:
    """Look once more, after so long that WeChat is asked again."""
    world.clock.now_s += RARELY_S
    return watch(world.watch_parts(**changes))


def kept(world: "World") -> Campaign:
    campaign = world.campaigns.get(CAMPAIGN)
    assert campaign is not None
    return campaign


def waiting(world: "World", state: CampaignState, **changes: Any) -> None:
    world.begin(1)
    world.campaigns.move(CAMPAIGN, state, out_of=[CampaignState.SENDING], **changes)


# -------------------------------------------------------------------- the rooms


def test_every_room_is_remembered_as_it_was_seen(world: "World") -> None:
    world.wechat.set_room(7, 102, name="tomorrow", start_time=5, end_time=6)

    seen = watch(world.watch_parts())

    assert seen["rooms"] == 2
    room = world.rooms.all()[7]
    assert (room.name, room.status, room.starts_at, room.ends_at) == ("tomorrow", 102, 5, 6)


def test_a_room_that_opens_is_noticed_once_for_each_opening(world: "World") -> None:
    went_live = []
    for status in (102, LIVE, LIVE, 105, LIVE, 103):
        world.wechat.set_room(ROOM, status)
        went_live.append(look(world)["went_live"])

    assert went_live == [[], [ROOM], [], [], [ROOM], []]
    assert world.telemetry.counted[Metric.ROOM_WENT_LIVE] == 2
    assert world.rooms.all()[ROOM].status == 103


def test_an_unchanged_room_costs_no_write(world: "World") -> None:
    look(world)
    world.steps.made.clear()

    look(world)

    assert "UpdateItem" in [call for call, _ in world.steps.made]
    assert '"room"' not in json.dumps([r for call, r in world.steps.made if call == "UpdateItem"])


def test_without_rooms_there_is_nothing_to_see(world: "World") -> None:
    world.at_wechat(lambda p: p.rooms.clear())

    assert watch(world.watch_parts()) == {
        "asked": "rarely",
        "rooms": 0,
        "went_live": [],
        "pushed": None,
        "woken": "nothing",
    }


# --------------------------------------------------------------------- auto push


def test_the_first_room_that_opens_is_pushed_where_that_is_on(world: "World") -> None:
    world.wechat.set_room(7, LIVE, start_time=NOW_S + 60)
    look(world, auto_push=True)
    world.wechat.set_room(8, LIVE, start_time=1)

    seen = look(world, auto_push=True)

    assert (seen["went_live"], seen["pushed"]) == ([8], ROOM)
    assert world.asked == [{"action": "start", "room_id": ROOM}] * 2


def test_nobody_is_pushed_where_that_is_off(world: "World") -> None:
    assert watch(world.watch_parts())["pushed"] is None
    assert world.asked == []


def test_a_day_that_is_taken_is_not_pushed_again(world: "World") -> None:
    world.begin(1)

    assert watch(world.watch_parts(auto_push=True))["pushed"] is None
    assert world.asked == []


def test_yesterdays_campaign_does_not_take_today(world: "World") -> None:
    world.begin(1)
    world.clock.now_s += 5 * 3600

    assert watch(world.watch_parts(auto_push=True))["pushed"] == ROOM


def test_a_push_is_asked_for_until_a_campaign_has_the_day(world: "World") -> None:
    for _ in range(3):
        assert watch(world.watch_parts(auto_push=True))["pushed"] == ROOM
        world.clock.now_s += 60
    world.know("a")
    start.start(ROOM, world.start_parts())

    assert watch(world.watch_parts(auto_push=True))["pushed"] is None
    assert world.asked[:3] == [{"action": "start", "room_id": ROOM}] * 3


def test_a_push_that_nobody_accepts_for_long_is_counted_for_the_alarm(world: "World") -> None:
    watch(world.watch_parts(auto_push=True))
    world.clock.now_s += OVERDUE_S
    watch(world.watch_parts(auto_push=True))
    assert Metric.PUSH_OVERDUE not in world.telemetry.counted

    world.clock.now_s += 60
    watch(world.watch_parts(auto_push=True))

    assert world.telemetry.counted[Metric.PUSH_OVERDUE] == 1


def test_a_chosen_room_is_pushed_instead_of_the_first(world: "World") -> None:
    world.rooms.choose(DAY, Choice(7, NOW_S, due=False))
    assert look(world, auto_push=True)["pushed"] is None

    world.wechat.set_room(7, LIVE)

    assert look(world, auto_push=True)["pushed"] == 7


def test_a_planned_push_waits_for_its_room_though_auto_push_is_off(world: "World") -> None:
    world.wechat.set_room(ROOM, 102, start_time=1)
    watch(world.watch_parts())
    plan_push(ROOM, world.watch_parts())
    world.clock.now_s += 60
    assert (watch(world.watch_parts())["asked"], world.asked) == ("pushing", [])

    world.wechat.set_room(ROOM, LIVE)
    world.clock.now_s += 60

    assert watch(world.watch_parts())["pushed"] == ROOM


def test_a_planned_push_whose_room_never_opens_stops_asking(world: "World") -> None:
    world.wechat.set_room(ROOM, 102, start_time=1)
    plan_push(ROOM, world.watch_parts())
    watch(world.watch_parts())
    world.clock.now_s += PATIENCE_S
    watch(world.watch_parts())
    world.clock.now_s += 60

    assert watch(world.watch_parts())["asked"] is None


# ------------------------------------------------------------------- when it asks


def test_a_room_with_a_known_start_is_noticed_within_a_minute(world: "World") -> None:
    """It opens ten minutes early, half an hour late, or never; one look a minute."""
    starts_at = NOW_S + 3600
    for room_id in (1, 2, 3):
        world.wechat.set_room(room_id, 102, start_time=starts_at)
    went_live: dict[int, float] = {}
    for _ in range(150):
        for room_id, off_s in ((1, -600), (2, 1800)):
            if world.clock() >= starts_at + off_s:
                world.wechat.set_room(room_id, LIVE)
        for room_id in watch(world.watch_parts())["went_live"]:
            went_live[room_id] = world.clock()
        world.clock.now_s += 60

    assert went_live[1] - (starts_at - 600) <= 60
    assert went_live[2] - (starts_at + 1800) <= 60
    assert 3 not in went_live
    assert world.calls(LIVE_INFO) <= 3 + (EARLY_S + LATE_S) // 60 + 60 // 15


def test_one_look_asks_for_as_many_pages_as_there_are_young_rooms(world: "World") -> None:
    for number in range(120):
        world.wechat.set_room(2000 + number, 102, start_time=NOW_S + 9 * 3600 + number)

    assert watch(world.watch_parts())["rooms"] == 121
    assert world.calls(LIVE_INFO) == 3
    assert world.counter("getliveinfo").used(DAY) == 3


def test_old_rooms_are_not_paged_through(world: "World") -> None:
    for number in range(120):
        world.wechat.set_room(2000 + number, 103, start_time=NOW_S - DAY_S - number)

    assert watch(world.watch_parts())["rooms"] == 50
    assert world.calls(LIVE_INFO) == 1


class Liar(WechatClient):
    """Pages that lie: whatever is asked for, the same full page comes, or one without an end."""

    def __init__(self, *, same: bool) -> None:
        self.same, self.calls = same, 0

    def rooms(self, start: int, limit: int) -> tuple[Room, ...]:
        self.calls += 1
        first = 0 if self.same else start
        return tuple(Room(first + n, "", 102, NOW_S + 9 * 3600, 0) for n in range(limit))


@pytest.mark.parametrize(("same", "calls", "rooms"), [(True, 2, 50), (False, PAGES, 200)])
def test_pages_that_lie_end(world: "World", calls: int, rooms: int, *, same: bool) -> None:
    liar = Liar(same=same)

    assert watch(world.watch_parts(wechat=liar))["rooms"] == rooms
    assert liar.calls == calls


def test_a_second_page_that_fails_leaves_the_first(world: "World") -> None:
    for number in range(60):
        world.wechat.set_room(2000 + number, 102, start_time=NOW_S + 9 * 3600)
    world.wechat.misbehave(Rule(LIVE_INFO, Kind.ERRCODE, errcode=-1, skip=1))

    assert watch(world.watch_parts())["rooms"] == 50


@pytest.mark.parametrize("errcode", [1, 9410000])
def test_both_ways_to_say_that_there_is_no_room_are_no_trouble(
    world: "World", errcode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    world.wechat.misbehave(Rule(LIVE_INFO, Kind.ERRCODE, errcode=errcode))

    assert watch(world.watch_parts())["rooms"] == 0
    assert "rooms not told" not in capsys.readouterr().out


def test_when_wechat_says_that_the_day_is_used_up_it_is_not_asked_again(world: "World") -> None:
    world.wechat.set_room(7, 102, start_time=NOW_S)
    world.wechat.misbehave(Rule(LIVE_INFO, Kind.ERRCODE, errcode=45009))
    watch(world.watch_parts())

    assert look(world)["asked"] is None
    assert world.calls(LIVE_INFO) == 1


@pytest.mark.parametrize(("used", "low"), [(9, 0), (10, 1)])
def test_a_quota_under_a_tenth_is_counted_for_the_alarm(
    world: "World", used: int, low: int
) -> None:
    world.counter("push_message").seed(DAY, used, NOW_S)

    watch(world.watch_parts())

    assert world.telemetry.counted[Metric.QUOTA_LOW] == low


# ------------------------------------------------------------------------ telling


def test_a_room_that_went_live_is_told_before_it_is_remembered(world: "World") -> None:
    def fail(_: Room) -> None:
        raise RetryLater("no")

    with pytest.raises(RetryLater):
        watch(world.watch_parts(tell=fail))
    look(world)

    assert [room.room_id for room in world.told] == [ROOM]
    assert world.told[0].live_since == world.clock()


def test_a_push_start_that_looks_at_the_room_leaves_since_when_it_is_live(world: "World") -> None:
    look(world)
    since = world.rooms.all()[ROOM].live_since
    world.know("a")
    start.start(ROOM, world.start_parts())

    assert world.rooms.all()[ROOM].live_since == since == world.clock()
    world.wechat.set_room(ROOM, 103)
    look(world)
    assert world.rooms.all()[ROOM].live_since == 0


# ------------------------------------------------------------------------ waking


def test_a_campaign_that_waited_for_its_room_is_resumed(world: "World") -> None:
    waiting(world, CampaignState.WAITING_LIVE, held_since=int(world.clock()))

    assert watch(world.watch_parts())["woken"] == "resume"
    assert world.asked == [{"action": "resume", "campaign": CAMPAIGN}]


@pytest.mark.parametrize("overdue_s", [0, 1])
def test_a_campaign_whose_room_stays_closed_fails_after_the_limit(
    world: "World", overdue_s: int
) -> None:
    world.wechat.set_room(ROOM, 103)
    since = int(world.clock()) - 3600 - overdue_s
    waiting(world, CampaignState.WAITING_LIVE, held_since=since)

    seen = watch(world.watch_parts())

    assert world.asked == []
    if not overdue_s:
        assert (seen["woken"], kept(world).state) == ("nothing", CampaignState.WAITING_LIVE)
        return
    assert (seen["woken"], kept(world).state) == ("give_up", CampaignState.FAILED)
    assert "RoomWaitLimitSeconds" in str(kept(world).reason)
    assert world.telemetry.counted[Metric.CAMPAIGN_FAILED] == 1


def test_a_campaign_resumed_by_hand_meanwhile_is_not_given_up(world: "World") -> None:
    world.wechat.set_room(ROOM, 103)
    waiting(world, CampaignState.WAITING_LIVE, held_since=1)
    world.steps.before(
        "UpdateItem",
        lambda: None,  # the quota's count
        lambda: world.campaigns.move(
            CAMPAIGN, CampaignState.SENDING, out_of=[CampaignState.WAITING_LIVE]
        ),
    )

    watch(world.watch_parts())

    assert kept(world).state is CampaignState.SENDING
    assert Metric.CAMPAIGN_FAILED not in world.telemetry.counted


@pytest.mark.parametrize(("early_s", "woken"), [(1, "nothing"), (0, "resume")])
def test_a_campaign_paused_for_quota_is_resumed_when_the_day_turns(
    world: "World", early_s: int, woken: str
) -> None:
    waiting(world, CampaignState.PAUSED, resume_at=int(world.clock()) + early_s)

    assert watch(world.watch_parts())["woken"] == woken


def test_a_campaign_paused_by_hand_stays_paused(world: "World") -> None:
    waiting(world, CampaignState.PAUSED)
    world.clock.now_s += 10**6

    assert watch(world.watch_parts())["woken"] == "nothing"
    assert world.asked == []


def test_a_campaign_whose_planner_died_is_planned_on(world: "World") -> None:
    campaign = Campaign("c", ROOM, DAY, CampaignState.PLANNED, int(world.clock()))
    world.campaigns.open(campaign)

    assert watch(world.watch_parts())["woken"] == "nothing"
    world.clock.now_s += PLAN_STALLED_S + 1
    assert watch(world.watch_parts())["woken"] == "plan"
    assert world.asked == [{"action": "plan", "campaign": "c"}]


# --------------------------------------------------------------- when WeChat fails


@pytest.mark.parametrize("rule", TROUBLE)
def test_a_look_that_fails_still_wakes_and_forgets_no_room(
    world: "World", rule: dict[str, Any]
) -> None:
    watch(world.watch_parts())
    waiting(world, CampaignState.PAUSED, resume_at=1)
    world.wechat.misbehave(Rule(LIVE_INFO, **rule))

    seen = watch(world.watch_parts(auto_push=True))

    assert (seen["rooms"], seen["went_live"], seen["woken"]) == (0, [], "resume")
    assert world.rooms.all()[ROOM].is_live


def test_a_used_up_counter_asks_nobody_and_still_wakes(world: "World") -> None:
    waiting(world, CampaignState.PAUSED, resume_at=1)

    counter = world.counter("getliveinfo", 1)
    counter.take(DAY, world.clock())

    assert watch(world.watch_parts(quota=counter))["woken"] == "resume"
    assert world.calls(LIVE_INFO) == 0


# ------------------------------------------------------------------- the handler


def test_the_schedules_event_is_a_look(
    deployment: "Deployment", capsys: pytest.CaptureFixture[str]
) -> None:
    context: Any = deployment.context
    deployment.configure(AUTO_PUSH="on")

    seen = handler.lambda_handler(deployment.event("live_watch/schedule.json"), context)

    assert seen == {
        "asked": "rarely",
        "rooms": 1,
        "went_live": [ROOM],
        "pushed": ROOM,
        "woken": "nothing",
    }
    wish = {"action": "start", "room_id": ROOM}
    assert deployment.lambda_.invoked == [("wxlive-push-start", wish)]
    [told] = [json.loads(event["Detail"]) for event in deployment.events.sent]
    assert (told["stack"], told["room_id"], told["auto_push"]) == ("wxlive", ROOM, True)
    shown = capsys.readouterr().out
    assert '"RoomWentLive"' in shown
    assert deployment.world.wechat.account.secret not in shown
    assert "SIM_" not in shown, "no token either"


def test_a_planned_moment_has_its_room_pushed(deployment: "Deployment") -> None:
    context: Any = deployment.context

    seen = handler.lambda_handler(deployment.event("live_watch/planned.json"), context)

    assert seen["pushed"] == ROOM
    choice = deployment.world.rooms.chosen(DAY)
    assert choice is not None
    assert choice.due


def test_an_event_that_is_not_taken_fails_the_look_so_that_it_is_sent_again(
    deployment: "Deployment",
) -> None:
    context: Any = deployment.context
    deployment.events.failing = True

    with pytest.raises(RetryLater, match="EventBridge did not take"):
        handler.lambda_handler(deployment.event("live_watch/schedule.json"), context)
    deployment.events.failing = False
    deployment.world.clock.now_s += RARELY_S
    handler.lambda_handler(deployment.event("live_watch/schedule.json"), context)

    assert len(deployment.events.sent) == 1


# ---------------------------------------------------------------------- the check


def test_the_doctor_learns_what_wechat_says_to_the_stack(deployment: "Deployment") -> None:
    context: Any = deployment.context
    deployment.world.wechat.misbehave(Rule(QUOTA_GET, Kind.ERRCODE, errcode=48001))

    told = handler.lambda_handler(deployment.event("live_watch/check.json"), context)

    assert told["now"] == deployment.world.clock()
    refused, *others = told["apis"].values()
    assert refused["errcode"] == 48001
    assert "not granted" in refused["sentence"]
    assert [other["daily_limit"] for other in others] == [5000, 100_000]


def test_a_check_asks_for_a_token_though_one_is_shared(deployment: "Deployment") -> None:
    context: Any = deployment.context
    look(deployment.world)
    before = deployment.world.calls(STABLE_TOKEN)

    handler.lambda_handler({"check": True}, context)

    assert deployment.world.calls(STABLE_TOKEN) == before + 1
