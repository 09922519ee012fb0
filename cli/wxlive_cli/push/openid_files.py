"""Files of openids that say something of a push: read, and compared with the followers."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from wxlive.domain.followers import Status
from wxlive.errors import InvalidCommand
from wxlive.stores.followers import FollowerStore
from wxlive_cli.followers.comparison import read_list

_AT_ONCE = 100
_READERS = 10


def read_openids(file: Path) -> list[str]:
    """Read the openids of a file, each once.

    Raises:
        InvalidCommand: the file is no list of openids, or is empty.
    """
    openids = list(read_list(file))
    if not openids:
        raise InvalidCommand(f"{file} has no openid; give a file with one openid per line")
    return openids


def walk_subscribed(store: FollowerStore, openids: Sequence[str]) -> Iterator[str]:
    """Walk those of some openids that are subscribed followers, a hundred reads ahead."""
    with ThreadPoolExecutor(_READERS) as pool:
        for start in range(0, len(openids), _AT_ONCE):
            for one in pool.map(store.get, openids[start : start + _AT_ONCE]):
                if one is not None and one.status is Status.SUBSCRIBED:
                    yield one.openid


def of_nobody(file: Path) -> InvalidCommand:
    """Return the refusal of a file without a subscribed follower."""
    return InvalidCommand(
        f"No openid in {file} is a subscribed follower; check that the file is of this Mini "
        "Program, whose openids differ from those of any other"
    )
