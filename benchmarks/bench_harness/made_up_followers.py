"""Followers that exist only for a benchmark."""

from typing import TYPE_CHECKING

from bench_harness.local_tables import client, new_followers_table
from wxlive.domain.followers import Follower, ListedRow
from wxlive.stores.followers import FollowerStore

if TYPE_CHECKING:
    # Importing it would add to the memory of the processes that are measured.
    from wxlive_local.local_aws import LocalAws

BATCH = 2000


def made_up_followers(begin: int, end: int) -> list[Follower]:
    """Return followers as a sync lists them, numbered from ``begin`` to before ``end``."""
    return [
        Follower.listed(ListedRow(f"o{number:027d}", 1_700_000_000, 1, 101), 1_700_000_100)
        for number in range(begin, end)
    ]


def filled_followers_table(aws: "LocalAws", followers: int) -> str:
    """Create a Followers table with so many followers; returns its name."""
    table = new_followers_table(aws.env)
    store = FollowerStore(client("dynamodb", aws.env), table)
    for begin in range(0, followers, BATCH):
        store.insert_all(made_up_followers(begin, min(begin + BATCH, followers)))
    return table
