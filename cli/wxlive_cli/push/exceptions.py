"""Whom a push leaves out: a file of openids, read, checked and stored before the push begins."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from gettext import gettext as _
from pathlib import Path

from wxlive.digests import digest_of
from wxlive.domain.followers import Status
from wxlive.errors import InvalidCommand
from wxlive.stores.except_lists import MAX_EXCEPTIONS
from wxlive.stores.followers import FollowerStore
from wxlive_cli.console import say
from wxlive_cli.followers.comparison import read_list
from wxlive_cli.formatting import format_quantity
from wxlive_cli.stack import Stack

_AT_ONCE = 100
_READERS = 10


def store_exceptions(stack: Stack, file: Path) -> str:
    """Store the openids of a file as a list of exceptions; returns the list's name.

    Raises:
        InvalidCommand: the file is no list of openids, is too long, or names no subscribed
            follower, as the file of another Mini Program does.
    """
    openids = list(read_list(file))
    if not openids:
        raise InvalidCommand(f"{file} has no openid; give a file with one openid per line")
    if len(openids) > MAX_EXCEPTIONS:
        raise InvalidCommand(
            f"{file} has {len(openids):,} openids, and at most {MAX_EXCEPTIONS:,} can be left out; "
            "choose the audience by --subscribed-in, --since or --before instead"
        )
    if not _has_subscribed(stack.followers, openids):
        raise InvalidCommand(
            f"No openid in {file} is a subscribed follower; check that the file is of this Mini "
            "Program, whose openids differ from those of any other"
        )
    say(
        _("{openids} of {file} will be left out.").format(
            openids=format_quantity(len(openids), "openid"), file=file
        )
    )
    return stack.except_lists.save(map(digest_of, openids), time.time())


def _has_subscribed(store: FollowerStore, openids: Sequence[str]) -> bool:
    """Whether one of the openids is a subscribed follower; reads until the first one is found."""
    with ThreadPoolExecutor(_READERS) as pool:
        for start in range(0, len(openids), _AT_ONCE):
            found = pool.map(store.get, openids[start : start + _AT_ONCE])
            if any(one is not None and one.status is Status.SUBSCRIBED for one in found):
                return True
    return False
