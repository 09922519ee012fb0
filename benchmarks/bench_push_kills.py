"""Push workers and planners killed with SIGKILL, again and again: is any follower notified twice?

The report is compared with the ledger of the simulated WeChat.
"""

import random
from collections import Counter

from bench_harness.killed_push import KilledPush
from bench_harness.local_tables import client, new_followers_table
from bench_harness.made_up_followers import made_up_followers
from bench_harness.measurement import Measurement, without
from wxlive.stores.followers import FollowerStore
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import Simulator

KILLS, LISTED = 500, 2000


def measure() -> list[Measurement]:
    """Kill ``KILLS`` processes; the last campaign then ends without kills."""
    source = random.Random(20261123)
    sums: Counter[str] = Counter()
    followers = made_up_followers(0, LISTED)
    with LocalAws() as aws:
        table = new_followers_table(aws.env)
        FollowerStore(client("dynamodb", aws.env), table).insert_all(followers)
        while sums["killed"] < KILLS:
            with Simulator() as wechat:
                push = KilledPush(aws, wechat, table, source)
                push.run(KILLS - sums["killed"])
                sums += push.account({follower.openid for follower in followers})
    return _measurements(sums)


def _measurements(sums: Counter[str]) -> list[Measurement]:
    kills = (
        f"{sums['killed']} kills, {sums['planners']} of planners, in {sums['campaigns']} campaigns"
    )
    unknown = f"{sums['unknown']} unknown chunks, {sums['unknown_but_pushed']} of them pushed"
    return [
        without(
            "push, killed: nobody notified twice",
            f"followers not notified twice, of all; {kills}; notified twice: {sums['twice']}",
            "followers",
            of_all=sums["listed"],
            wrong=sums["twice"],
        ),
        without(
            "push, killed: notified or reported",
            f"followers notified, or reported unknown or refused, of all; missed: {sums['missed']}",
            "followers",
            of_all=sums["listed"],
            wrong=sums["missed"],
        ),
        without(
            "push, killed: unknown explained",
            f"chunks claimed by a worker that was killed, of {unknown}; "
            f"others: {sums['unexplained']}",
            "chunks",
            of_all=sums["unknown"],
            wrong=sums["unexplained"],
        ),
    ]
