"""Nights on the deployed stack while AWS, the hosts and the network behave badly.

``night_conditions`` says how. The operator syncs, starts a push and leaves: everything must end
well without a human. What wxlive reports is compared with the ledger of the simulated WeChat.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench_harness.measurement import Measurement, without
from bench_harness.night_conditions import FAULTS, QUICK, SINGLE, Conditions, Happened, night_stack
from bench_harness.operator_command import DONE, CommandOutput, Operator
from bench_harness.push_account import PushAccount, read_account, simulator_of, unknown_chunks
from wxlive_local.simulator import LIVE
from wxlive_local.up import LocalStack

RATE, ROOM = 2000, 1001
TIMEOUT_S = 900
"""How long sync and push may take, each."""

ATTEMPTS = 5
"""How often a command that failed at once is repeated, as by an operator at the terminal."""


@dataclass(frozen=True)
class Night:
    """What the operator saw, and what WeChat saw."""

    sync: CommandOutput
    push: CommandOutput
    repeated: int
    status: dict[str, Any]
    sync_s: float
    push_s: float
    followers: set[str]
    unknown: list[frozenset[str]]
    account: PushAccount
    happened: Happened

    def describe(self) -> str:
        """Describe how the night went."""
        reason = f" ({self.status['reason']})" if self.status.get("reason") else ""
        return (
            f"sync {self.sync.json.get('state', self.sync.stderr)}, "
            f"push {self.status.get('state', self.push.stderr)}{reason}; commands repeated: "
            f"{self.repeated}; {self.happened.describe()}"
        )


def measure() -> list[Measurement]:
    """Measure a night with 50,000 followers, and a smaller one for each single condition."""
    nights = [_measure(FAULTS, 50_000, chunk=2000)]
    nights += [_measure(conditions, 12_000, chunk=500) for conditions in SINGLE]
    return [one for night in nights for one in night]


def measure_quick() -> list[Measurement]:
    """Measure one night with a bit of everything, fewer followers and smaller chunks."""
    return _measure(QUICK, 6_000, chunk=250)


def _measure(conditions: Conditions, followers: int, chunk: int) -> list[Measurement]:
    with night_stack(conditions, followers, chunk) as (stack, happened):
        night = _night(stack, conditions, happened)
    return list(_measurements(f"night, {conditions.name}", night, followers))


def _night(stack: LocalStack, conditions: Conditions, happened: Callable[[], Happened]) -> Night:
    wechat, operator = simulator_of(stack), Operator(stack)
    wechat.set_room(ROOM, LIVE)
    began_at = time.monotonic()
    sync, syncs = _run(operator, "sync", "--wait", "--timeout", str(TIMEOUT_S))
    synced_at = time.monotonic()
    # Without --wait, which resumes a stalled push.
    push, pushes = _run(operator, "push", "--room", str(ROOM))
    campaign = push.json.get("campaign", "")
    if campaign and conditions.pause_s:
        _pause(operator, campaign, conditions.pause_s)
    status = operator.wait_until_over(campaign, TIMEOUT_S) if campaign else {}
    ended_at = time.monotonic()
    wechat.wait_for_results()
    return Night(
        sync=sync,
        push=push,
        repeated=syncs + pushes - 2,
        status=status,
        sync_s=synced_at - began_at,
        push_s=ended_at - synced_at,
        followers=wechat.run_on_loop(lambda platform: {row.openid for row in platform.followers}),
        unknown=unknown_chunks(stack, operator, campaign) if campaign else [],
        account=wechat.run_on_loop(read_account),
        happened=happened(),
    )


def _run(operator: Operator, *arguments: str) -> tuple[CommandOutput, int]:
    """Run a command until it has begun something; returns its last output and the attempts."""
    outputs: list[CommandOutput] = []
    while len(outputs) < ATTEMPTS:
        outputs.append(operator(*arguments))
        if outputs[-1].json and "refused" not in outputs[-1].json:
            break
    return outputs[-1], len(outputs)


def _pause(operator: Operator, campaign: str, pause_s: float) -> None:
    """Pause a campaign once it has sent something, and resume it later."""
    deadline = time.monotonic() + TIMEOUT_S
    while not operator("status", campaign).json.get("chunks", {}).get("accepted"):
        if time.monotonic() > deadline:
            return
    _run(operator, "pause", campaign)
    time.sleep(pause_s)
    _run(operator, "resume", campaign)


def _measurements(name: str, night: Night, followers: int) -> list[Measurement]:
    account, listed = night.account, night.followers
    notified = account.notified.get(ROOM, Counter())
    with_result = sum(openids in account.reported for openids in night.unknown)
    ended = night.sync.exit_code == DONE and night.status.get("state") == "settled"
    return [
        without(
            f"{name}: ended without a human",
            night.describe(),
            "nights",
            of_all=1,
            wrong=not ended,
        ),
        without(
            f"{name}: nobody notified twice",
            f"followers not notified twice, of all notified; notified twice: {account.twice}",
            "followers",
            of_all=len(notified),
            wrong=account.twice,
        ),
        without(
            f"{name}: nobody missed",
            f"followers notified, of all; in chunks reported unknown: "
            f"{sum(map(len, night.unknown))}",
            "followers",
            of_all=len(listed),
            wrong=account.missed(listed, ROOM),
        ),
        without(
            f"{name}: nothing unknown that has a result",
            f"calls with a result that are not reported unknown, of all with a result; "
            f"{len(night.unknown)} unknown in all, {with_result} of them with a result",
            "calls",
            of_all=len(account.reported),
            wrong=with_result,
        ),
        Measurement(
            f"{name}: busiest second",
            f"openids that arrived within a second; calls by errcode {dict(account.errcodes)}",
            "openids",
            [float(RATE)],
            [float(account.busiest)],
        ),
        Measurement(
            f"{name}: minutes of the push",
            f"from the command until the last result; the sync took {night.sync_s / 60:.1f} min",
            "min",
            [followers / RATE / 60],
            [night.push_s / 60],
            followers,
        ),
    ]
