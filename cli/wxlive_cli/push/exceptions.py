"""Whom a push leaves out: a file of openids, read, checked and stored before the push begins."""

import time
from gettext import gettext as _
from pathlib import Path

from wxlive.digests import digest_of
from wxlive.errors import InvalidCommand
from wxlive.stores.except_lists import MAX_EXCEPTIONS
from wxlive_cli.console import say
from wxlive_cli.formatting import format_quantity
from wxlive_cli.push.openid_files import of_nobody, read_openids, walk_subscribed
from wxlive_cli.stack import Stack


def store_exceptions(stack: Stack, file: Path) -> str:
    """Store the openids of a file as a list of exceptions; returns the list's name.

    Raises:
        InvalidCommand: the file is no list of openids, is too long, or names no subscribed
            follower, as the file of another Mini Program does.
    """
    openids = read_openids(file)
    if len(openids) > MAX_EXCEPTIONS:
        raise InvalidCommand(
            f"{file} has {len(openids):,} openids, and at most {MAX_EXCEPTIONS:,} can be left out; "
            "choose the audience by --subscribed-in, --since or --before instead"
        )
    if not any(walk_subscribed(stack.followers, openids)):
        raise of_nobody(file)
    say(
        _("{openids} of {file} will be left out.").format(
            openids=format_quantity(len(openids), "openid"), file=file
        )
    )
    return stack.except_lists.save(map(digest_of, openids), time.time())
