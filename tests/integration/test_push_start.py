"""push_start: who may start, what is claimed, how the audience is planned and held."""

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from wxlive.campaigns import CLAIM_STALE_S, Campaign, CampaignState, Chunk, ChunkState
from wxlive.errors import Refused, WxliveError
from wxlive.followers import Audience, Status
from wxlive.sync_runs import RunState, SyncRun
from wxlive.telemetry import Metric
from wxlive_local.simulator import LIVE, LIVE_INFO, PUSH, QUOTA_GET, Kind, Rule
from wxlive_push_start import handler
from wxlive_push_start.control import (
    accept_unknown,
    cancel,
    pause,
    resend_unknown,
    resume,
)
from wxlive_push_start.handler import act
from wxlive_push_start.plan import RESERVE_S, Planning, plan
from wxlive_push_start.start import rehearse, start

if TYPE_CHECKING:
    from tests.integration.conftest import Deployment, World

NOW_S = 1_795_347_000
"""When the world's clock begins."""

ROOM, OTHER_ROOM, DAY = 1001, 2002, "2026-11-22"
AUDIENCE = [f"o{n}" for n in range(5)]


def refusal(world: "World", room: int = ROOM, **changes: Any) -> str:
    with pytest.raises(Refused) as error:
        start(room, world.start_parts(**changes))
    return str(error.value)


def planned(world: "World") -> Campaign:
    """A campaign for everybody of the audience, planned to its end."""
    world.know(*AUDIENCE)
    campaign = start(ROOM, world.start_parts())["campaign"]
    assert plan(campaign, world.start_parts()) is Planning.DONE
    return found(world, campaign)


def found(world: "World", campaign: str) -> Campaign:
    kept = world.campaigns.get(campaign)
    assert kept is not None
    return kept


def in_chunks(world: "World", campaign: str) -> list[list[str]]:
    return [
        world.campaigns.openids(campaign, chunk.number)
        for chunk in world.campaigns.chunks(campaign)
    ]


def everybody_in(world: "World", campaign: str) -> list[str]:
    return sorted(openid for chunk in in_chunks(world, campaign) for openid in chunk)


def finish(world: "World", campaign: str, number: int, to: ChunkState) -> None:
    """Have a chunk claimed, and its call end so."""
    chunk = world.campaigns.chunk(campaign, number)
    assert chunk is not None
    quota = world.quota.taking(DAY, world.clock())
    world.campaigns.claim(campaign, chunk, claim="c", now_s=world.clock(), quota=quota)
    if to is not ChunkState.SENDING:
        world.campaigns.finish(campaign, number, to, claim="c", message_id="1")


# ------------------------------------------------------------------ starting


def test_a_start_claims_the_day_and_hands_the_planning_on(world: "World") -> None:
    world.know(*AUDIENCE)

    report = start(ROOM, world.start_parts())

    assert (report["room_id"], report["state"], report["reason"]) == (ROOM, "planned", None)
    assert world.asked == [report["campaign"]]
    assert world.campaigns.claimed_by(DAY) == report["campaign"]
    assert world.rings == []
    assert world.calls(PUSH) == 0
    assert set(world.rooms.all()) == {ROOM}


@pytest.mark.parametrize("status", [102, 103, 104, 105, 106, 107])
def test_a_room_that_is_not_live_is_refused(world: "World", status: int) -> None:
    world.know(*AUDIENCE)
    world.wechat.set_room(ROOM, status)

    assert f"({status}), not live" in refusal(world)
    assert world.campaigns.claimed_by(DAY) is None
    assert world.asked == []


def test_an_unknown_room_is_refused(world: "World") -> None:
    assert "not among the rooms" in refusal(world, 7)


def test_without_any_room_every_room_is_unknown(world: "World") -> None:
    world.at_wechat(lambda p: p.rooms.clear())

    assert "not among the rooms" in refusal(world)


@pytest.mark.parametrize(
    ("rooms", "looks", "known"), [(49, 1, True), (51, 2, True), (249, 4, False)]
)
def test_a_room_is_looked_for_on_a_few_pages(
    *, world: "World", rooms: int, looks: int, known: bool
) -> None:
    world.know(*AUDIENCE)
    for room in range(rooms):
        world.wechat.set_room(5000 + room, 103, start_time=2**31)

    if known:
        assert start(ROOM, world.start_parts())["room_id"] == ROOM
    else:
        assert "not among the rooms" in refusal(world)
    assert world.calls(LIVE_INFO) == looks


