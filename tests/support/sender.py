"""A sender of push_fanout whose stores are plain dictionaries."""

from dataclasses import dataclass, field, replace
from typing import Any

from factories import CAMPAIGN, DAY, NOW_S, a_campaign, a_chunk
from support.clock import Clock
from support.doubles import CountingTelemetry
from support.memory_ledger import MemoryLedger
from support.memory_stores import (
    MemoryCampaigns,
    MemoryDays,
    MemoryLiving,
    MemoryQueue,
    MemoryQuota,
    MemoryRecentResults,
    MemoryRooms,
)
from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.stores.pace import PaceStore
from wxlive.wechat.client import WechatClient
from wxlive_push_fanout.dependencies import Dependencies
from wxlive_push_fanout.outcomes import Claim


class NoWechat(WechatClient):
    """Nobody may call WeChat here."""

    def __init__(self) -> None: ...


class NoPace(PaceStore):
    """Nobody may reserve a slot here."""

    def __init__(self) -> None: ...


@dataclass
class Sender:
    """A sender that has claimed a chunk: its dependencies, and what they are made of.

    Its invocation ends at ``ends_at``.
    """

    telemetry: CountingTelemetry
    clock: Clock = field(default_factory=Clock)
    campaigns: MemoryCampaigns = field(default_factory=MemoryCampaigns)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    days: MemoryDays = field(default_factory=MemoryDays)
    rooms: MemoryRooms = field(default_factory=MemoryRooms)
    quota: MemoryQuota = field(default_factory=lambda: MemoryQuota(5000))
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    recent_results: MemoryRecentResults = field(default_factory=MemoryRecentResults)
    ends_at: float = NOW_S + 40

    def __post_init__(self) -> None:
        self.claim = Claim("claim-1", NOW_S, NOW_S * 1000, DAY)
        self.campaigns.rows[CAMPAIGN] = a_campaign()
        self.put(a_chunk(1, ChunkState.SENDING, claim="claim-1", claimed_at=NOW_S))
        self._ids = iter(f"id-{number}" for number in range(1, 100))
        self.deps = Dependencies(
            wechat=NoWechat(),
            campaigns=self.campaigns,
            ledger=self.ledger,
            living=MemoryLiving(),
            days=self.days,
            rooms=self.rooms,
            pace=NoPace(),
            quota=self.quota,
            recent_results=self.recent_results,
            queue=self.queue,
            telemetry=self.telemetry,
            rate=2000,
            brake_percent=50,
            retry_busy=False,
            day_offset_hours=8,
            now=self.clock,
            sleep=self.clock.sleep,
            remaining_s=lambda: self.ends_at - self.clock(),
            new_id=lambda: next(self._ids),
        )

    @property
    def campaign(self) -> Campaign:
        return self.campaigns.rows[CAMPAIGN]

    @property
    def chunk(self) -> Chunk:
        return self.ledger.rows[CAMPAIGN, 1]

    def put(self, chunk: Chunk) -> None:
        self.ledger.rows[CAMPAIGN, chunk.number] = chunk

    def change(self, **facts: Any) -> None:
        """Store the chunk with other facts."""
        self.put(replace(self.chunk, **facts))

    def block_table(self) -> None:
        """Have the table refuse every write, for longer than the invocation lasts."""
        self.ledger.busy = 10**6
