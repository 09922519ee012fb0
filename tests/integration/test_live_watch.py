"""live_watch: rooms are remembered, one that opens is noticed once, what waits is woken."""

from typing import TYPE_CHECKING, Any

import pytest

from wxlive.campaigns import Campaign, CampaignState
from wxlive.telemetry import Metric
from wxlive_live_watch import handler
from wxlive_live_watch.wake import PLAN_STALLED_S
from wxlive_live_watch.watch import watch
from wxlive_local.simulator import LIVE, LIVE_INFO, Kind, Rule

if TYPE_CHECKING:
    from tests.integration.conftest import Deployment, World

ROOM, DAY, CAMPAIGN = 1001, "2026-11-22", "20261122T193000-1001"
TROUBLE: list[dict[str, Any]] = [
    {"kind": Kind.ERRCODE, "errcode": -1},
    {"kind": Kind.ERRCODE, "errcode": 40164},
    {"kind": Kind.ERRCODE, "errcode": 45009},
    {"kind": Kind.GARBAGE},
    {"kind": Kind.DROP_BEFORE},
]


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
        went_live.append(watch(world.watch_parts())["went_live"])

    assert went_live == [[], [ROOM], [], [], [ROOM], []]
    assert world.telemetry.counted == {Metric.ROOM_WENT_LIVE: 2}
    assert world.rooms.all()[ROOM].status == 103


def test_an_unchanged_room_costs_no_write(world: "World") -> None:
    watch(world.watch_parts())
    world.steps.made.clear()

    watch(world.watch_parts())

    rooms = [
        r for call, r in world.steps.made if call == "PutItem" and r["Item"]["pk"]["S"] == "room"
    ]
    assert rooms == []


def test_without_rooms_there_is_nothing_to_see(world: "World") -> None:
    world.at_wechat(lambda p: p.rooms.clear())

    assert watch(world.watch_parts()) == {
        "rooms": 0,
        "went_live": [],
        "pushed": None,
        "woken": "nothing",
    }


# --------------------------------------------------------------------- auto push


def test_the_first_room_that_opens_is_pushed_where_that_is_on(world: "World") -> None:
    world.wechat.set_room(7, LIVE, start_time=1)

    seen = watch(world.watch_parts(auto_push=True))

    assert seen["went_live"] == [ROOM, 7]
    assert seen["pushed"] == ROOM
    assert world.asked == [{"action": "start", "room_id": ROOM}]
    assert watch(world.watch_parts(auto_push=True))["pushed"] is None
    assert len(world.asked) == 1


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

    assert seen == {"rooms": 1, "went_live": [ROOM], "pushed": ROOM, "woken": "nothing"}
    wish = {"action": "start", "room_id": ROOM}
    assert deployment.lambda_.invoked == [("wxlive-push-start", wish)]
    shown = capsys.readouterr().out
    assert '"RoomWentLive"' in shown
    assert deployment.world.wechat.account.secret not in shown
    assert "SIM_" not in shown, "no token either"
