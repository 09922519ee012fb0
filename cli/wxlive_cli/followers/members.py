"""Finds the call of a campaign that somebody is in, within 100 read units a campaign."""

from collections.abc import Iterator
from itertools import chain

from wxlive.digests import digest_of
from wxlive.domain.campaigns import Campaign
from wxlive.domain.member_index import covered
from wxlive_cli.stack import Stack

READ_UNITS = 90
"""What looking through all chunks of a campaign may take; the rest is for the call's outcome."""

MAX_CUTS = 150
"""Rows of so many cut chunks are ten read units. One invalid openid cuts its chunk eleven times."""

_UNIT_BYTES = 4096
_OPENID_BYTES = 24
"""An openid of 28 characters takes 21 or 22, compressed."""


class NotIndexed(Exception):
    """In which chunk somebody is cannot be found out, or not yet."""


def find_chunk(stack: Stack, campaign: Campaign, openid: str) -> int | None:
    """Return the number of the chunk that somebody is in, None if none has them.

    Raises:
        NotIndexed: there is no index of a large campaign yet, or any more.
    """
    parts = stack.members.parts(campaign.campaign)
    is_planned = campaign.fully_planned or campaign.is_ended
    if is_planned and covered(parts) >= campaign.chunks:
        numbers = stack.members.numbers(campaign.campaign, parts, digest_of(openid))
        found = (_find_among(stack, campaign, openid, number) for number in numbers)
        return next((number for number in found if number is not None), None)
    if _units_of(campaign) + stack.ledger.cuts(campaign.campaign) > READ_UNITS:
        raise NotIndexed
    return find_in_all(stack, campaign, openid)


def find_in_all(stack: Stack, campaign: Campaign, openid: str) -> int | None:
    """Do the same by reading every chunk, however many there are."""
    planned = iter(range(1, campaign.chunks + 1))
    halves = (half.number for half in stack.ledger.halves(campaign.campaign))
    return _first_with(stack, campaign, openid, chain(planned, halves))


def _find_among(stack: Stack, campaign: Campaign, openid: str, planned: int) -> int | None:
    """Look in a planned chunk, then in those that were cut from it.

    Raises:
        NotIndexed: the campaign has too many of them to look through.
    """
    found = _first_with(stack, campaign, openid, iter((planned,)))
    if found is not None or not (cuts := stack.ledger.cuts(campaign.campaign)):
        return found
    if cuts > MAX_CUTS:
        raise NotIndexed
    halves = stack.ledger.halves(campaign.campaign)
    of_chunk = (half.number for half in halves if half.planned in {planned, 0})
    return _first_with(stack, campaign, openid, of_chunk)


def _first_with(
    stack: Stack, campaign: Campaign, openid: str, numbers: Iterator[int]
) -> int | None:
    for number in numbers:
        if openid in (stack.ledger.openids(campaign.campaign, number) or ()):
            return number
    return None


def _units_of(campaign: Campaign) -> float:
    return campaign.chunks + campaign.audience * _OPENID_BYTES / _UNIT_BYTES
