"""One poll: which room it has pushed, which hold it ends, which campaign it gives up."""

from typing import Any

import pytest

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_campaign, a_room
from support.doubles import CountingTelemetry
from support.watcher import ROOM_WAIT_LIMIT_S, Watcher
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.rooms import Choice, RoomStatus
from wxlive.errors import QuotaUsedUp
from wxlive.telemetry import Metric
from wxlive_live_watch.poll import OVERDUE_S, plan_push

TOMORROW = "2026-11-23"
TO_MIDNIGHT_S = 1_795_363_200 - NOW_S
WAITING: dict[str, Any] = {
    "state": CampaignState.WAITING_LIVE,
    "hold_kind": HoldKind.ROOM,
    "hold_id": "h-1",
}
PAUSED: dict[str, Any] = {
    "state": CampaignState.PAUSED,
    "hold_kind": HoldKind.OPERATOR,
    "hold_id": "h-1",
}


@pytest.fixture
def watcher() -> Watcher:
    return Watcher(CountingTelemetry())


def pushed(watcher: Watcher) -> list[int]:
    """Poll; return the rooms that push_start was invoked for, by itself."""
    starts = [event for event in watcher.poll() if event["action"] == "start"]
    assert all(event["automatic"] for event in starts)
    return [event["room_id"] for event in starts]


# ---------------------------------------------------------------- pushing


def test_a_room_that_opens_is_pushed_on_each_poll_until_there_is_a_campaign(
    watcher: Watcher,
) -> None:
    watcher.lists()
    assert pushed(watcher) == pushed(watcher) == [ROOM]
    watcher.put()
    assert watcher.poll() == []


def test_a_push_is_asked_for_by_the_same_command_for_as_long_as_its_room_is_live(
    watcher: Watcher,
) -> None:
    """So an invocation that Lambda retries later cannot start a second campaign."""
    watcher.lists()
    commands = [watcher.poll()[0]["command"] for _ in range(3)]
    assert commands == [f"auto#{ROOM}#{NOW_S + 60}"] * 3
    watcher.lists(status=RoomStatus.PAUSED)
    watcher.poll(900)
    watcher.lists()
    assert watcher.poll(900)[0]["command"] not in commands


def test_a_planned_push_is_asked_for_by_the_command_of_its_plan(watcher: Watcher) -> None:
    watcher.rooms.chosen_rooms[DAY] = Choice(ROOM, NOW_S, NOW_S)
    watcher.lists()
    assert watcher.poll()[0]["command"] == f"planned#{ROOM}#{NOW_S}"


def test_once_the_campaign_has_finished_the_next_days_room_is_pushed(watcher: Watcher) -> None:
    watcher.put(room_id=7, finished=True)
    watcher.clock.now_s += TO_MIDNIGHT_S
    watcher.lists()
    assert pushed(watcher) == [ROOM]


def test_a_room_that_flickers_after_midnight_is_not_pushed_again(watcher: Watcher) -> None:
    """Everybody would be notified twice."""
    watcher.put(finished=True)
    watcher.lists()
    watcher.poll(TO_MIDNIGHT_S - 60)
    watcher.lists(status=RoomStatus.PAUSED)
    watcher.poll(900)
    watcher.lists()
    assert watcher.poll(900) == []
    assert watcher.rooms.rows[ROOM].live_since > NOW_S + TO_MIDNIGHT_S


def test_a_campaign_of_another_audience_keeps_its_room_from_being_pushed_as_well(
    watcher: Watcher,
) -> None:
    """A start by itself would leave out those whom it has notified; the operator may want more."""
    watcher.put(finished=True)
    watcher.lists()
    assert watcher.poll() == []


def test_a_later_plan_pushes_a_room_that_was_pushed_before(watcher: Watcher) -> None:
    watcher.put(finished=True)
    watcher.lists()
    watcher.rooms.chosen_rooms[DAY] = Choice(ROOM, NOW_S, NOW_S + 30)
    assert pushed(watcher) == [ROOM]


