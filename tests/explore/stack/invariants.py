"""What must hold in every world of the push."""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from explore.aws.store import Item, Tables
from explore.engine.search import Invariants, StateTest, StepTest
from explore.engine.world import Choice, Position, World
from explore.stack.places import DAY_OFFSET_HOURS, NOTES, QUEUE, TABLES, WECHAT, Wechat
from wxlive.domain.calendar import day_of
from wxlive.domain.campaigns import ENDED, HELD, Campaign, CampaignState
from wxlive.domain.chunks import CALL_DELAY_S, CLAIM_STALE_S, Chunk, ChunkState
from wxlive.stores.campaigns import _read_campaign
from wxlive.stores.ledger import _read_chunk

SECOND_MS = 1000

_LEGAL_MOVES = frozenset(
    {
        (ChunkState.QUEUED, ChunkState.SENDING),
        (ChunkState.SENDING, ChunkState.ACCEPTED),
        (ChunkState.SENDING, ChunkState.REFUSED),
        (ChunkState.SENDING, ChunkState.UNKNOWN),
        (ChunkState.SENDING, ChunkState.QUEUED),
        (ChunkState.SENDING, ChunkState.CANCELLED),
        (ChunkState.UNKNOWN, ChunkState.ACCEPTED),
        (ChunkState.UNKNOWN, ChunkState.QUEUED),
        (ChunkState.UNKNOWN, ChunkState.REFUSED),
        (ChunkState.QUEUED, ChunkState.REFUSED),
    }
)
_DECISIONS = frozenset(
    {
        (ChunkState.UNKNOWN, ChunkState.QUEUED),
        (ChunkState.UNKNOWN, ChunkState.ACCEPTED),
    }
)
"""What only an operator's decision does."""


# --------------------------------------------------------------------- views


@lru_cache(1 << 16)
def _campaign_in(item: Item) -> Campaign | None:
    row: Any = item.attributes
    return _read_campaign(row) if row.get("pk") == "campaign" else None


@lru_cache(1 << 16)
def _chunk_in(item: Item) -> Chunk | None:
    row = item.attributes
    is_chunk = str(row.get("pk", "")).startswith("campaign#") and row["sk"].startswith("chunk#")
    return _read_chunk(row) if is_chunk else None


@lru_cache(1 << 16)
def _openids_in(item: Item) -> tuple[int, tuple[str, ...]] | None:
    row = item.attributes
    found = re.fullmatch(r"openids#.*#(\d+)", str(row.get("pk", "")))
    if found is None:
        return None
    return int(found.group(1)), tuple(zlib.decompress(row["openids"]).decode().split("\n"))


@lru_cache(1 << 16)
def _used_in(item: Item) -> tuple[str, int] | None:
    row = item.attributes
    is_quota = row.get("pk") == "quota#push_message"
    return (row["sk"], int(row["used"])) if is_quota else None


@lru_cache(1 << 16)
def _choice_in(item: Item) -> tuple[str, int] | None:
    row = item.attributes
    return (row["sk"], int(row["room_id"])) if row.get("pk") == "choice" else None


class View:
    """The push, read from a state."""

    def __init__(self, world: World) -> None:
        tables: Tables = world.shared[TABLES]
        self.now_s = world.now.value / 1000
        self.wechat: Wechat = world.shared[WECHAT].value
        self.notes: frozenset[str] = world.shared[NOTES].value
        items = tables.items
        self.campaigns = list(filter(None, map(_campaign_in, items)))
        self.chunks = {chunk.number: chunk for chunk in filter(None, map(_chunk_in, items))}
        self.openids = dict(filter(None, map(_openids_in, items)))
        self.chosen = dict(filter(None, map(_choice_in, items)))
        self.used = dict(filter(None, map(_used_in, items)))

    @property
    def campaign(self) -> Campaign | None:
        """The one campaign of most worlds: the newest."""
        return max(self.campaigns, key=lambda campaign: campaign.campaign, default=None)

    def may_have_reached(self, number: int, claim: str) -> bool:
        """Whether the call under a claim may have reached WeChat, for all that anybody can know."""
        openids = self.openids.get(number, ())
        return (
            openids in self.wechat.doubtful
            or any(call.openids == openids for call in self.wechat.calls)
            or claim in self.notes
        )


