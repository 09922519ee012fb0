"""Sync workers killed with SIGKILL, again and again: does every run end right?

Half of the deaths come at a random moment, half just before a random call to AWS. The floor is
all the runs: each must end right, with the table as WeChat's list is and counts that agree.
"""

import multiprocessing
import os
import random
import signal
from itertools import count

from calling import Place
from measuring import Measurement
from place import client
from syncing import new_place, parts_at

from wxlive.followers import Follower, Source, Status
from wxlive.stores.followers import FollowerStore
from wxlive.sync_runs import LEASE_S, RunState
from wxlive_follower_sync import pages
from wxlive_follower_sync.walk import work
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, Simulator

KILLS, LISTED, GONE, ROWS = 200, 400, 20, 50


def measure() -> list[Measurement]:
    """Kill until ``KILLS`` workers are dead; the run under way then is finished in peace."""
    dice = random.Random(20261122)
    kills = runs = right = 0
    with LocalAws() as aws, Simulator() as wechat:
        wechat.add_followers(LISTED)
        while kills < KILLS:
            place = new_place(aws, wechat)
            _prepare(place)
            kills += _kill_until_done(place, dice, KILLS - kills)
            runs += 1
            right += _is_right(place, wechat)
    return [
        Measurement(
            name="sync, killed workers",
            what=f"runs of {LISTED} followers that ended right, of all; {kills} workers killed",
            unit="runs",
            floors=[float(runs)],
            figures=[float(right)],
            more_is_better=True,
        )
    ]


def _prepare(place: Place) -> None:
    store = FollowerStore(client("dynamodb", place.aws), place.followers)
    gone = Follower("", Status.SUBSCRIBED, 9, 9, 1, LIVE, Source.SYNC)
    store.apply_all(
        [Follower(f"gone{n}", gone.status, 9, 9, 1, LIVE, gone.source) for n in range(GONE)]
    )


def _kill_until_done(place: Place, dice: random.Random, most: int) -> int:
    """Let workers live until one ends the run; returns how many were killed."""
    for killed in range(most + 1):
        at_call = dice.randrange(1, 60) if dice.random() < 0.5 and killed < most else 0  # noqa: PLR2004 - half
        worker = multiprocessing.Process(
            target=_live, args=(place, at_call, killed * (LEASE_S + 2))
        )
        worker.start()
        if killed < most and not at_call:
            worker.join(dice.uniform(0.05, 1.5))
            worker.kill()
        worker.join()
        if worker.exitcode == 0:
            return killed
    raise AssertionError("the last worker was not to be killed")


def _live(place: Place, at_call: int, ahead_s: float) -> None:
    pages.PAGE_LIMIT = ROWS
    parts = parts_at(place, ahead_s=ahead_s)
    calls = count(1)

    def step(**_: object) -> None:
        if next(calls) == at_call:
            os.kill(os.getpid(), signal.SIGKILL)

    for each in (parts.followers._client, parts.runs._table.meta.client):  # noqa: SLF001 - to watch
        each.meta.events.register("before-call", step)
    work(parts)


def _is_right(place: Place, wechat: Simulator) -> bool:
    parts = parts_at(place)
    # Whoever dies behind the end leaves a run that is done, and the next one is another.
    rows = parts.runs._table.scan(ConsistentRead=True)["Items"]  # noqa: SLF001 - to look
    found = [parts.runs.get(str(row["run"])) for row in rows if "run" in row]
    runs = [run for run in found if run is not None]
    listed = wechat.ask(lambda platform: {follower.openid for follower in platform.followers})
    table = {follower.openid for follower in parts.followers.walk(Status.SUBSCRIBED)}
    return (
        {run.state for run in runs} == {RunState.DONE}
        and {run.listed for run in runs} == {LISTED}
        and sum(run.added for run in runs) == LISTED
        and sum(run.removed for run in runs) == GONE
        and table == listed
    )