def test_an_earlier_plan_is_carried_out_by_the_campaign_that_followed_it(watcher: Watcher) -> None:
    watcher.put(finished=True)
    watcher.lists()
    watcher.rooms.chosen_rooms[DAY] = Choice(ROOM, NOW_S, NOW_S)
    assert watcher.poll() == []


def test_a_plan_that_lambda_delivers_after_midnight_is_one_of_its_own_day(
    watcher: Watcher,
) -> None:
    watcher.clock.now_s += TO_MIDNIGHT_S + 30
    plan_push(ROOM, NOW_S + TO_MIDNIGHT_S - 30, watcher.deps)
    planned_at = NOW_S + TO_MIDNIGHT_S - 30
    assert watcher.rooms.chosen_rooms == {DAY: Choice(ROOM, planned_at, planned_at)}


def test_a_schedule_of_the_version_before_takes_the_place_of_a_choice_and_not_of_a_plan(
    watcher: Watcher,
) -> None:
    watcher.rooms.chosen_rooms[DAY] = Choice(7, NOW_S)
    plan_push(ROOM, NOW_S, watcher.deps)
    planned = Choice(ROOM, NOW_S, NOW_S)
    assert watcher.rooms.chosen_rooms[DAY] == planned
    plan_push(7, NOW_S, watcher.deps)
    assert watcher.rooms.chosen_rooms[DAY] == planned


def test_a_planned_push_waits_for_its_time_whether_auto_push_is_on_or_off(
    watcher: Watcher,
) -> None:
    watcher.rooms.chosen_rooms[DAY] = Choice(ROOM, NOW_S, NOW_S + 90)
    watcher.lists()
    assert watcher.poll() == []
    watcher.auto_push = False
    assert pushed(watcher) == [ROOM]


def test_a_plan_of_a_day_that_is_past_is_not_carried_out(watcher: Watcher) -> None:
    watcher.auto_push = False
    watcher.rooms.chosen_rooms[DAY] = Choice(ROOM, NOW_S, NOW_S + 30)
    watcher.lists()
    assert watcher.poll(TO_MIDNIGHT_S) == []


def test_a_planned_push_of_a_room_that_is_live_for_hours_asks_each_minute_and_is_not_overdue(
    watcher: Watcher,
) -> None:
    watcher.lists()
    watcher.auto_push = False
    watcher.poll()
    watcher.rooms.chosen_rooms[DAY] = Choice(ROOM, NOW_S, NOW_S + 7200)
    watcher.poll(7080)
    assert pushed(watcher) == [ROOM]
    assert Metric.PUSH_OVERDUE not in watcher.telemetry.counted


# ---------------------------------------------------------------- overdue


def overdue(watcher: Watcher) -> int:
    return watcher.telemetry.counted[Metric.PUSH_OVERDUE]


def test_a_room_that_is_not_pushed_although_it_is_live_is_counted_for_the_alarm(
    watcher: Watcher,
) -> None:
    watcher.lists()
    watcher.poll()
    watcher.poll(OVERDUE_S)
    assert overdue(watcher) == 0
    watcher.poll(60)
    assert overdue(watcher) == 1


def test_a_room_whose_campaign_has_failed_is_counted_and_not_pushed_again(
    watcher: Watcher,
) -> None:
    """After a campaign that notified nobody the day is silent: the operator must hear of it."""
    watcher.put(state=CampaignState.FAILED, finished=True)
    watcher.lists()
    watcher.poll()
    assert watcher.poll(OVERDUE_S + 900) == []
    assert overdue(watcher) == 1


@pytest.mark.parametrize("state", [CampaignState.SENDING, CampaignState.CANCELLED])
def test_a_room_whose_campaign_has_finished_or_was_cancelled_is_not_counted(
    watcher: Watcher, state: CampaignState
) -> None:
    watcher.put(state=state, finished=True)
    watcher.lists()
    watcher.poll()
    watcher.poll(OVERDUE_S + 900)
    assert overdue(watcher) == 0