# --------------------------------------------------------------------- steps


def nobody_twice(world: World, _choice: Choice, new: World) -> str | None:
    """Nobody is pushed twice for a room."""
    before, after = world.shared[WECHAT].value.calls, new.shared[WECHAT].value.calls
    if before is after:
        return None
    pushed = Counter((call.room_id, openid) for call in after for openid in call.openids)
    twice = sorted(openid for (_, openid), times in pushed.items() if times > 1)
    return f"pushed twice: {' '.join(twice)}" if twice else None


def nobody_oftener_than_decided(world: World, _choice: Choice, new: World) -> str | None:
    """A chunk is pushed once, and once more for each time that the operator has it sent again."""
    before, after = world.shared[WECHAT].value.calls, new.shared[WECHAT].value.calls
    if before is after:
        return None
    view = View(new)
    pushed = Counter(call.openids for call in after)
    for number, chunk in view.chunks.items():
        times, decided = pushed[view.openids[number]], len(chunk.earlier_calls)
        if times > 1 + decided:
            return (
                f"chunk {number} is pushed {times} times, and was to be sent again {decided} times"
            )
    return None


def openids_of_the_ledger(world: World, _choice: Choice, new: World) -> str | None:
    """What is pushed is what a claimed chunk holds."""
    before, after = world.shared[WECHAT].value.calls, new.shared[WECHAT].value.calls
    if before is after:
        return None
    view = View(world)
    held = {
        view.openids.get(number)
        for number, chunk in view.chunks.items()
        if chunk.state is ChunkState.SENDING
    }
    strange = [call for call in after if call not in before and call.openids not in held]
    return f"no claimed chunk holds what was pushed: {strange}" if strange else None


def at_the_pace(rate: int) -> StepTest:
    """No second has more openids than the rate."""

    def test(world: World, _choice: Choice, new: World) -> str | None:
        before, after = world.shared[WECHAT].value.window, new.shared[WECHAT].value.window
        if before is after or not after:
            return None
        total = sum(openids for _, openids in after)
        return f"{total} openids within a second: {after}" if total > rate else None

    return test


def within_the_quota(daily_calls: int) -> StepTest:
    """No day has more calls than its quota, as WeChat counts them."""

    def test(world: World, _choice: Choice, new: World) -> str | None:
        before, after = world.shared[WECHAT].value.used, new.shared[WECHAT].value.used
        is_exceeded = after != before and after[1] > daily_calls
        return f"{after[1]} calls were made on {after[0]}" if is_exceeded else None

    return test


def calls_are_counted(world: World, _choice: Choice, new: World) -> str | None:
    """A call is counted before it is made."""
    used = new.shared[WECHAT].value.used
    if used == world.shared[WECHAT].value.used and not any(
        _used_in(item) for _, item in _changes(world, new)
    ):
        return None
    day, made = used
    counted = View(new).used.get(day, 0)
    return f"{made} calls were made and {counted} counted" if made > counted else None


def _changes(world: World, new: World) -> tuple[tuple[Item | None, Item], ...]:
    """Return what a step changed in the tables: the item before, and after."""
    before, after = world.shared[TABLES], new.shared[TABLES]
    return () if before is after else _changed_items(before, after)


@lru_cache(16)  # each test asks for the same
def _changed_items(before: Tables, after: Tables) -> tuple[tuple[Item | None, Item], ...]:
    if before.layout is after.layout:
        pairs = zip(before.items, after.items, strict=True)
        return tuple([pair for pair in pairs if pair[0] is not pair[1]])
    found = zip(after.layout.keys, after.items, strict=True)
    return tuple([(before.get(key), item) for key, item in found if before.get(key) is not item])


