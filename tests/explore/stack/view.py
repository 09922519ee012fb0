"""The push as it stands in a state of a world, read by the shipped code."""

import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from explore.aws.store import Item, Tables
from explore.engine.world import World
from explore.stack.places import NOTES, TABLES, WECHAT, Wechat
from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.events import PushResult
from wxlive.domain.followers import Follower
from wxlive.domain.reports import Report, report
from wxlive.domain.rooms import Choice
from wxlive.domain.sync_runs import SyncRun
from wxlive.stores.campaign_rows import read_campaign
from wxlive.stores.followers import _from_item as _read_follower
from wxlive.stores.ledger_rows import read_chunk
from wxlive.stores.results import read_result as _read_result
from wxlive.stores.sync_runs import _from_item as _read_run

_WIRE = TypeSerializer()

Place = tuple[str, int]
"""A chunk's campaign and number."""


@lru_cache(1 << 16)
def campaign_in(item: Item) -> Campaign | None:
    """Return the campaign that an item holds."""
    row: Any = item.attributes
    return read_campaign(row) if row.get("pk") == "campaign" else None


@lru_cache(1 << 16)
def chunk_in(item: Item) -> tuple[Place, Chunk] | None:
    """Return the chunk that an item holds, with its place."""
    row = item.attributes
    kind, _, campaign = str(row.get("pk", "")).partition("#")
    if kind != "campaign" or not row["sk"].startswith("chunk#"):
        return None
    chunk = read_chunk(row)
    return (campaign, chunk.number), chunk


@lru_cache(1 << 16)
def _openids_in(item: Item) -> tuple[Place, tuple[str, ...]] | None:
    row = item.attributes
    found = re.fullmatch(r"openids#(.*)#(\d+)", str(row.get("pk", "")))
    if found is None:
        return None
    openids = tuple(zlib.decompress(row["openids"]).decode().split("\n"))
    return (found.group(1), int(found.group(2))), openids


@lru_cache(1 << 16)
def _result_in(item: Item) -> PushResult | None:
    row: Any = item.attributes
    return _read_result(row) if str(row.get("pk", "")).startswith("results#") else None


@lru_cache(1 << 16)
def follower_in(item: Item) -> Follower | None:
    """Return the follower that an item holds."""
    row: Any = item.attributes
    return _read_follower(_WIRE.serialize(row)["M"]) if "openid" in row else None


@lru_cache(1 << 16)
def sync_run_in(item: Item) -> SyncRun | None:
    """Return the sync run that an item holds."""
    row: Any = item.attributes
    is_run = row.get("pk") == "sync" and "started_at" in row
    return _read_run(row) if is_run else None


@lru_cache(1 << 16)
def used_in(item: Item) -> tuple[str, int] | None:
    """Return the day whose push calls an item counts, and how many."""
    row = item.attributes
    is_quota = row.get("pk") == "quota#push_message"
    return (row["sk"], int(row["used"])) if is_quota else None


@lru_cache(1 << 16)
def _choice_in(item: Item) -> tuple[str, Choice] | None:
    row = item.attributes
    if row.get("pk") != "choice":
        return None
    return row["sk"], Choice(int(row["room_id"]), int(row["chosen_at"]), int(row["push_at"]))


class View:
    """The push, read from a state."""

    def __init__(self, world: World) -> None:
        tables: Tables = world.shared[TABLES]
        self.now_s = world.now.value / 1000
        self.wechat: Wechat = world.shared[WECHAT].value
        self.notes: frozenset[str] = world.shared[NOTES].value
        items = self._items = tables.items
        self.campaigns = list(filter(None, map(campaign_in, items)))
        self.chunks = dict(filter(None, map(chunk_in, items)))
        self.openids = dict(filter(None, map(_openids_in, items)))
        self.chosen = dict(filter(None, map(_choice_in, items)))
        self.used = dict(filter(None, map(used_in, items)))

    @property
    def campaign(self) -> Campaign | None:
        """The one campaign of most worlds: the newest."""
        return max(self.campaigns, key=lambda campaign: campaign.campaign, default=None)

    @property
    def reports(self) -> Iterator[Report]:
        """What the operator is shown of each campaign."""
        results = list(filter(None, map(_result_in, self._items)))
        for campaign in self.campaigns:
            own: list[Chunk] = []
            others: list[Chunk] = []
            for (of, _), chunk in self.chunks.items():
                (own if of == campaign.campaign else others).append(chunk)
            of_room = [result for result in results if result.room_id == campaign.room_id]
            yield report(campaign, own, of_room, self.now_s, others=others)

    def may_have_reached(self, place: Place, claim: str) -> bool:
        """Whether the call under a claim may have reached WeChat, for all that anybody can know."""
        openids = self.openids.get(place, ())
        return (
            openids in self.wechat.doubtful
            or any(call.openids == openids for call in self.wechat.calls)
            or claim in self.notes
        )


def changes(world: World, new: World) -> tuple[tuple[Item | None, Item], ...]:
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


def claimed(world: World, new: World) -> Iterator[tuple[Place, Chunk]]:
    """Yield the chunks that a step has given a new claim, with their places."""
    for old, item in changes(world, new):
        was, found = chunk_in(old) if old else None, chunk_in(item)
        if found is None or found[1].state is not ChunkState.SENDING:
            continue
        if was is None or was[1].state is not ChunkState.SENDING or was[1].claim != found[1].claim:
            yield found
