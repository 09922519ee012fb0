"""Jobs that the end-to-end tests do only once on their stack, and what was seen of them."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.deployed_stack import (
    CALLBACK,
    CommandOutput,
    Operator,
    configured,
    followers_at,
    poll_rooms,
    reconcile,
)
from support.waiting import wait_for
from wxlive_local.simulator import (
    FOLLOWERS,
    LIVE,
    PUSH,
    CallbackRecord,
    Fault,
    FaultRule,
    FollowChange,
    Simulator,
)
from wxlive_local.up import LocalStack

ROOM = 1001
IN_VAIN = 1002
"""A room that takes the day before ``ROOM``, and notifies nobody."""

_NOT_STARTED, _ENDED = 102, 103


@dataclass(frozen=True)
class Listing:
    """Two syncs. Between them ``left`` unsubscribed, and WeChat sent no event of it.

    ``followers`` are those whom WeChat listed at the first one; ``count`` and ``exported`` are
    wxlive's after it.
    """

    followers: frozenset[str]
    first_sync: CommandOutput
    count: CommandOutput
    exported: frozenset[str]
    left: str
    second_sync: CommandOutput
    third_sync: CommandOutput


@dataclass(frozen=True)
class Campaigns:
    """The pushes of a day, in this order, and WeChat's ledger of them.

    A plan starts ``refused``, for another room: WeChat finds its first call too fast, does not let
    the next one in, and refuses the rest after the operator has resumed it. So the day is free, and
    ``pushed`` takes it over. One of its calls is accepted but not answered. ``status`` is after all
    results.
    """

    unknown_room: CommandOutput
    closed_room: CommandOutput
    refused: CommandOutput
    dry_run: CommandOutput
    calls_before: int
    pushed: CommandOutput
    status: CommandOutput
    ledger: dict[str, Any]


@dataclass(frozen=True)
class LateEvent:
    """A follow event that the callback could not store, and the follower's later status."""

    record: CallbackRecord
    status: str


def sync_three_times(operator: Operator, wechat: Simulator, folder: Path) -> Listing:
    """Sync three pages of followers, with a new token in between; one leaves; sync twice more."""
    left, *unsubscribing = wechat.add_followers(4100, room_id=ROOM)[:6]
    wechat.deliver(*(FollowChange(openid, "del_follow", ROOM) for openid in unsubscribing))
    subscribing = [FollowChange(f"oE2e{n:024d}", "add_follow", ROOM) for n in range(10)]
    wechat.deliver(*subscribing, doubled=True)
    wechat.inject(FaultRule(FOLLOWERS, Fault.TOKEN_DEAD, skip=1))
    followers = frozenset(followers_at(wechat))
    first_sync = operator("sync", "--wait")
    count = operator("followers", "count")
    exported = _export(operator, folder / "followers.csv")
    wechat.run_on_loop(lambda platform: platform.followers.remove(left))
    second_sync = operator("sync", "--wait")
    third_sync = operator("sync", "--wait")
    return Listing(followers, first_sync, count, exported, left, second_sync, third_sync)


def push_a_room(stack: LocalStack, operator: Operator, wechat: Simulator) -> Campaigns:
    """Push a room to the followers that are stored: first in vain, then with success."""
    push = ("push", "--room", str(ROOM))
    unknown_room = operator("push", "--room", "424242")
    wechat.set_room(ROOM, _NOT_STARTED)
    closed_room = operator(*push)
    wechat.set_room(ROOM, LIVE)
    refused = _push_in_vain(stack, operator, wechat)
    dry_run = operator(*push, "--dry-run")
    calls_before = wechat.ledger()["push"]["calls"]
    wechat.inject(FaultRule(PUSH, Fault.DROP_AFTER, skip=1))
    pushed = operator(*push, "--wait", "--timeout", "60")
    wechat.wait_for_results()
    status, ledger = operator("status"), wechat.ledger()["push"]
    # The stack announces the end itself, before another one that is given its tables does.
    reconcile(stack)
    return Campaigns(
        unknown_room, closed_room, refused, dry_run, calls_before, pushed, status, ledger
    )


def deliver_without_table(stack: LocalStack, operator: Operator, wechat: Simulator) -> LateEvent:
    """Deliver an event while the callback has no Followers table."""
    openid = "oBacklog0000000000000000late"
    with configured(stack, CALLBACK, {"FOLLOWERS_TABLE": "no-such-table"}):
        [record] = wechat.deliver(FollowChange(openid, "add_follow", room_id=7))

    def known() -> str:
        status: str = operator("followers", "get", openid).json["status"]
        return status if status != "unknown" else ""

    return LateEvent(record, wait_for(known, within_s=60))


def _export(operator: Operator, file: Path) -> frozenset[str]:
    exported = operator("followers", "export", "--out", str(file))
    with file.open(newline="", encoding="utf-8") as lines:
        openids = [row["openid"] for row in csv.DictReader(lines)]
    assert exported.json == {"rows": len(openids)}
    return frozenset(openids)


def _push_in_vain(stack: LocalStack, operator: Operator, wechat: Simulator) -> CommandOutput:
    """Have a plan start a campaign for another room that WeChat refuses; return its status."""
    wechat.set_room(IN_VAIN, LIVE)
    wechat.inject(
        FaultRule(PUSH, Fault.ERRCODE, errcode=45011),
        FaultRule(PUSH, Fault.ERRCODE, errcode=40164, times=2),
    )
    assert poll_rooms(stack, {"push": IN_VAIN})["pushed"] == IN_VAIN
    campaign = _campaign_in("paused", operator).json["campaign"]
    wechat.run_on_loop(lambda _: wechat.faults.clear())
    wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=9410005, times=3))
    resumed = operator("resume", campaign)
    assert resumed.exit_code == 0, resumed
    status = _campaign_in("failed", operator)
    wechat.run_on_loop(lambda _: wechat.faults.clear())
    wechat.set_room(IN_VAIN, _ENDED)
    assert operator("rooms", "unchoose").exit_code == 0
    return status


def _campaign_in(state: str, operator: Operator) -> CommandOutput:
    """Wait until the newest campaign is in a state; return its status."""

    def reached() -> CommandOutput | None:
        status = operator("status")
        return status if status.json.get("state") == state else None

    status = wait_for(reached, within_s=60)
    assert status is not None, operator("status")
    return status