def claims_are_lawful(world: World, _choice: Choice, new: World) -> str | None:
    """A chunk is claimed only while its campaign sends, and no other room is chosen for the day."""
    for chunk in _claimed(world, new):
        view = View(world)
        campaign = view.campaign
        day = day_of(chunk.claimed_at + CALL_DELAY_S, DAY_OFFSET_HOURS)
        chosen = view.chosen.get(day)
        if campaign is not None and chosen not in {None, campaign.room_id}:
            return f"chunk {chunk.number} is claimed on {day}, for which room {chosen} is chosen"
        if campaign is None or campaign.state is not CampaignState.SENDING:
            state = campaign.state.value if campaign else "nowhere"
            return f"chunk {chunk.number} is claimed although its campaign is {state}"
    return None


def _claimed(world: World, new: World) -> Iterator[Chunk]:
    """Yield the chunks that a step has given a new claim."""
    for old, item in _changes(world, new):
        was, chunk = _chunk_in(old) if old else None, _chunk_in(item)
        if chunk is None or chunk.state is not ChunkState.SENDING:
            continue
        if was is None or was.state is not ChunkState.SENDING or was.claim != chunk.claim:
            yield chunk


def unknown_is_honest(world: World, _choice: Choice, new: World) -> str | None:
    """A chunk becomes unknown only if its call may have reached WeChat, or may still.

    It may still, for all that anybody knows, if its worker has been silent for too long, but
    lives, or has left its outcome to a message that is under way.
    """
    for _, item in _changes(world, new):
        chunk = _chunk_in(item)
        if chunk is None or chunk.state is not ChunkState.UNKNOWN:
            continue
        view = View(new)
        is_late = view.now_s - chunk.claimed_at > CLAIM_STALE_S and (
            any(chunk.claim in part.value.node.ids for part in new.actors)
            or any(chunk.claim in message.body for message in new.shared[QUEUE].value.messages)
        )
        if not is_late and not view.may_have_reached(chunk.number, chunk.claim):
            return f"chunk {chunk.number} is unknown, but no call left: {chunk.reason}"
    return None


def moves_are_legal(*, with_decisions: bool) -> StepTest:
    """Chunks and campaigns change only as they may; what is settled is never rewritten."""
    legal = _LEGAL_MOVES | (_DECISIONS if with_decisions else frozenset())

    def test(world: World, _choice: Choice, new: World) -> str | None:
        for old, item in _changes(world, new):
            if old is None:
                continue
            was, chunk = _chunk_in(old), _chunk_in(item)
            moved = was and chunk and was.state is not chunk.state and (was.state, chunk.state)
            if chunk and moved and moved not in legal:
                return f"chunk {chunk.number} goes from {moved[0]} to {moved[1]}"
            before, campaign = _campaign_in(old), _campaign_in(item)
            if before and campaign and before.state in ENDED and before.state != campaign.state:
                return f"the campaign goes from {before.state} to {campaign.state}"
        return None

    return test


PAUSED = "pause answered paused"
RESUMING = ("begun resume", "begun start")
"""Notes of operators: a pause was done, and another command may end it."""


def a_pause_holds(world: World, _choice: Choice, new: World) -> str | None:
    """When a pause has answered that it was done, the campaign is held, and nothing is claimed.

    Until somebody begins to resume it.
    """
    notes = new.shared[NOTES].value.union(*(_notes(part.value) for part in new.actors))
    if PAUSED not in notes or not notes.isdisjoint(RESUMING):
        return None
    before = world.shared[NOTES].value.union(*(_notes(part.value) for part in world.actors))
    campaign = View(new).campaign
    is_sending = campaign is not None and campaign.state is CampaignState.SENDING
    if PAUSED not in before and is_sending:
        return "a pause answers that it was done, and the campaign goes on sending"
    for chunk in _claimed(world, new):
        return f"chunk {chunk.number} is claimed after a pause has answered"
    return None


def _notes(at: Position) -> frozenset[str]:
    return at.node.notes if at.kind.is_human else frozenset()


# ---------------------------------------------------------------------- ends


