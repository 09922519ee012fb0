"""A trial: a part of the audience is notified first, and the rest waits for its results."""

from typing import Any

import pytest

from factories import NOW_S, ROOM, a_result
from support.push_stack import PushStack
from support.push_start import AUDIENCE, start_deps
from support.world import World
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.stores.ledger import FIRST_HALF
from wxlive_local.simulator import PUSH, Fault, FaultRule
from wxlive_push_start.dependencies import FOLLOWED_S

FIRST = {"first": 2}


@pytest.fixture
def pushing(world: World) -> World:
    """A world with five followers, two of whom fit into a call."""
    world.put_followers(*AUDIENCE)
    return world


def trial_of(stack: PushStack, trial: dict[str, Any] | None = None, **facts: Any) -> str:
    """Start a push with a trial; returns the campaign."""
    campaign: str = stack.push(trial=trial or FIRST, **facts)["campaign"]
    return campaign


def reported(world: World, number: int = 1, **facts: Any) -> None:
    """Have the result of a call come, of however many openids it had."""
    chunk = world.ledger.chunk(str(world.campaigns.newest().campaign), number)  # type: ignore[union-attr]  # started before
    assert chunk is not None
    result = a_result(str(chunk.message_id), total=chunk.openids, **facts)
    world.results.add(result, world.clock())


def refused(stack: PushStack, **facts: Any) -> str:
    return str(stack.command("start", room_id=ROOM, **facts)["refused"])


def test_the_rest_waits_until_the_operator_goes_on(pushing: World, stack: PushStack) -> None:
    campaign = trial_of(stack)
    stack.run(5)
    told = pushing.pushed()

    reported(pushing)
    stack.run(2)
    stands = pushing.campaign(campaign)
    stack.command("resume", campaign=campaign, hold=stands.hold_id)
    stack.run(2)

    assert len(told) == 2
    assert (stands.state, stands.hold_kind) == (CampaignState.TRIAL, HoldKind.TRIAL)
    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)
    done = pushing.campaign(campaign)
    assert (done.fully_planned, done.audience, done.past_holds[-1].kind) == (
        True, 5, HoldKind.TRIAL
    )  # fmt: skip


def test_whoever_has_planned_a_trial_follows_it(pushing: World, stack: PushStack) -> None:
    campaign = trial_of(stack)
    reported(pushing)
    stack.starter = start_deps(pushing, trial_followed_s=FOLLOWED_S)

    stack.command("plan", campaign=campaign)

    assert pushing.campaign(campaign).state is CampaignState.TRIAL


def test_the_shares_of_the_trial_are_its_reason(pushing: World, stack: PushStack) -> None:
    campaign = trial_of(stack)
    reported(pushing, relation_error=1)
    stack.run(2)

    status = stack.status(campaign)

    assert status["state"] == "trial"
    assert status["reason"] == "Trial: 1 of 2 told (50.0 %), 1 relation_error (50.0 %)"
    assert (status["audience"], status["openids"]["accepted"]) == (2, 2)


def test_a_campaign_goes_on_by_itself_if_enough_were_told(pushing: World, stack: PushStack) -> None:
    campaign = trial_of(stack, {**FIRST, "go_on_at": 50})
    reported(pushing, relation_error=1)

    stack.run(2)

    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)
    [trial] = pushing.campaign(campaign).past_holds
    assert (trial.kind, trial.since) == (HoldKind.TRIAL, trial.until)


def test_a_result_that_comes_late_lets_it_go_on_by_itself(pushing: World, stack: PushStack) -> None:
    campaign = trial_of(stack, {**FIRST, "go_on_at": 100})
    stack.run(5)
    assert pushing.campaign(campaign).state is CampaignState.TRIAL

    reported(pushing)
    stack.run(2)

    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_hold_of_the_operator_outlasts_the_trial(pushing: World, stack: PushStack) -> None:
    campaign = trial_of(stack, {**FIRST, "go_on_at": 50})
    stack.command("pause", campaign=campaign)
    reported(pushing)
    stack.run(3)

    assert len(pushing.pushed()) == 2
    stack.command("resume", campaign=campaign)
    stack.run(2)

    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_hold_of_the_operator_does_not_end_the_trial(pushing: World, stack: PushStack) -> None:
    campaign = trial_of(stack)
    reported(pushing)
    stack.run(2)
    stack.command("pause", campaign=campaign)
    stack.command("resume", campaign=campaign)
    stack.run(2)

    assert len(pushing.pushed()) == 2
    assert pushing.campaign(campaign).state is CampaignState.TRIAL


