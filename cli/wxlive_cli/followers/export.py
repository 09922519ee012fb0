"""The subscribed followers as a CSV file."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from wxlive.domain.followers import Follower, Status
from wxlive.stores.followers import FollowerStore
from wxlive_cli.files import write_csv

COLUMNS = (
    "openid",
    "status",
    "subscribed_at",
    "changed_at",
    "room_id",
    "room_status",
    "source",
)


def write_followers(out: Path, store: FollowerStore) -> int:
    """Write the subscribed followers to a CSV file as they are read, and return how many.

    Raises:
        InvalidCommand: the file can't be written there.
    """
    return write_csv(out, COLUMNS, map(follower_row, store.walk(Status.SUBSCRIBED)))


def follower_row(follower: Follower) -> dict[str, Any]:
    """Return the record of a follower as a row of ``COLUMNS``."""
    facts = asdict(follower)
    return {
        **{name: facts[name] for name in COLUMNS},
        "status": follower.status.value,
        "source": follower.source.value,
    }
