"""Reads what a report is derived from."""

import time

from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import Chunk
from wxlive.domain.events import PushResult
from wxlive_cli.report.facts import CampaignFacts, derive_facts
from wxlive_cli.stack import Stack


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


def read_previous(stack: Stack, campaign: Campaign) -> CampaignFacts | None:
    """Read the facts of the last campaign before this one that made a call."""
    earlier = stack.campaigns.before(campaign.campaign)
    while earlier is not None:
        facts = read_facts(stack, earlier)
        if facts.seconds:
            return facts
        earlier = stack.campaigns.before(earlier.campaign)
    return None


def read_calls(stack: Stack, campaign: Campaign) -> tuple[list[Chunk], list[PushResult]]:
    """Read the chunks of a campaign as they stand now, and the results of its room."""
    now_s = time.time()
    ledger = [chunk.as_seen(now_s) for chunk in stack.ledger.chunks(campaign.campaign)]
    return ledger, list(stack.results.of_room(campaign.room_id))