def test_an_empty_page_of_rooms_after_a_full_one_ends_the_search(world: "World") -> None:
    for room in range(49):
        world.wechat.set_room(5000 + room, 103)

    assert "not among the rooms" in refusal(world, 7)
    assert world.calls(LIVE_INFO) == 2


def test_with_nobody_to_tell_nothing_is_started(world: "World") -> None:
    world.know("left", status=Status.UNSUBSCRIBED)

    assert "run `wxlive sync` first" in refusal(world)
    assert world.campaigns.claimed_by(DAY) is None


@pytest.mark.parametrize("errcode", [40164, 48001, -1])
def test_where_wechat_does_not_tell_the_rooms_nothing_is_started(
    world: "World", errcode: int
) -> None:
    world.know(*AUDIENCE)
    world.wechat.misbehave(Rule(LIVE_INFO, Kind.ERRCODE, errcode=errcode))

    with pytest.raises(WxliveError, match=f"errcode {errcode}"):
        start(ROOM, world.start_parts())

    assert world.campaigns.claimed_by(DAY) is None


# -------------------------------------------------------------------- quota


def test_too_few_calls_left_are_a_refusal(world: "World") -> None:
    world.know(*AUDIENCE)

    assert "5 followers take 3 calls, but only 2" in refusal(
        world, quota=world.counter("push_message", 2)
    )


def synced(world: "World", listed: int) -> None:
    run = SyncRun(run="r1", state=RunState.DONE, started_at=int(world.clock()), listed=listed)
    world.runs.open(run)


def test_after_a_sync_the_first_push_does_not_wait_for_a_count(world: "World") -> None:
    world.know(*AUDIENCE)
    synced(world, listed=len(AUDIENCE))
    world.steps.made.clear()

    start(ROOM, world.start_parts())

    assert "Scan" not in [call for call, _ in world.steps.made]