def test_cancel_ends_it_and_a_later_push_notifies_the_rest(
    pushing: World, stack: PushStack
) -> None:
    first = trial_of(stack)
    reported(pushing)
    stack.run(2)

    stack.command("cancel", campaign=first)
    second = stack.push()["campaign"]

    assert second != first
    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_repeated_push_is_the_campaign_in_its_trial(pushing: World, stack: PushStack) -> None:
    first = trial_of(stack)

    again = [stack.push(trial=FIRST), stack.push(), stack.push(trial={"openids": ["o4"]})]

    assert {answer["campaign"] for answer in again} == {first}
    assert all(answer["repeated"] for answer in again)
    assert len(pushing.pushed()) == 2


@pytest.mark.parametrize("is_held", [False, True])
def test_an_audience_within_the_trial_is_settled_without_a_word(
    world: World, stack: PushStack, *, is_held: bool
) -> None:
    world.put_followers("a", "b") if is_held else world.put_followers("a")
    campaign = trial_of(stack)
    reported(world)
    stack.run(2)
    if is_held:  # nobody knew that nobody follows
        assert world.campaign(campaign).state is CampaignState.TRIAL
        stack.command("resume", campaign=campaign)
        stack.run(2)

    assert stack.status(campaign)["state"] == "settled"


def test_a_trial_of_a_list_is_planned_first_and_left_out_of_the_rest(
    pushing: World, stack: PushStack
) -> None:
    campaign = trial_of(stack, {"openids": ["o3", "o1"]})
    assert pushing.pushed() == {"o1": 1, "o3": 1}
    assert pushing.openids_by_chunk(campaign) == [["o3", "o1"]]
    reported(pushing)
    stack.run(2)

    stack.command("resume", campaign=campaign)
    stack.run(2)

    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)
    assert pushing.campaign(campaign).audience == len(AUDIENCE)


def test_the_openids_of_a_list_need_not_be_in_the_audience(
    pushing: World, stack: PushStack
) -> None:
    pushing.put_followers("staff", room_id=99)
    campaign = trial_of(stack, {"openids": ["staff"]}, audience={"rooms": [1]})
    reported(pushing)
    stack.run(2)
    stack.command("resume", campaign=campaign)
    stack.run(2)

    assert pushing.pushed() == dict.fromkeys([*AUDIENCE, "staff"], 1)


def test_a_list_that_expires_ends_the_campaign_and_the_next_push_leaves_it_out(
    pushing: World, stack: PushStack
) -> None:
    campaign = trial_of(stack, {"openids": ["o3"]})
    reported(pushing)
    stack.run(2)
    members = pushing.campaign(campaign).trial
    assert members is not None
    pushing.forget(f"except#{members.members}")

    stack.command("resume", campaign=campaign)
    stack.run(2)
    assert "not on record" in str(pushing.campaign(campaign).reason)
    stack.push()

    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_who_was_notified_before_is_left_out_of_a_list(pushing: World, stack: PushStack) -> None:
    pushing.put_followers("early", room_id=99)
    stack.push(audience={"rooms": [99]})

    trial_of(stack, {"openids": ["early", "o2"]})

    assert pushing.pushed() == {"early": 1, "o2": 1}


def test_a_list_of_nobody_who_may_be_notified_begins_nothing(
    pushing: World, stack: PushStack
) -> None:
    start_deps(pushing).muted.mute("o1", NOW_S)

    assert "Nobody of the trial may be notified" in refused(stack, trial={"openids": ["o1"]})
    assert pushing.campaigns.newest() is None


@pytest.mark.parametrize(
    "trial",
    [
        {"first": 0},
        {"first": -1},
        {"first": 3},
        {"first": True},
        {"first": 1, "openids": ["o1"]},
        {"openids": []},
        {"openids": ["o1", "o2", "o3"]},
        {"openids": [""]},
        {"first": 1, "go_on_at": 101},
        {"first": 1, "go_on_at": -1},
        {"first": 1, "go_on_at": "1"},
        {"first": 1, "else": 1},
        {"go_on_at": 50},
        [],
    ],
    ids=str,
)
def test_what_is_no_trial_begins_nothing(pushing: World, stack: PushStack, trial: object) -> None:
    assert "trial" in refused(stack, trial=trial).lower()
    assert pushing.campaigns.newest() is None