def nobody_is_lost(audience: Iterable[str]) -> StateTest:
    """At the end each openid was pushed, or stands with a reason."""
    planned = frozenset(audience)

    def test(world: World) -> str | None:
        view = View(world)
        campaign = view.campaign
        if campaign is None or campaign.state in ENDED:
            return None
        pushed = {openid for call in view.wechat.calls for openid in call.openids}
        if campaign.state in HELD:
            return None if campaign.reason else "the campaign is held without a reason"
        there = {openid for openids in view.openids.values() for openid in openids}
        if missing := planned - there:
            return f"never planned: {' '.join(sorted(missing))}"
        for number, chunk in sorted(view.chunks.items()):
            seen = chunk.as_seen(view.now_s)
            left = [openid for openid in view.openids[number] if openid not in pushed]
            if left and seen.state in {ChunkState.QUEUED, ChunkState.SENDING}:
                return f"chunk {number} stays {seen.state.value}: nobody will send it"
            is_decided = seen.message_id is None and bool(seen.reason)
            if left and seen.state is ChunkState.ACCEPTED and not is_decided:
                return f"chunk {number} is accepted, and was not pushed"
        return None

    return test


def the_report_is_true(world: World) -> str | None:
    """At the end whoever was pushed is not reported as still to come, or as refused."""
    view = View(world)
    for number, chunk in sorted(view.chunks.items()):
        seen = chunk.as_seen(view.now_s)
        told = any(call.openids == view.openids.get(number) for call in view.wechat.calls)
        if told and seen.state in {ChunkState.QUEUED, ChunkState.REFUSED}:
            return f"chunk {number} was pushed and is reported as {seen.state.value}"
        if seen.state is ChunkState.UNKNOWN and not view.may_have_reached(number, chunk.claim):
            return f"chunk {number} is shown as unknown, but no call left"
    return None


def message_ids_are_kept(world: World) -> str | None:
    """At the end a call that was answered has its message id in the ledger."""
    view = View(world)
    lost: Counter[tuple[str, ...]] = Counter()
    for call in view.wechat.calls:
        rows = [n for n, openids in view.openids.items() if openids == call.openids]
        if any(view.chunks[n].message_id == call.message_id for n in rows):
            continue
        if call.openids in view.wechat.doubtful or any(
            view.chunks[n].claim in view.notes for n in rows
        ):
            continue
        lost[call.openids] += 1  # of a chunk sent again, each earlier call went without an answer
        if lost[call.openids] > sum(len(view.chunks[n].earlier_calls) for n in rows):
            return f"the message id {call.message_id} was answered and is nowhere"
    return None


def usual(
    *,
    rate: int,
    daily_calls: int,
    audience: Iterable[str],
    with_decisions: bool = False,
) -> Invariants:
    """Return what must hold in every world.

    Args:
        rate: most openids in a second.
        daily_calls: most pushes in a day.
        audience: who is to be told.
        with_decisions: whether a human decides about unknown chunks, which may be told again then.
    """
    steps: list[tuple[str, StepTest]] = [
        ("openids-of-the-ledger", openids_of_the_ledger),
        ("at-the-pace", at_the_pace(rate)),
        ("calls-are-counted", calls_are_counted),
        ("within-the-quota", within_the_quota(daily_calls)),
        ("claims-are-lawful", claims_are_lawful),
        ("unknown-is-honest", unknown_is_honest),
        ("moves-are-legal", moves_are_legal(with_decisions=with_decisions)),
        ("a-pause-holds", a_pause_holds),
    ]
    nobody_again = nobody_oftener_than_decided if with_decisions else nobody_twice
    steps.insert(0, ("nobody-twice", nobody_again))
    ends: list[tuple[str, StateTest]] = [
        ("nobody-is-lost", nobody_is_lost(audience)),
        ("the-report-is-true", the_report_is_true),
        ("message-ids-are-kept", message_ids_are_kept),
    ]
    return Invariants((), tuple(steps), tuple(ends), (TABLES, WECHAT))
