"""``wxlive rooms``: the rooms that were seen, and the choice of one."""

from dataclasses import asdict

import pytest

from factories import CAMPAIGN, DAY, NOW_S, a_chunk, a_room
from support.cli import Operator
from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.rooms import Choice
from wxlive.stores.rooms import Asked

TONIGHT = a_room(1001, name="冬季[red]新品", status=102, starts_at=NOW_S + 1800)
TOMORROW = a_room(1002, status=102, starts_at=NOW_S + 86_400)
ENDED = a_room(7, status=103, starts_at=NOW_S - 9000)


@pytest.fixture
def with_rooms(operator: Operator) -> Operator:
    operator.rooms.rows = {room.room_id: room for room in (TONIGHT, TOMORROW, ENDED)}
    return operator


def test_rooms_are_listed_by_start_with_the_choice(with_rooms: Operator) -> None:
    with_rooms.rooms.chosen_rooms[DAY] = Choice(1001, NOW_S)
    with_rooms.rooms.last_asked = Asked(NOW_S - 60)

    facts = with_rooms.json("rooms")

    assert [room["room_id"] for room in facts["rooms"]] == [1002, 1001, 7]
    assert (facts["day"], facts["chosen"], facts["asked_at"]) == (DAY, 1001, NOW_S - 60)
    shown = with_rooms.run("rooms")
    assert "As of 2026-11-22 19:29:00 UTC+8." in shown.stderr
    assert "chosen" in shown.stdout
    assert "冬季[red]新品" in shown.stdout
    assert with_rooms.run("rooms", "list").stdout == shown.stdout


def test_before_live_watch_has_asked_no_room_is_known(operator: Operator) -> None:
    assert operator.json("rooms")["rooms"] == []
    assert "live_watch has not asked WeChat yet" in operator.run("rooms").stderr


def test_a_room_is_chosen_for_the_day_of_its_planned_start(with_rooms: Operator) -> None:
    assert with_rooms.json("rooms", "choose", "1001") == {
        "room_id": 1001,
        "day": DAY,
        "audience": {"rooms": [], "since": 0, "before": 0, "exceptions": "", "room_status": 0},
    }
    assert with_rooms.json("rooms", "choose", "1002")["day"] == "2026-11-23"
    assert with_rooms.json("rooms", "choose", "1002", "--day", "2026-11-24")["day"] == "2026-11-24"

    assert with_rooms.rooms.chosen_rooms[DAY] == Choice(1001, NOW_S)


@pytest.mark.parametrize("starts_at", [0, NOW_S - 3 * 86_400])
def test_a_room_whose_start_is_past_or_unknown_is_chosen_for_today(
    operator: Operator, starts_at: int
) -> None:
    operator.rooms.rows[8] = a_room(8, status=102, starts_at=starts_at)

    assert operator.json("rooms", "choose", "8")["day"] == DAY


def test_a_choice_is_removed(with_rooms: Operator) -> None:
    with_rooms.json("rooms", "choose", "1001")

    assert with_rooms.json("rooms", "unchoose") == {"chosen": None, "day": DAY}
    assert with_rooms.rooms.chosen_rooms == {}


def test_a_room_that_is_unknown_or_has_ended_is_not_chosen(with_rooms: Operator) -> None:
    assert "Room 1 is not known" in with_rooms.refusal("rooms", "choose", "1")
    assert "Room 7 is ended (103)" in with_rooms.refusal("rooms", "choose", "7")


def test_a_choice_that_nothing_would_push_is_refused(with_rooms: Operator) -> None:
    assert "2026-11-21 is past" in with_rooms.refusal(
        "rooms", "choose", "1001", "--day", "2026-11-21"
    )
    with_rooms.parameters["AutoPush"] = "off"
    assert "AutoPush is off" in with_rooms.refusal("rooms", "choose", "1001")
    assert with_rooms.rooms.chosen_rooms == {}


def test_rooms_that_only_a_push_has_seen_are_not_called_unknown(with_rooms: Operator) -> None:
    assert "As the last push saw them" in with_rooms.run("rooms").stderr


def test_a_day_that_a_room_has_at_wechat_takes_no_choice(with_rooms: Operator) -> None:
    with_rooms.campaign(a_chunk(1, ChunkState.ACCEPTED), room_id=7)
    with_rooms.days.holders[DAY] = (7, CAMPAIGN)

    refusal = with_rooms.refusal("rooms", "choose", "1001")

    assert f"Room 7 already has {DAY}" in refusal
    assert with_rooms.rooms.chosen_rooms == {}
    assert with_rooms.json("rooms", "choose", "1001", "--day", "2026-11-24")["room_id"] == 1001


def test_a_campaign_that_notified_nobody_leaves_its_day_to_another_room(
    with_rooms: Operator,
) -> None:
    with_rooms.campaign(a_chunk(1, ChunkState.REFUSED), state=CampaignState.FAILED, room_id=7)
    with_rooms.days.holders[DAY] = (7, CAMPAIGN)

    assert with_rooms.json("rooms", "choose", "1001")["day"] == DAY


def test_a_room_is_chosen_for_a_part_of_the_followers(with_rooms: Operator) -> None:
    with_rooms.json("rooms", "choose", "1001", "--subscribed-in", "7", "--since", "2026-11-01")

    [choice] = with_rooms.rooms.chosen_rooms.values()
    assert choice.target == Audience(rooms=(7,), since=1_793_462_400)
    assert (choice.room_id, choice.push_at) == (1001, 0)


def test_a_room_is_chosen_for_nobody_by_mistake(with_rooms: Operator) -> None:
    refusal = with_rooms.refusal(
        "rooms", "choose", "1001", "--since", "2026-11-02", "--before", "2026-11-01"
    )

    assert "nobody is in such an audience" in refusal
    assert not with_rooms.rooms.chosen_rooms


def test_auto_push_has_an_audience_for_rooms_that_nobody_has_chosen(operator: Operator) -> None:
    assert operator.json("rooms", "audience")["audience"] == {**asdict(EVERYBODY), "rooms": []}

    operator.json("rooms", "audience", "--subscribed-in", "7", "--room-status", "live")

    assert operator.rooms.usual == Audience(rooms=(7,), room_status=101)
    assert "subscribed in 7; whose room was live (101)" in operator.run("rooms", "audience").stdout
    operator.json("rooms", "audience", "--everybody")
    assert operator.rooms.usual == EVERYBODY


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--everybody", "--subscribed-in", "7"), "contradicts"),
        (("--except-file", __file__), "is kept for 90 days"),
        (("--room-status", "open"), "is not one of"),
    ],
)
def test_an_audience_that_auto_push_cannot_have_is_refused(
    operator: Operator, words: tuple[str, ...], says: str
) -> None:
    assert says in operator.refusal("rooms", "audience", *words)
    assert operator.rooms.usual == EVERYBODY