# ---------------------------------------------------------------- holds


def test_a_hold_for_the_room_is_ended_by_its_name_when_the_room_is_live(watcher: Watcher) -> None:
    watcher.put(**WAITING)
    watcher.lists()
    [action] = watcher.poll()
    assert action["action"] == "end_hold"
    assert (action["campaign"], action["hold"]) == (CAMPAIGN, "h-1")


@pytest.mark.parametrize("held", [WAITING, PAUSED], ids=["waiting", "paused"])
def test_a_held_campaign_whose_room_is_over_is_given_up_whoever_holds_it(
    watcher: Watcher, held: dict[str, Any]
) -> None:
    watcher.put(**held)
    watcher.lists(status=RoomStatus.ENDED)
    assert watcher.poll() == [
        {
            "action": "give_up",
            "campaign": CAMPAIGN,
            "hold": "h-1",
            "reason": f"Room {ROOM} is ended (103)",
        }
    ]


def test_the_campaign_that_lives_is_recovered_although_a_newer_one_was_started(
    watcher: Watcher,
) -> None:
    watcher.put(**WAITING)
    watcher.campaigns.rows["20261123T000100-7"] = a_campaign("20261123T000100-7", room_id=7)
    watcher.lists()
    [action] = watcher.poll()
    assert action["campaign"] == CAMPAIGN


def test_a_campaign_that_wechat_refuses_while_the_list_says_live_ends_after_the_limit(
    watcher: Watcher,
) -> None:
    """Each minute the hold is ended, and the next call is refused again."""
    watcher.put(**WAITING, not_live_since=NOW_S)
    watcher.lists()
    actions = [watcher.poll()[0]["action"] for _ in range(ROOM_WAIT_LIMIT_S // 60 + 1)]
    assert actions == ["end_hold"] * (ROOM_WAIT_LIMIT_S // 60) + ["give_up"]


def test_a_held_campaign_whose_room_was_closed_for_the_limit_is_given_up(watcher: Watcher) -> None:
    watcher.put(**PAUSED)
    watcher.lists()
    watcher.poll()
    watcher.lists(status=RoomStatus.PAUSED)
    assert watcher.poll(900) == []
    assert watcher.poll(ROOM_WAIT_LIMIT_S) == []
    assert watcher.poll(900)[0]["action"] == "give_up"


@pytest.mark.parametrize("state", [CampaignState.PLANNED, CampaignState.SENDING])
def test_a_campaign_that_is_not_held_is_left_to_push_start(
    watcher: Watcher, state: CampaignState
) -> None:
    watcher.put(state=state)
    watcher.lists(status=RoomStatus.ENDED)
    assert watcher.poll() == []


def test_a_campaign_that_has_finished_is_not_recovered(watcher: Watcher) -> None:
    watcher.put(**WAITING, finished=True)
    watcher.lists(status=RoomStatus.ENDED)
    assert watcher.poll() == []


def test_a_poll_whose_list_fails_still_recovers_from_what_is_known(watcher: Watcher) -> None:
    watcher.put(**WAITING)
    watcher.rooms.rows[ROOM] = a_room(status=RoomStatus.ENDED)
    watcher.wechat.refusal = QuotaUsedUp("used up")
    assert watcher.poll()[0]["action"] == "give_up"


# ---------------------------------------------------------------- the day's calls


@pytest.mark.parametrize(
    ("at_s", "used"), [(0, 400), (TO_MIDNIGHT_S - 5, 1), (TO_MIDNIGHT_S + 5, 1)]
)
def test_a_day_that_is_used_up_is_noted_unless_it_may_be_another_day(
    watcher: Watcher, at_s: int, used: int
) -> None:
    """WeChat's answer at 00:00:05 may still be about yesterday."""
    watcher.wechat.refusal = QuotaUsedUp("used up")
    watcher.poll(at_s)
    day = DAY if at_s < TO_MIDNIGHT_S else TOMORROW
    assert watcher.quota.used(day) == used
