"""Who was forgotten is not notified, and no list, event or file brings them back."""

from dataclasses import replace
from typing import Any

import pytest

from factories import NOW_S, PSEUDONYM_KEY, ROOM
from support.cli import OUTPUTS
from support.follower_sync import sync
from support.push_stack import PushStack
from support.push_start import AUDIENCE, start_deps
from support.world import World
from wxlive.digests import digest_of
from wxlive.domain.audience import EVERYBODY
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.forgotten import pseudonym_of
from wxlive.domain.sync_runs import RunState
from wxlive.errors import InvalidCommand, Misconfigured
from wxlive.stores.forgotten import ForgottenStore
from wxlive_cli.followers import forgetting
from wxlive_cli.followers.forgetting import check_forgettable, erase, prepare
from wxlive_cli.stack import Stack
from wxlive_cli.stored_secret import StoredSecret
from wxlive_local.simulator import FollowChange
from wxlive_push_start.left_out import left_out

GONE, *OTHERS = AUDIENCE
PSEUDONYM = pseudonym_of(GONE, PSEUDONYM_KEY)


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stack as the operator's command sees it, at the world's time."""
    monkeypatch.setattr("time.time", world.clock)
    deps = start_deps(world)
    unused: dict[str, Any] = dict.fromkeys(
        ("days", "sync_budget", "push_quota", "history", "functions", "sqs", "caller")
    )
    return Stack(
        name="wxlive",
        outputs=OUTPUTS,
        parameters={},
        followers=world.followers,
        campaigns=world.campaigns,
        living=world.living,
        ledger=world.ledger,
        results=world.results,
        except_lists=deps.except_lists,
        muted=deps.muted,
        forgotten=deps.forgotten,
        members=deps.members,
        rooms=world.rooms,
        runs=world.runs,
        **unused,
    )


def forget_whom_a_push_notified(world: World, stack: PushStack, command: Stack) -> None:
    """Notify the audience, then forget ``GONE``."""
    world.put_followers(*AUDIENCE)
    stack.push()
    stack.run_to_the_end(5)
    erase(command, GONE)


def without_key(world: World) -> ForgottenStore:
    """Return the store as a secret leaves it that has lost the key."""
    return ForgottenStore(world.aws.test.dynamodb, "state", lambda _needed: "")


def everything(world: World) -> str:
    return repr(world.state_items()) + repr(world.table())


def test_nothing_but_a_pseudonym_stays(world: World, stack: PushStack, command: Stack) -> None:
    world.put_followers(*AUDIENCE)
    start_deps(world).muted.mute(GONE, NOW_S - 9)
    start_deps(world).muted.unmute(GONE)
    campaign = stack.push()["campaign"]
    stack.run_to_the_end(5)
    before = stack.status(campaign)
    sizes = [len(chunk) for chunk in world.openids_by_chunk(campaign)]
    check_forgettable(command, GONE)

    erased = erase(command, GONE)

    assert (erased.follower, erased.calls, erased.under_way) == (True, 1, ())
    assert f"'{GONE}'" not in everything(world)
    kept = world.openids_by_chunk(campaign)
    assert GONE not in {openid for chunk in kept for openid in chunk}
    assert sum(chunk.count(PSEUDONYM) for chunk in kept) == 1
    assert [len(chunk) for chunk in kept] == sizes
    assert stack.status(campaign) == before
    again = erase(command, GONE)
    assert (again.follower, again.calls, again.lists) == (False, 0, 0)


def test_neither_the_list_nor_a_push_brings_anybody_back(
    world: World, stack: PushStack, command: Stack
) -> None:
    world.at_wechat(lambda platform: platform.list_followers(list(AUDIENCE)))
    sync(world)
    erase(command, GONE)

    world.clock.now_s += 86_400
    sync(world)
    stack.push()

    assert world.subscribed() == set(OTHERS)
    assert world.pushed() == dict.fromkeys(OTHERS, 1)
    assert world.newest_run().added == 0
    assert world.newest_run().listed == len(OTHERS)


def test_a_sync_that_cannot_know_who_was_forgotten_fails_and_adds_nobody(
    world: World, command: Stack
) -> None:
    world.at_wechat(lambda platform: platform.list_followers(list(AUDIENCE)))
    erase(command, GONE)

    sync(world, forgotten=without_key(world))

    run = world.newest_run()
    assert run.state is RunState.FAILED
    assert "has no pseudonym_key" in (run.reason or "")
    assert world.table() == {}


def test_a_trial_cannot_name_who_was_forgotten(
    world: World, stack: PushStack, command: Stack
) -> None:
    world.put_followers(*OTHERS)
    erase(command, GONE)

    stack.push(trial={"openids": [GONE, OTHERS[0]]})

    assert world.pushed() == {OTHERS[0]: 1}


def test_who_subscribes_again_is_not_notified_twice_for_a_room(
    world: World, stack: PushStack, command: Stack
) -> None:
    forget_whom_a_push_notified(world, stack, command)
    world.clock.now_s += 60
    at_s = int(world.clock())
    world.put_followers(GONE, subscribed_at=at_s, changed_at=at_s)
    start_deps(world).forgotten.lift(GONE, at_s - 60, at_s)
    assert not start_deps(world).forgotten.load().since

    refused = stack.command("start", room_id=ROOM, audience={"rooms": [1]})

    assert "has notified" in refused["refused"]
    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)
    stack.push(again=True)
    assert world.pushed()[GONE] == 2


def test_without_the_key_a_room_that_notified_somebody_forgotten_tells_nobody_more(
    world: World, stack: PushStack, command: Stack
) -> None:
    forget_whom_a_push_notified(world, stack, command)
    lost = start_deps(world, forgotten=without_key(world))

    with pytest.raises(InvalidCommand, match="has no pseudonym_key"):
        left_out(ROOM, EVERYBODY, lost, again=False)

    assert len(left_out(ROOM, EVERYBODY, lost, again=True)) == 0
    assert len(left_out(ROOM + 1, EVERYBODY, lost, again=False)) == 0


def test_a_key_that_was_lost_is_not_replaced(
    world: World, command: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(command, GONE)
    stored: list[object] = []
    monkeypatch.setattr(forgetting, "load_secret", lambda _stack: StoredSecret("s", {}, NOW_S))
    monkeypatch.setattr(forgetting, "store_secret", lambda *secret: stored.append(secret))

    with pytest.raises(Misconfigured, match="has no pseudonym_key"):
        prepare(replace(command, forgotten=without_key(world)))

    assert stored == []


@pytest.mark.parametrize("later_s", [0, 1, 86_400])
def test_a_listed_later_subscription_begins_anew(
    world: World, command: Stack, later_s: int
) -> None:
    world.at_wechat(lambda platform: platform.list_followers(list(AUDIENCE)))
    sync(world)
    erase(command, GONE)
    world.clock.now_s += later_s
    at_s = int(world.clock())
    world.at_wechat(
        lambda platform: (
            platform.apply(FollowChange(GONE, "del_follow", room_id=1)),
            platform.apply(FollowChange(GONE, "add_follow", room_id=1)),
        )
    )
    world.clock.now_s += 86_400
    sync(world)

    stored = world.table().get(GONE)
    assert (stored.subscribed_at if stored else 0) == (at_s if later_s else 0)
    assert bool(start_deps(world).forgotten.load().since) is not bool(later_s)


def test_whom_a_call_may_still_reach_is_not_forgotten(
    world: World, stack: PushStack, command: Stack
) -> None:
    world.put_followers(*AUDIENCE)
    campaign = stack.command("start", room_id=ROOM)["campaign"]
    with pytest.raises(InvalidCommand, match="is being planned"):
        check_forgettable(command, GONE)
    stack.command("pause", campaign=campaign)
    stack.command("plan", campaign=campaign)
    with pytest.raises(InvalidCommand, match="still to be made"):
        check_forgettable(command, GONE)
    check_forgettable(command, "somebody-else")

    assert erase(command, GONE).under_way == (campaign,)
    assert GONE in {openid for chunk in world.openids_by_chunk(campaign) for openid in chunk}

    stack.command("cancel", campaign=campaign)
    check_forgettable(command, GONE)
    assert erase(command, GONE).calls == 1
    assert world.campaign(campaign).state is CampaignState.CANCELLED


def test_a_list_of_exceptions_and_the_index_lose_the_person(
    world: World, stack: PushStack, command: Stack
) -> None:
    world.put_followers(*AUDIENCE)
    lists = start_deps(world).except_lists
    name = lists.save([digest_of(GONE), digest_of(OTHERS[0])], NOW_S)
    stack.push(audience={"exceptions": name})
    stack.run_to_the_end(5)

    assert erase(command, GONE).lists == 1

    assert lists.has(name, digest_of(GONE)) is False
    assert list(lists.digests(name) or ()) == [digest_of(OTHERS[0])]
