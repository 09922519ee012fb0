"""What the processes of ``bench_export`` do."""

from pathlib import Path

from measuring import peak_mb, seconds
from place import client

from wxlive.stores.followers import FollowerStore
from wxlive_cli.followers import write_followers


def walk_bare(env: dict[str, str], table: str) -> float:
    """Scan the table and look at nothing; returns the seconds it took."""
    dynamodb = client("dynamodb", env)

    def scan() -> None:
        request = {"TableName": table, "ConsistentRead": True}
        while "LastEvaluatedKey" in (answer := dynamodb.scan(**request)):
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    return seconds(scan)


def export(
    env: dict[str, str], table: str, out: Path, followers: int
) -> tuple[float, float, float]:
    """Export so many followers; returns the seconds, and the memory before and at its peak (MB)."""
    store = FollowerStore(client("dynamodb", env), table)
    bare_mb, written = peak_mb(), list[int]()
    taken_s = seconds(lambda: written.append(write_followers(out, store)))
    assert written == [followers], written  # noqa: S101 - or all is void
    return taken_s, bare_mb, peak_mb()
