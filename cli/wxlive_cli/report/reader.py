"""Reads what a report is derived from."""

import time
from collections.abc import Iterator
from itertools import islice

from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import Chunk
from wxlive.domain.events import PushResult
from wxlive_cli.report.facts import CampaignFacts, derive_facts
from wxlive_cli.stack import Stack

COMPARED_WITH = 10
"""A campaign is compared with so many before it."""


def read_facts(stack: Stack, campaign: Campaign) -> CampaignFacts:
    """Read the facts of a campaign as they stand now."""
    ledger, results = read_calls(stack, campaign)
    room = stack.rooms.all().get(campaign.room_id)
    return derive_facts(
        stack.report(campaign),
        ledger,
        results,
        limit=stack.push_rate_per_second,
        room_name=room.name if room else "",
    )


def read_earlier(stack: Stack, campaign: Campaign) -> list[CampaignFacts]:
    """Read the facts of the last campaigns before this one, the newest first.

    A campaign that made no call tells nothing about how campaigns go, so it is left out.
    """
    facts = (read_facts(stack, earlier) for earlier in _before(stack, campaign))
    return list(islice((each for each in facts if each.calls), COMPARED_WITH))


def _before(stack: Stack, campaign: Campaign) -> Iterator[Campaign]:
    earlier = stack.campaigns.before(campaign.campaign)
    while earlier is not None:
        yield earlier
        earlier = stack.campaigns.before(earlier.campaign)


def read_calls(stack: Stack, campaign: Campaign) -> tuple[list[Chunk], list[PushResult]]:
    """Read the chunks of a campaign as they stand now, and the results of its room."""
    now_s = time.time()
    ledger = [chunk.as_seen(now_s) for chunk in stack.ledger.chunks(campaign.campaign)]
    return ledger, list(stack.results.of_room(campaign.room_id))
