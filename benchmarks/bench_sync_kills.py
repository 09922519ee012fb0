"""Sync workers killed with SIGKILL, again and again: does every run end correctly?

Half of the kills come at a random time, half just before a random call to AWS. The floor is the
number of all runs: each must end with WeChat's list in the table and with counts that agree.
"""

import multiprocessing
import random

from bench_harness.environment import Environment
from bench_harness.kill_switch import KillSwitch
from bench_harness.local_tables import client
from bench_harness.measurement import Measurement
from bench_harness.sync_setup import new_sync_environment, sync_dependencies
from wxlive.domain.followers import Follower, Mark, Source, Status, mark_of
from wxlive.domain.sync_runs import LEASE_S, RunState, SyncRun
from wxlive.stores.followers import FollowerStore
from wxlive_follower_sync import pages
from wxlive_follower_sync.runs import open_run
from wxlive_follower_sync.walk import work
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, Simulator

KILLS, LISTED, GONE, ROWS_PER_PAGE = 200, 400, 20, 50
KILL_WITHIN_CALLS = 60
EARLIER = SyncRun("20261121T040000-done", RunState.DONE, started_at=9)
COMMAND = "the run whose workers are killed"


def measure() -> list[Measurement]:
    """Kill ``KILLS`` workers; the last run then ends without kills."""
    source = random.Random(20261122)
    kills = runs = correct = 0
    with LocalAws() as aws, Simulator() as wechat:
        wechat.add_followers(LISTED)
        while kills < KILLS:
            environment = new_sync_environment(aws, wechat)
            _add_followers_who_left(environment)
            kills += _kill_until_done(environment, source, KILLS - kills)
            runs += 1
            correct += _is_correct(environment, wechat)
    return [
        Measurement(
            name="sync, killed workers",
            what=f"runs of {LISTED} followers that ended correctly, of all; {kills} workers killed",
            unit="runs",
            floors=[float(runs)],
            figures=[float(correct)],
            more_is_better=True,
        )
    ]


def _add_followers_who_left(environment: Environment) -> None:
    """Add followers whom a complete run has lacked already: the next one removes them."""
    sync_dependencies(environment).runs.open(EARLIER)
    mark = mark_of(Mark.MISSING, EARLIER.run)
    store = FollowerStore(client("dynamodb", environment.aws), environment.followers_table)
    store.apply_all(
        [
            Follower(f"gone{number}", Status.SUBSCRIBED, 9, 9, 1, LIVE, Source.SYNC, mark)
            for number in range(GONE)
        ]
    )


def _kill_until_done(environment: Environment, source: random.Random, max_kills: int) -> int:
    """Run workers one after the other until one ends the run; returns how many were killed."""
    for killed in range(max_kills + 1):
        kill = killed < max_kills
        at_a_call = source.random() < 0.5 and kill  # noqa: PLR2004 - half
        at_call = source.randrange(1, KILL_WITHIN_CALLS) if at_a_call else 0
        worker = multiprocessing.Process(
            target=_work, args=(environment, at_call, killed * (LEASE_S + 2))
        )
        worker.start()
        if kill and not at_call:
            worker.join(source.uniform(0.05, 1.5))
            worker.kill()
        worker.join()
        if worker.exitcode == 0:
            return killed
    raise AssertionError("the last worker failed, though it was not to be killed")


def _work(environment: Environment, kill_at_call: int, clock_ahead_s: float) -> None:
    pages.PAGE_LIMIT = ROWS_PER_PAGE
    deps = sync_dependencies(environment, clock_ahead_s=clock_ahead_s)
    kill_switch = KillSwitch(kill_at_call, steps=("before-call",))
    for each in (deps.followers._client, deps.runs._table.meta.client):  # noqa: SLF001 - to watch them
        kill_switch.watch(each)
    open_run(deps, COMMAND)
    work(deps)


def _is_correct(environment: Environment, wechat: Simulator) -> bool:
    deps = sync_dependencies(environment)
    run, earlier = deps.runs.newest_first()
    listed = wechat.run_on_loop(
        lambda platform: {follower.openid for follower in platform.followers}
    )
    table = {follower.openid for follower in deps.followers.walk(Status.SUBSCRIBED)}
    return (
        earlier == EARLIER
        and run.state is RunState.DONE
        and (run.listed, run.added, run.changed, run.removed) == (LISTED, LISTED, 0, GONE)
        and run.expected == GONE
        and table == listed
    )
