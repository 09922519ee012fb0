"""Erases what is on record of one person, and leaves a pseudonym in its place."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from wxlive.digests import digest_of
from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.errors import Conflict, InvalidCommand
from wxlive.stores.forgotten import NOBODY_KEPT_S
from wxlive_cli.campaigns import name_campaign
from wxlive_cli.followers.members import NotIndexed, find_chunk, find_in_all
from wxlive_cli.stack import Stack
from wxlive_cli.stored_secret import load_secret, store_secret

KEY_FIELD = "pseudonym_key"

_KEY_BYTES = 32

_MAY_BE_CALLED = frozenset({ChunkState.QUEUED, ChunkState.SENDING, ChunkState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Erased:
    """What was removed: the record, the note that somebody is muted, places in calls and lists.

    ``under_way`` are the campaigns that began meanwhile and have the person in a call.
    """

    forgotten_at: int
    follower: bool
    muted: bool
    calls: int
    lists: int
    under_way: tuple[str, ...]


def prepare(stack: Stack) -> None:
    """Make sure that there is a key for pseudonyms, and that every function asks for it.

    The first time, that takes a few seconds: functions keep for so long that nobody was forgotten.

    Raises:
        Misconfigured: the key was lost. With another one nobody would know whom it stood for.
    """
    stored = load_secret(stack)
    has_key = bool(stored.fields.get(KEY_FIELD))
    if not has_key:
        stack.forgotten.load()
        key = secrets.token_hex(_KEY_BYTES)
        store_secret(stored, {**stored.fields, KEY_FIELD: key})
    stack.forgotten.begin()
    if not has_key:
        time.sleep(NOBODY_KEPT_S + 1)


def check_forgettable(stack: Stack, openid: str) -> None:
    """Refuse to forget whom a campaign may still call.

    Raises:
        InvalidCommand: it is being planned, or a call of it with the person has not ended; or a
            campaign is being indexed, perhaps from what was read before the erasure.
    """
    for unindexed in stack.members.pending():
        if unindexed.busy_until > time.time():
            raise InvalidCommand(
                f"Campaign {unindexed.campaign} is being indexed and may have this follower; try "
                "again in a few minutes"
            )
    campaign = _living(stack)
    if campaign is None or campaign.is_ended:
        return
    named = name_campaign(stack, campaign)
    if not campaign.fully_planned:
        raise InvalidCommand(
            f"The {named} is being planned and may have this follower; wait until it is planned, "
            "or cancel it, then try again"
        )
    chunk = _chunk_of(stack, campaign, openid)
    if chunk is None or not _may_be_called(stack, campaign, chunk):
        return
    if chunk.state is ChunkState.UNKNOWN:
        raise InvalidCommand(
            f"Call {chunk.number} of the {named} has this follower, and its outcome is unknown; "
            f"decide with `wxlive resolve {campaign.campaign}`, then try again"
        )
    raise InvalidCommand(
        f"Call {chunk.number} of the {named} has this follower and is still to be made; wait for "
        "its end, or cancel the campaign, then try again"
    )


def erase(stack: Stack, openid: str) -> Erased:
    """Remove what is known of somebody from every record; repeated, it removes what came since.

    From the first step on nothing brings the person back, and no push that begins notifies them.
    The record of the follower goes last once more: a page of a sync may have written it meanwhile.
    """
    now_s = time.time()
    pseudonym = stack.forgotten.add(openid, now_s)
    was_follower = stack.followers.remove(openid)
    was_muted = bool(stack.muted.since(openid))
    stack.muted.unmute(openid)
    digest = digest_of(openid)
    lists = sum(stack.except_lists.remove(name, digest) for name in sorted(_lists(stack)))
    calls, under_way = 0, []
    for campaign in list(stack.campaigns.newest_first()):
        replaced, is_whole = _erase_from(stack, campaign, openid, pseudonym)
        calls += replaced
        if not is_whole:
            under_way.append(campaign.campaign)
    was_follower |= stack.followers.remove(openid)
    return Erased(int(now_s), was_follower, was_muted, calls, lists, tuple(under_way))


def _erase_from(stack: Stack, campaign: Campaign, openid: str, pseudonym: str) -> tuple[int, bool]:
    """Return from how many calls somebody was removed, and whether from all."""
    replaced = 0
    while (chunk := _chunk_of(stack, campaign, openid)) is not None:
        if _may_be_called(stack, campaign, chunk):
            return replaced, False
        try:
            replaced += stack.ledger.forget(campaign.campaign, chunk, openid, pseudonym)
        except Conflict:
            continue
    parts = stack.members.parts(campaign.campaign)
    stack.members.remove(campaign.campaign, parts, digest_of(openid))
    return replaced, campaign.fully_planned or not _lives(stack, campaign)


def _chunk_of(stack: Stack, campaign: Campaign, openid: str) -> Chunk | None:
    try:
        number = find_chunk(stack, campaign, openid)
    except NotIndexed:
        number = find_in_all(stack, campaign, openid)
    return None if number is None else stack.ledger.chunk(campaign.campaign, number)


def _may_be_called(stack: Stack, campaign: Campaign, chunk: Chunk) -> bool:
    """Whether another call of a chunk may follow: only of the campaign that lives.

    An unknown one that a result has proven is not called again.
    """
    if chunk.state not in _MAY_BE_CALLED or not _lives(stack, campaign):
        return False
    if chunk.state is not ChunkState.UNKNOWN:
        return True
    return any(row.number == chunk.number for row in stack.report(campaign).unknown)


def _lives(stack: Stack, campaign: Campaign) -> bool:
    return not (campaign.is_ended or stack.living.is_replaced(campaign.campaign))


def _living(stack: Stack) -> Campaign | None:
    living = stack.living.load()
    return stack.campaigns.get(living.campaign) if living is not None else None


def _lists(stack: Stack) -> set[str]:
    """Return the names of the lists that campaigns and plans use."""
    return {name for name in _named_lists(stack) if name}


def _named_lists(stack: Stack) -> Iterator[str]:
    for campaign in stack.campaigns.newest_first():
        yield campaign.target.exceptions
        yield campaign.trial.members if campaign.trial else ""
    for choice in stack.rooms.choices("").values():
        yield choice.target.exceptions
