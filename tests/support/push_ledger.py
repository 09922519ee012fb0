"""What is done to the ledger of a campaign that is sending, and its outcomes."""

from factories import CAMPAIGN, DAY, NOW_S
from support.backends import Tables
from support.push_stores import LATER, PushStores
from wxlive.domain.campaigns import Hold, HoldKind
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.outcomes import Outcome

FOUR = ["o-1", "o-2", "o-3", "o-4"]
"""The openids of the first chunk of the campaign that is ``sending``."""

OTHER_ROOM = 2002
TOMORROW = "2026-11-23"
ACCEPTED = Outcome(ChunkState.ACCEPTED, message_id="m-1")
UNKNOWN = Outcome(ChunkState.UNKNOWN, reason="lost")
QUEUED = Outcome(ChunkState.QUEUED, reason="busy")
TOO_MANY = Outcome(ChunkState.QUEUED, errcode=45011, reason="too many")
REFUSED = Outcome(ChunkState.REFUSED, errcode=9410005, rid="r-1", reason="taken")
HOLD = Hold(HoldKind.OPERATOR, "h-1", "paused", NOW_S)


def finish(stores: PushStores, outcome: Outcome, claim: str = "a", number: int = 1) -> bool:
    """Store an outcome a minute later."""
    return stores.ledger.finish(CAMPAIGN, number, outcome, claim=claim, now_s=LATER)


def resend(stores: PushStores, chunk: Chunk) -> bool:
    """Decide a minute later that a chunk is sent again."""
    return stores.ledger.resend(CAMPAIGN, chunk, now_s=LATER, reason="again")


def supersede(stores: PushStores) -> None:
    """Open another campaign, which lives from now on."""
    stores.open("later-8", before=stores.lives(), room_id=OTHER_ROOM)


def left_unknown(stores: PushStores, state: ChunkState) -> Chunk:
    """Return a chunk whose outcome is unknown, or whose worker has said nothing for long."""
    stores.claim()
    if state is ChunkState.UNKNOWN:
        finish(stores, UNKNOWN)
    return stores.chunk()


def accept(stores: PushStores, read: Chunk) -> bool:
    """Decide that an unknown chunk counts as sent."""
    return stores.ledger.accept(CAMPAIGN, read, reason="so be it")


def claim_it(stores: PushStores, tables: Tables) -> None:
    """Another worker claims it; the call is not counted and the day not held, so they don't."""
    stores.claim("b")
    stores.quota.refund(DAY, "a call")
    tables.state.delete_item(Key={"pk": "day", "sk": DAY})


def cut_it(stores: PushStores, tables: Tables) -> None:
    """Another worker cuts it, and what is left is queued."""
    claim_it(stores, tables)
    stores.ledger.split(CAMPAIGN, stores.chunk(), claim="b", now_s=NOW_S)


def call_it(stores: PushStores, tables: Tables) -> None:
    """Another worker calls with it, and it is queued again."""
    claim_it(stores, tables)
    finish(stores, TOO_MANY, "b")
