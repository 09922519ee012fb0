"""A push on the deployed stack that runs across WeChat's midnight.

Then the operator repeats the command, and then pushes another room. The functions, the operator's
command and the simulated WeChat share a clock that is set shortly before midnight when the push
begins. What wxlive reports is compared with WeChat's ledger.
"""

import time
from collections import Counter
from dataclasses import dataclass

from bench_harness.clock import ShiftedClock
from bench_harness.measurement import Measurement, without
from bench_harness.operator_command import CommandOutput, Operator
from bench_harness.push_account import PushAccount, read_account, simulator_of
from wxlive.domain.calendar import day_ends_at
from wxlive_local.simulator import LIVE
from wxlive_local.simulator.quota import beijing_day
from wxlive_local.up import LocalStack, Options, local_stack

FOLLOWERS, RATE, ROOM, OTHER_ROOM = 60_000, 1000, 1001, 1002
BEIJING_HOURS = 8

BEFORE_MIDNIGHT_S = 45
"""When the push begins. The calls take a minute, half of the usual rate, so that there are some on
either side of midnight however soon the first one comes."""

TIMEOUT_S = 300


@dataclass(frozen=True)
class Midnight:
    """What the operator saw of his three commands, and what WeChat saw."""

    push: CommandOutput
    again: CommandOutput
    other: CommandOutput
    push_s: float
    followers: set[str]
    account: PushAccount


def measure() -> list[Measurement]:
    """Measure a push across midnight."""
    clock = ShiftedClock()
    parameters = {
        "SyncSchedule": "rate(365 days)",
        "PushRatePerSecond": str(RATE),
        "PushChunkSize": str(RATE),
    }
    options = Options(parameters=parameters, followers=FOLLOWERS, wechat_clock=clock)
    with local_stack(options) as stack:
        midnight = _push_across_midnight(stack, clock)
    return list(_measurements(midnight))


def _push_across_midnight(stack: LocalStack, clock: ShiftedClock) -> Midnight:
    wechat = simulator_of(stack)
    wechat.set_room(ROOM, LIVE)
    Operator(stack)("sync", "--wait")
    now_s = time.time()
    clock.shift(day_ends_at(now_s, BEIJING_HOURS) - BEFORE_MIDNIGHT_S - now_s, stack)
    operator = Operator(stack, clock.env)
    began_at = time.monotonic()
    push = _push(operator, ROOM)
    ended_at = time.monotonic()
    again = _push(operator, ROOM)
    wechat.set_room(OTHER_ROOM, LIVE)
    other = _push(operator, OTHER_ROOM)
    wechat.wait_for_results()
    return Midnight(
        push=push,
        again=again,
        other=other,
        push_s=ended_at - began_at,
        followers=wechat.run_on_loop(lambda platform: {row.openid for row in platform.followers}),
        account=wechat.run_on_loop(read_account),
    )


def _push(operator: Operator, room: int) -> CommandOutput:
    return operator("push", "--room", str(room), "--wait", "--timeout", str(TIMEOUT_S))


def _measurements(midnight: Midnight) -> list[Measurement]:
    account = midnight.account
    calls = Counter(beijing_day(call.at) for call in account.calls)
    rooms = account.rooms_by_day
    same = midnight.again.json.get("campaign") == midnight.push.json.get("campaign")
    return [
        without(
            "midnight: nobody notified twice",
            f"followers not notified twice of a room, of all notified; the repeated command "
            f"{'returned the campaign that was' if same else f'did {_shown(midnight.again)}'}",
            "followers",
            of_all=sum(len(counts) for counts in account.notified.values()),
            wrong=account.twice,
        ),
        without(
            "midnight: nobody missed",
            f"followers notified, of all; the push: {_shown(midnight.push)}",
            "followers",
            of_all=len(midnight.followers),
            wrong=account.missed(midnight.followers, ROOM),
        ),
        Measurement(
            "midnight: one room a day",
            f"rooms pushed a day {list(rooms.values())}; the other room: {_shown(midnight.other)}",
            "rooms",
            [float(len(rooms))],
            [float(sum(map(len, rooms.values())))],
        ),
        without(
            "midnight: calls accepted",
            f"calls by day {list(calls.values())}, by errcode {dict(account.errcodes)}",
            "calls",
            of_all=len(account.calls),
            wrong=len(account.calls) - account.errcodes[0],
        ),
        Measurement(
            "midnight: busiest second",
            "openids that arrived within a second",
            "openids",
            [float(RATE)],
            [float(account.busiest)],
        ),
        Measurement(
            "midnight: minutes of the push",
            "from the command until the last result",
            "min",
            [FOLLOWERS / RATE / 60],
            [midnight.push_s / 60],
            FOLLOWERS,
        ),
    ]


def _shown(output: CommandOutput) -> str:
    """Describe a command's outcome in a few words."""
    campaign = output.json.get("campaign", "no campaign")
    state = output.json.get("state") or output.stderr.replace("\n", " ")
    return f"exit code {output.exit_code}, {campaign}, {state}"
