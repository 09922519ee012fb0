"""Who was in which call of a campaign, as rows of a CSV file."""

import time
from collections.abc import Iterator, Mapping

from wxlive.domain.campaigns import Campaign
from wxlive.domain.forgotten import is_pseudonym
from wxlive.domain.tellings import of_chunk
from wxlive_cli.stack import Stack

FORGOTTEN = "(forgotten)"
"""Who was forgotten has no openid here any more."""

MEMBER_COLUMNS = ("openid", "chunk", "outcome", "at", "why")


def member_rows(stack: Stack, campaign: Campaign) -> Iterator[Mapping[str, object]]:
    """Walk everybody who is in a call, as the calls are read: rows of ``MEMBER_COLUMNS``."""
    joined = stack.joined(campaign)
    for row in joined.rows:
        telling = of_chunk(campaign, row, joined.result_of(row), time.time()).summary()
        facts = {name: telling[name] for name in MEMBER_COLUMNS[1:]}
        for openid in stack.ledger.openids(campaign.campaign, row.number) or ():
            yield {"openid": FORGOTTEN if is_pseudonym(openid) else openid, **facts}