def test_where_the_calls_are_few_the_audience_is_counted_all_the_same(world: "World") -> None:
    world.know(*AUDIENCE)
    synced(world, listed=len(AUDIENCE) + 1)
    calls = -(-len(AUDIENCE) // 2)

    start(ROOM, world.start_parts(quota=world.counter("push_message", calls)))

    assert "Scan" in [call for call, _ in world.steps.made]


def test_a_sync_that_listed_nobody_proves_nothing(world: "World") -> None:
    synced(world, listed=0)

    with pytest.raises(Refused, match="No subscribed follower is known"):
        start(ROOM, world.start_parts())


@pytest.mark.parametrize(("used", "left"), [(4997, "enough"), (4998, "only 2 of today's")])
def test_what_others_have_used_of_the_day_is_learnt_from_wechat(
    world: "World", used: int, left: str
) -> None:
    world.know(*AUDIENCE)
    world.at_wechat(lambda p: p.quotas.set_used(PUSH, used))

    if left == "enough":
        start(ROOM, world.start_parts())
    else:
        assert left in refusal(world)
    assert world.quota.used(DAY) == used


def test_the_own_count_is_never_lowered_by_what_wechat_says(world: "World") -> None:
    world.know(*AUDIENCE)
    world.quota.seed(DAY, 4998, world.clock())

    assert "only 2 of today's" in refusal(world)


def test_a_quota_that_wechat_does_not_tell_stops_nobody(world: "World") -> None:
    world.know(*AUDIENCE)
    world.wechat.misbehave(Rule(QUOTA_GET, Kind.ERRCODE, errcode=76021))

    assert start(ROOM, world.start_parts())["state"] == "planned"


# --------------------------------------------------------------- one a day


def test_the_same_room_again_starts_nothing_and_shows_the_same_campaign(world: "World") -> None:
    campaign = planned(world)
    looks = world.calls(LIVE_INFO)

    again = start(ROOM, world.start_parts())

    assert (again["campaign"], again["repeated"], again["audience"]) == (campaign.campaign, True, 5)
    assert world.asked == [campaign.campaign]
    assert world.calls(LIVE_INFO) == looks


def test_another_room_is_refused_while_one_has_the_day(world: "World") -> None:
    planned(world)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    assert f"Room {ROOM} is pushed today" in refusal(world, OTHER_ROOM)


def test_the_next_day_is_another_rooms(world: "World") -> None:
    planned(world)
    world.wechat.set_room(OTHER_ROOM, LIVE)
    world.clock.now_s += 5 * 3600

    assert start(OTHER_ROOM, world.start_parts())["room_id"] == OTHER_ROOM


@pytest.mark.parametrize("room", [ROOM, OTHER_ROOM])
@pytest.mark.parametrize("ended", [CampaignState.CANCELLED, CampaignState.FAILED])
@pytest.mark.parametrize("fate", [None, ChunkState.REFUSED])
def test_a_campaign_that_ended_before_anybody_was_told_gives_the_day_up(
    world: "World", room: int, ended: CampaignState, fate: ChunkState | None
) -> None:
    old = planned(world)
    world.wechat.set_room(OTHER_ROOM, LIVE)
    if fate is not None:
        finish(world, old.campaign, 1, fate)
    world.campaigns.move(old.campaign, ended, out_of=[CampaignState.SENDING])
    world.clock.now_s += 1

    report = start(room, world.start_parts())

    assert report["campaign"] != old.campaign
    assert world.campaigns.claimed_by(DAY) == report["campaign"]


@pytest.mark.parametrize("ended", [CampaignState.CANCELLED, CampaignState.FAILED])
@pytest.mark.parametrize("fate", [ChunkState.ACCEPTED, ChunkState.UNKNOWN, ChunkState.SENDING])
def test_a_campaign_that_may_have_told_somebody_keeps_the_day(
    world: "World", ended: CampaignState, fate: ChunkState
) -> None:
    old = planned(world)
    finish(world, old.campaign, 1, fate)
    world.campaigns.move(old.campaign, ended, out_of=[CampaignState.SENDING])

    told = 2 if fate is ChunkState.ACCEPTED else 0
    assert f"{ended.value} today after {told} followers had been told" in refusal(world)
    with pytest.raises(Refused, match="one room a day"):
        start(OTHER_ROOM, world.start_parts())


def test_of_two_starts_at_once_one_is_refused(world: "World") -> None:
    world.know(*AUDIENCE)
    rival = Campaign("rival", OTHER_ROOM, DAY, CampaignState.PLANNED, 1)
    world.steps.before("TransactWriteItems", lambda: world.campaigns.open(rival))

    assert "Another push was started" in refusal(world)
    assert world.campaigns.claimed_by(DAY) == "rival"
    assert world.asked == []


# ------------------------------------------------------------------ rehearsal


def test_a_rehearsal_tells_what_it_would_take_and_leaves_nothing(world: "World") -> None:
    world.know(*AUDIENCE)

    told = rehearse(ROOM, world.start_parts(interval_ms=120_000))

    assert {
        "campaign": None,
        "dry_run": True,
        "room_id": ROOM,
        "audience": 5,
    }.items() <= told.items()
    assert (told["calls"], told["minutes"], told["quota_after"]) == (3, 6.0, 4997)
    assert set(told["chunks"].values()) == {0}
    assert world.campaigns.newest() is None
    assert world.campaigns.claimed_by(DAY) is None
    assert world.asked == []
    assert world.rings == []


@pytest.mark.parametrize(
    ("room", "words"), [(ROOM, "a room is pushed once a day"), (OTHER_ROOM, "one room a day")]
)
def test_a_rehearsal_is_refused_where_a_push_would_tell_nobody_new(
    world: "World", room: int, words: str
) -> None:
    planned(world)

    with pytest.raises(Refused, match=words):
        rehearse(room, world.start_parts())


def test_after_a_campaign_that_told_nobody_a_rehearsal_works(world: "World") -> None:
    cancel(planned(world).campaign, world.start_parts())

    assert rehearse(ROOM, world.start_parts())["audience"] == 5


# ------------------------------------------------------------------ planning


@pytest.mark.parametrize(
    ("audience", "chunk", "sizes"),
    [(5, 2, [2, 2, 1]), (4, 2, [2, 2]), (1, 2, [1]), (3, 3, [3]), (3, 1, [1, 1, 1])],
)
def test_everybody_is_planned_once_in_full_chunks_and_a_rest(
    world: "World", audience: int, chunk: int, sizes: list[int]
) -> None:
    world.know(*(f"o{n}" for n in range(audience)))
    world.know("left", status=Status.UNSUBSCRIBED)
    campaign = start(ROOM, world.start_parts())["campaign"]

    assert plan(campaign, world.start_parts(chunk=chunk)) is Planning.DONE

    chunks = in_chunks(world, campaign)
    assert [len(openids) for openids in chunks] == sizes
    assert Counter(o for openids in chunks for o in openids) == Counter(
        f"o{n}" for n in range(audience)
    )
    kept = found(world, campaign)
    assert (kept.state, kept.fully_planned) == (CampaignState.SENDING, True)
    assert (kept.audience, kept.chunks) == (audience, len(sizes))
    assert set(kept.cursors.values()) <= {o for openids in chunks for o in openids}
    assert [ring.chunk for ring in world.rings] == list(range(1, len(sizes) + 1))
    assert {ring.delay_s for ring in world.rings} == {0}


def test_an_audience_of_nobody_gives_the_day_up(world: "World") -> None:
    world.know("o1")
    campaign = start(ROOM, world.start_parts())["campaign"]
    world.know("o1", status=Status.UNSUBSCRIBED, changed_at=int(world.clock()))

    assert plan(campaign, world.start_parts()) is Planning.DONE

    ended = found(world, campaign)
    assert (ended.state, ended.audience) == (CampaignState.FAILED, 0)
    assert "nothing was sent" in str(ended.reason)
    world.know("o2")
    world.clock.now_s += 1
    assert start(ROOM, world.start_parts())["campaign"] != campaign


def test_a_push_may_be_for_those_who_subscribed_there_and_then(world: "World") -> None:
    world.know("here", room_id=7, subscribed_at=NOW_S - 50)
    world.know("elsewhere", room_id=8, subscribed_at=NOW_S - 50)
    world.know("before", room_id=7, subscribed_at=NOW_S - 500)
    target = Audience(rooms=(7,), since=NOW_S - 100)
    rehearsed = rehearse(ROOM, world.start_parts(), target)
    assert rehearsed["audience"] == 1

    campaign = start(ROOM, world.start_parts(), target)["campaign"]
    plan(campaign, world.start_parts())

    assert in_chunks(world, campaign) == [["here"]]
    assert start(ROOM, world.start_parts(), target)["repeated"]
    with pytest.raises(Refused, match="to another audience"):
        start(ROOM, world.start_parts())


def test_a_plan_that_is_out_of_time_goes_on_where_it_stopped(world: "World") -> None:
    world.know(*AUDIENCE)
    campaign = start(ROOM, world.start_parts())["campaign"]
    times = iter([RESERVE_S, RESERVE_S - 1])

    ended = plan(campaign, world.start_parts(remaining_s=lambda: next(times)))

    assert ended is Planning.OUT_OF_TIME
    assert (found(world, campaign).chunks, found(world, campaign).fully_planned) == (2, False)
    assert plan(campaign, world.start_parts()) is Planning.DONE
    assert everybody_in(world, campaign) == AUDIENCE


def test_a_planner_killed_at_any_step_misses_nobody_and_plans_nobody_twice(
    world: "World",
) -> None:
    step, survived = 0, False
    while not survived:
        step += 1
        world.clear()
        world.steps.revive()
        world.know(*AUDIENCE)
        campaign = start(ROOM, world.start_parts())["campaign"]
        world.steps.revive()
        world.steps.made.clear()
        world.steps.kill_at = step
        try:
            survived = plan(campaign, world.start_parts()) is Planning.DONE
        except BaseException as death:  # noqa: BLE001 - Killed is none of Exception's
            assert type(death).__name__ == "Killed"  # noqa: PT017 - or all is void
        world.steps.revive()
        if not survived:
            plan(campaign, world.start_parts())
        assert everybody_in(world, campaign) == AUDIENCE, step
        assert found(world, campaign).fully_planned, step
        assert {ring.chunk for ring in world.rings} == {1, 2, 3}, step
    assert step > 15


def test_of_two_planners_one_gives_way_and_nobody_is_planned_twice(world: "World") -> None:
    world.know(*AUDIENCE)
    campaign = start(ROOM, world.start_parts())["campaign"]
    world.steps.before("Scan", lambda: plan(campaign, world.start_parts()))

    assert plan(campaign, world.start_parts()) is Planning.LOST

    assert everybody_in(world, campaign) == AUDIENCE
    assert found(world, campaign).audience == 5


@pytest.mark.parametrize("state", [CampaignState.CANCELLED, CampaignState.FAILED])
def test_an_ended_campaign_is_not_planned_on(world: "World", state: CampaignState) -> None:
    world.know(*AUDIENCE)
    campaign = start(ROOM, world.start_parts())["campaign"]
    world.campaigns.move(campaign, state, out_of=list(CampaignState))

    assert plan(campaign, world.start_parts()) is Planning.NOTHING_TO_DO
    assert in_chunks(world, campaign) == []


def test_a_campaign_that_ends_under_the_planner_gets_no_further_chunk(world: "World") -> None:
    world.know(*AUDIENCE)
    campaign = start(ROOM, world.start_parts())["campaign"]
    world.steps.before(
        "TransactWriteItems",
        lambda: None,
        lambda: world.campaigns.move(
            campaign, CampaignState.CANCELLED, out_of=[CampaignState.SENDING]
        ),
    )

    assert plan(campaign, world.start_parts()) is Planning.LOST
    assert len(in_chunks(world, campaign)) == 1


def test_a_planned_or_unknown_campaign_leaves_nothing_to_plan(world: "World") -> None:
    campaign = planned(world)

    assert plan(campaign.campaign, world.start_parts()) is Planning.NOTHING_TO_DO
    assert plan("unknown", world.start_parts()) is Planning.NOTHING_TO_DO


def test_a_held_campaign_is_planned_without_going_on(world: "World") -> None:
    world.know(*AUDIENCE)
    campaign = start(ROOM, world.start_parts())["campaign"]
    pause(campaign, world.start_parts())

    assert plan(campaign, world.start_parts()) is Planning.DONE
    assert found(world, campaign).state is CampaignState.PAUSED


# ------------------------------------------------------------------ control


def test_pause_holds_and_says_who_did_it(world: "World") -> None:
    campaign = planned(world).campaign

    report = pause(campaign, world.start_parts())

    assert report.state is CampaignState.PAUSED
    kept = found(world, campaign)
    assert (kept.reason, kept.held_since) == ("Paused by the operator", int(world.clock()))
    assert kept.resume_at == 0


@pytest.mark.parametrize(
    "state", [CampaignState.PAUSED, CampaignState.WAITING_LIVE, CampaignState.SENDING]
)
def test_resume_goes_on_and_rings_for_what_is_queued(world: "World", state: CampaignState) -> None:
    campaign = planned(world).campaign
    finish(world, campaign, 2, ChunkState.ACCEPTED)
    world.campaigns.move(
        campaign, state, out_of=list(CampaignState), reason="why", held_since=1, resume_at=2
    )
    world.steps.made.clear()
    world.asked.clear()

    report = resume(campaign, world.start_parts())

    kept = found(world, campaign)
    assert report.state is kept.state is CampaignState.SENDING
    assert (kept.reason, kept.held_since, kept.resume_at) == (None, 0, 0)
    assert [ring.chunk for ring in world.rings] == [1, 3]
    assert world.asked == []


def test_resume_has_an_unfinished_plan_planned_on(world: "World") -> None:
    world.know(*AUDIENCE)
    campaign = start(ROOM, world.start_parts())["campaign"]
    pause(campaign, world.start_parts())
    world.asked.clear()

    resume(campaign, world.start_parts())

    assert world.asked == [campaign]


@pytest.mark.parametrize(
    "state", [CampaignState.PLANNED, CampaignState.SENDING, CampaignState.PAUSED]
)
def test_cancel_ends_a_campaign_for_good(world: "World", state: CampaignState) -> None:
    campaign = planned(world).campaign
    finish(world, campaign, 1, ChunkState.ACCEPTED)
    world.campaigns.move(campaign, state, out_of=list(CampaignState))

    report = cancel(campaign, world.start_parts())

    assert report.state is CampaignState.CANCELLED
    assert report.campaign.reason == "Cancelled by the operator"
    assert report.chunks[ChunkState.CANCELLED] == 2
    assert report.openids[ChunkState.CANCELLED] == 3
    assert report.chunks[ChunkState.ACCEPTED] == 1
    for control in (resume, pause, cancel):
        with pytest.raises(Refused, match="has nothing left to send"):
            control(campaign, world.start_parts())


@pytest.mark.parametrize("control", [pause, resume, cancel])
def test_a_campaign_with_nothing_left_cannot_be_controlled(world: "World", control: Any) -> None:
    campaign = planned(world).campaign
    for number in (1, 2, 3):
        finish(world, campaign, number, ChunkState.ACCEPTED)

    with pytest.raises(Refused, match="is sent and has nothing left to send"):
        control(campaign, world.start_parts())
    assert found(world, campaign).state is CampaignState.SENDING


@pytest.mark.parametrize("control", [pause, resume, cancel])
def test_an_unknown_campaign_cannot_be_controlled(world: "World", control: Any) -> None:
    with pytest.raises(Refused, match="There is no campaign nobody"):
        control("nobody", world.start_parts())


@pytest.mark.parametrize(
    ("decide", "state"),
    [(resend_unknown, ChunkState.QUEUED), (accept_unknown, ChunkState.ACCEPTED)],
)
def test_the_operator_decides_what_is_done_about_unknown_chunks(
    world: "World", decide: Any, state: ChunkState
) -> None:
    campaign = planned(world).campaign
    finish(world, campaign, 1, ChunkState.UNKNOWN)
    finish(world, campaign, 2, ChunkState.ACCEPTED)
    rung = len(world.rings)

    report = decide(campaign, world.start_parts())

    assert report.chunks[ChunkState.UNKNOWN] == 0
    row = world.campaigns.chunk(campaign, 1)
    assert row is not None
    assert (row.state, "by the operator" in str(row.reason)) == (state, True)
    again = [1] if state is ChunkState.QUEUED else []
    assert [ring.chunk for ring in world.rings[rung:]] == again
    with pytest.raises(Refused, match="has no unknown chunk"):
        decide(campaign, world.start_parts())


def test_nothing_of_an_ended_campaign_is_sent_again(world: "World") -> None:
    campaign = planned(world).campaign
    finish(world, campaign, 1, ChunkState.UNKNOWN)
    cancel(campaign, world.start_parts())

    with pytest.raises(Refused, match="is cancelled; nothing more is sent of it"):
        resend_unknown(campaign, world.start_parts())
    assert accept_unknown(campaign, world.start_parts()).chunks[ChunkState.UNKNOWN] == 0


def test_an_abandoned_claim_can_be_decided_before_its_message_is_back(world: "World") -> None:
    campaign = planned(world).campaign
    world.campaigns.claim(
        campaign,
        Chunk(1, ChunkState.QUEUED, 2),
        claim="dead",
        now_s=world.clock(),
        quota=world.quota.taking("2026-11-22", world.clock()),
    )
    with pytest.raises(Refused, match="has no unknown chunk"):
        resend_unknown(campaign, world.start_parts())
    world.clock.now_s += CLAIM_STALE_S + 1

    report = resend_unknown(campaign, world.start_parts())

    assert report.chunks[ChunkState.SENDING] == report.chunks[ChunkState.UNKNOWN] == 0


# ------------------------------------------------------------------ the handler


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"action": "start"}, "room_id must be a number"),
        ({"action": "start", "room_id": "1001"}, "room_id must be a number"),
        ({"action": "start", "room_id": True}, "room_id must be a number"),
        ({"action": "start", "room_id": 1, "audience": []}, "Room 1 is not among"),
        ({"action": "start", "room_id": 1, "audience": [5]}, "audience must be like"),
        ({"action": "start", "room_id": 1, "audience": {"room": 5}}, "audience must be like"),
        ({"action": "start", "room_id": 1, "audience": {"rooms": 5}}, "audience must be like"),
        ({"action": "start", "room_id": 1, "audience": {"rooms": ["5"]}}, "audience must be"),
        ({"action": "start", "room_id": 1, "audience": {"since": -1}}, "audience must be like"),
        (
            {"action": "start", "room_id": 1, "audience": {"rooms": list(range(51))}},
            "at most 50",
        ),
        ({"action": "dance"}, "Unknown action 'dance'"),
        ({}, "Unknown action None"),
        ({"action": "pause"}, "campaign must be a campaign's id"),
        ({"action": "plan", "campaign": ""}, "campaign must be a campaign's id"),
        ({"action": "cancel", "campaign": 7}, "campaign must be a campaign's id"),
        ({"action": "resume", "campaign": "nobody"}, "There is no campaign nobody"),
    ],
)
def test_a_senseless_wish_is_refused(world: "World", event: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        act(event, world.start_parts())


def test_an_audience_reaches_its_campaign(world: "World") -> None:
    world.know("o1", room_id=7, subscribed_at=60)
    audience = {"rooms": [9, 7, 7], "since": 50, "before": 70}

    report = act({"action": "start", "room_id": ROOM, "audience": audience}, world.start_parts())

    assert found(world, report["campaign"]).target == Audience((7, 9), 50, 70)


def test_each_action_reaches_its_campaign(world: "World") -> None:
    world.know(*AUDIENCE)
    parts = world.start_parts()

    assert act({"action": "start", "room_id": ROOM, "dry_run": True}, parts)["dry_run"]
    campaign = act({"action": "start", "room_id": ROOM}, parts)["campaign"]
    wish = {"campaign": campaign}
    hurried = replace(parts, remaining_s=lambda: 0.0)
    assert act(wish | {"action": "plan"}, hurried) == wish | {"planning": "out_of_time"}
    assert world.asked == [campaign, campaign]
    assert act(wish | {"action": "plan"}, parts) == wish | {"planning": "done"}
    assert act(wish | {"action": "pause"}, parts)["state"] == "paused"
    assert act(wish | {"action": "resume"}, parts)["state"] == "sending"
    assert act(wish | {"action": "cancel"}, parts)["state"] == "cancelled"


def test_the_deployed_handler_starts_and_has_itself_plan(deployment: "Deployment") -> None:
    context: Any = deployment.context
    world = deployment.world
    world.know(*AUDIENCE)

    report = handler.lambda_handler(deployment.event("push_start/start.json"), context)

    wish = {"action": "plan", "campaign": report["campaign"]}
    assert deployment.lambda_.invoked == [("wxlive-me", wish)]
    assert handler.lambda_handler(wish, context)["planning"] == "done"
    assert [ring.chunk for ring in world.rings] == [1, 2, 3]


def test_a_plan_without_time_has_itself_invoked_again(deployment: "Deployment") -> None:
    context: Any = deployment.context
    deployment.world.know(*AUDIENCE)
    handler.lambda_handler(deployment.event("push_start/start.json"), context)
    [(_, wish)] = deployment.lambda_.invoked
    deployment.context.remaining_ms = 1000

    assert handler.lambda_handler(wish, context)["planning"] == "out_of_time"
    assert deployment.lambda_.invoked == [("wxlive-me", wish)] * 2


def test_the_deployed_handler_answers_a_refusal_in_a_sentence(
    deployment: "Deployment", capsys: pytest.CaptureFixture[str]
) -> None:
    context: Any = deployment.context
    deployment.world.wechat.misbehave(Rule(LIVE_INFO, Kind.ERRCODE, errcode=40164))

    answer = handler.lambda_handler(deployment.event("push_start/start.json"), context)

    assert list(answer) == ["refused"]
    assert "allow-list" in answer["refused"]
    assert "errcode 40164, rid " in answer["refused"]
    line, counted = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["message"], line["errcode"]) == ("push refused", 40164)
    assert Metric.ACCESS_REFUSED in counted


def test_without_its_secret_nothing_is_started(deployment: "Deployment") -> None:
    context: Any = deployment.context
    deployment.delete_secret()

    assert "can't be read" in handler.lambda_handler({"action": "start"}, context)["refused"]