def test_a_dry_run_counts_the_call_of_the_trial(pushing: World, stack: PushStack) -> None:
    rehearsed = stack.command("start", room_id=ROOM, dry_run=True, trial={"first": 1})

    assert (rehearsed["audience"], rehearsed["first"], rehearsed["calls"]) == (5, 1, 3)
    assert pushing.campaigns.newest() is None


def test_the_rest_is_not_planned_anew_while_it_waits(pushing: World, stack: PushStack) -> None:
    campaign = trial_of(stack)
    stack.run(4)

    assert not any("planned_on" in done for done in stack.reconciled)
    assert pushing.campaign(campaign).chunks == 1


def test_a_trial_whose_message_is_lost_is_sent_all_the_same(
    pushing: World, stack: PushStack
) -> None:
    stack.command("start", room_id=ROOM, trial=FIRST)
    stack.lose_messages()

    stack.run(4)

    assert len(pushing.pushed()) == 2


def test_a_trial_that_was_cut_is_judged_once_each_part_has_its_result(
    pushing: World, stack: PushStack
) -> None:
    pushing.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40003))
    campaign = trial_of(stack)
    reported(pushing)
    stack.run(1)
    assert pushing.campaign(campaign).state is CampaignState.SENDING

    reported(pushing, FIRST_HALF + 1, user_recv_limit=1)
    stack.run(1)

    assert stack.status(campaign)["reason"] == (
        "Trial: 1 of 2 told (50.0 %), 1 user_recv_limit (50.0 %)"
    )
    stack.command("resume", campaign=campaign)
    stack.run(2)
    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_trial_whose_call_is_unknown_stands_until_its_result_proves_it(
    pushing: World, stack: PushStack
) -> None:
    pushing.wechat.inject(FaultRule(PUSH, Fault.DROP_AFTER))
    campaign = trial_of(stack, {**FIRST, "go_on_at": 100})
    stack.run(4)
    assert stack.status(campaign)["reason"] == "Trial: 0 of 2 told (0 %), 2 unknown (100 %)"

    pushing.results.add(a_result("m-9", total=2, time_s=NOW_S + 5), pushing.clock())
    stack.run(2)

    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_trial_across_midnight_goes_on_with_the_next_days_calls(
    pushing: World, stack: PushStack
) -> None:
    campaign = trial_of(stack)
    reported(pushing)
    stack.run(2)
    pushing.clock.now_s += 5 * 3600

    stack.command("resume", campaign=campaign)
    stack.run(2)

    assert pushing.pushed() == dict.fromkeys(AUDIENCE, 1)
    assert len({day for day in ("2026-11-22", "2026-11-23") if pushing.days.holder(day)}) == 2


def test_a_trial_ends_with_its_room(pushing: World, stack: PushStack) -> None:
    campaign = trial_of(stack)
    reported(pushing)
    stack.run(2)
    stands = pushing.campaign(campaign)
    give_up = {"campaign": campaign, "hold": stands.hold_id, "reason": "Room 1001 is over"}

    stack.command("give_up", **give_up)

    ended = pushing.campaign(campaign)
    assert ended.state is CampaignState.FAILED
    assert ended.reason == (
        "Room 1001 is over; all followers but those of the trial were not notified"
    )


def test_a_verdict_that_was_read_before_the_operator_went_on_holds_nothing(
    pushing: World, stack: PushStack
) -> None:
    campaign = trial_of(stack)
    reported(pushing)
    stack.run(2)
    late = pushing.campaign(campaign)
    pushing.change_campaign(campaign, state="sending", hold_id="", held_since=0)

    def go_on() -> None:
        pushing.change_campaign(campaign, state=late.state.value, hold_id=late.hold_id)
        pushing.clock.now_s += 1
        stack.command("resume", campaign=campaign)

    pushing.steps.before("UpdateItem", go_on, about='"trial"')
    stack.command("reconcile")

    assert pushing.campaign(campaign).state is CampaignState.SENDING
