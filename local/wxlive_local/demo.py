"""The main job from follower to report, with visible progress: ``make demo``.

It runs wxlive's own commands and compares their counts with the simulator's ledger. If any of
them disagree, it shows which and exits with 1.
"""

import csv
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from wxlive.errors import WxliveError
from wxlive_local.main import interruptible
from wxlive_local.progress import Progress
from wxlive_local.simulator import LIVE, FollowChange, Platform, Simulator
from wxlive_local.up import LocalStack, Options, local_stack

FOLLOWERS = 20_000
EVENTS = 300
ROOM = 1001
_RATE = 2000
_NEVER = "rate(365 days)"
_DONE, _DISAGREES, _REFUSED, _INTERRUPTED = 0, 1, 2, 130

_COMMAND = Path(sys.executable).parent / "wxlive"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the comparison: what wxlive says, what WeChat saw, and whether they agree."""

    what: str
    ours: Any
    theirs: Any
    agrees: bool


def main() -> None:
    """Run the demo and exit: with 0 if every count agrees."""
    progress = Progress()
    code = _INTERRUPTED
    try:
        with interruptible():
            code = run(progress)
    except WxliveError as error:
        progress.say(f"wxlive-local: {error}")
        code = _REFUSED
    sys.exit(code)


def run(progress: Progress) -> int:
    """Run the main job on a stack of its own; return the exit code."""
    options = Options(
        followers=FOLLOWERS,
        parameters={"SyncSchedule": _NEVER, "WatchSchedule": _NEVER},
    )
    with local_stack(options, progress) as stack:
        simulator = stack.simulator
        if simulator is None:  # pragma: no cover - the options ask for it
            raise AssertionError("the demo needs the simulator")
        with progress.step("verify the callback URL, as the console does"):
            verified = simulator.verify_url().ok
        with progress.step(f"deliver {EVENTS} encrypted follow and unfollow events"):
            _deliver_events(simulator)
        operator = Operator(stack, progress)
        synced = operator.run("sync", "--wait")
        simulator.set_room(ROOM, LIVE, name="the show")
        pushed = operator.run("push", "--room", str(ROOM), "--wait")
        with progress.step("wait for the last results"):
            simulator.wait_for_results()
        status = operator.run("status")
        count = operator.run("followers", "count")
        exported = operator.export()
        rows = compare(verified, synced, pushed, status, count, exported, simulator)
    show(rows)
    return _DONE if all(row.agrees for row in rows) else _DISAGREES


class Operator:
    """Runs the command ``wxlive`` on a stack, as an operator does."""

    def __init__(self, stack: LocalStack, progress: Progress) -> None:
        self._env = stack.env
        self._progress = progress

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run a command and return its JSON. Its progress goes to the terminal.

        Raises:
            WxliveError: the command was refused; its own message is on the terminal.
        """
        self._progress.say(f"$ wxlive {' '.join(arguments)}")
        done = subprocess.run(  # noqa: S603 - the project's own command
            [_COMMAND, *arguments, "--json"],
            env={**_user_environment(), **self._env},
            stdout=subprocess.PIPE,
            check=False,
            text=True,
        )
        if done.returncode not in {_DONE, _DISAGREES} or not done.stdout:
            raise WxliveError(f"`wxlive {' '.join(arguments)}` was refused; the demo ends here")
        output: dict[str, Any] = json.loads(done.stdout)
        return output

    def export(self) -> set[str]:
        """Export the followers; return their openids."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "followers.csv"
            self.run("followers", "export", "--out", str(path))
            with path.open(newline="", encoding="utf-8") as file:
                return {row["openid"] for row in csv.DictReader(file)}


def compare(
    verified: bool,  # noqa: FBT001 - one fact among others
    synced: Mapping[str, Any],
    pushed: Mapping[str, Any],
    status: Mapping[str, Any],
    count: Mapping[str, Any],
    exported: set[str],
    simulator: Simulator,
) -> list[Row]:
    """Compare wxlive's own account with the simulator's ledger."""
    ledger = simulator.ledger()
    followers = set(simulator.run_on_loop(_openids))
    push, events, results = ledger["push"], ledger["events"], ledger["results"]
    accepted = pushed["openids"]["accepted"]
    calls = math.ceil(len(followers) / _RATE)
    return [
        Row("callback URL verified", verified, True, verified),
        _equal("events delivered", EVENTS, events["delivered"]),
        _equal("followers listed by the sync", synced["listed"], len(followers)),
        _equal("followers stored", count["subscribed"], len(followers)),
        Row("stored but not listed", len(exported - followers), 0, exported <= followers),
        Row("listed but not stored", len(followers - exported), 0, followers <= exported),
        _equal("audience of the push", pushed["audience"], len(followers)),
        _equal("openids accepted", accepted, push["accepted_openids"]),
        _equal("different openids", len(exported), push["distinct_openids"]),
        Row("calls to one openid, at most", "-", push["most_often"], push["most_often"] == 1),
        _equal("push calls", pushed["chunks"]["accepted"], push["calls"]),
        Row("push calls needed", calls, push["calls"], push["calls"] == calls),
        Row(
            "openids in the busiest second",
            f"≤ {_RATE}",
            push["busiest_second"]["arrived"],
            push["busiest_second"]["arrived"] <= _RATE,
        ),
        _equal("results: total", status["results"]["total"], results["total"]),
        _equal("results: success", status["results"]["success"], results["success"]),
        _equal("results that fit no call", len(status["orphans"]), 0),
        Row("campaign", status["state"], "settled", status["state"] == "settled"),
    ]


def show(rows: list[Row]) -> None:
    """Print the comparison on stdout."""
    table = Table(title="wxlive's own account beside WeChat's ledger", title_justify="left")
    table.add_column("what")
    table.add_column("wxlive", justify="right")
    table.add_column("WeChat", justify="right")
    table.add_column("")
    for row in rows:
        mark = "[green]✓[/]" if row.agrees else "[red]✗ disagrees[/]"
        table.add_row(row.what, _shown(row.ours), _shown(row.theirs), mark)
    console = Console()
    console.print(table)
    wrong = sum(not row.agrees for row in rows)
    console.print(f"{wrong} counts disagree." if wrong else "Every count agrees.")


def _deliver_events(simulator: Simulator) -> None:
    """Two in three subscribe, one in three unsubscribes; some are sent twice, some late."""
    known = simulator.run_on_loop(_openids)
    changes = [
        FollowChange(known[number], "del_follow", room_id=ROOM)
        if number % 3 == 0
        else FollowChange(f"oDemo{number:023d}", "add_follow", room_id=ROOM)
        for number in range(EVENTS)
    ]
    late, doubled, plain = changes[:40], changes[40:100], changes[100:]
    simulator.deliver(*plain)
    simulator.deliver(*doubled, doubled=True)
    simulator.deliver(*late, late_s=2.0)


def _openids(platform: Platform) -> list[str]:
    return [follower.openid for follower in platform.followers]


def _user_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _equal(what: str, ours: int, theirs: int) -> Row:
    return Row(what, ours, theirs, ours == theirs)


def _shown(value: Any) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return f"{value:,}" if whole else {True: "yes", False: "no"}.get(value, str(value))


if __name__ == "__main__":
    main()
