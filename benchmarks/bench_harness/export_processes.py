"""The work of the fresh processes of a measured export."""

from pathlib import Path

from bench_harness.local_tables import client
from bench_harness.processes import ProcessUsage, seconds, usage_of
from wxlive.stores.followers import FollowerStore
from wxlive_cli.followers.export import write_followers


def scan_table(env: dict[str, str], table: str) -> float:
    """Scan the table and drop its items; returns the seconds it took."""
    dynamodb = client("dynamodb", env)

    def scan() -> None:
        request = {"TableName": table, "ConsistentRead": True}
        while "LastEvaluatedKey" in (answer := dynamodb.scan(**request)):
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    return seconds(scan)


def export(env: dict[str, str], table: str, out: Path, followers: int) -> ProcessUsage:
    """Export the table, which must have so many followers."""
    store = FollowerStore(client("dynamodb", env), table)
    written: list[int] = []
    usage = usage_of(lambda: written.append(write_followers(out, store)))
    assert written == [followers], written  # noqa: S101 - else the figure means nothing
    return usage
