"""push_start with stores that are plain dictionaries."""

from dataclasses import dataclass, field, replace
from typing import Any

from factories import CAMPAIGN, a_campaign
from support.clock import Clock
from support.doubles import CountingTelemetry, EventBridgeClient
from support.memory_followers import (
    MemoryExceptLists,
    MemoryFollowers,
    MemoryForgotten,
    MemoryMemberIndexes,
    MemoryMuted,
)
from support.memory_ledger import MemoryLedger
from support.memory_stores import (
    MemoryAnnouncements,
    MemoryCampaigns,
    MemoryCommands,
    MemoryDays,
    MemoryLiving,
    MemoryQueue,
    MemoryQuota,
    MemoryResults,
    MemoryRooms,
    MemoryRuns,
)
from support.room_list import RoomList
from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import Chunk
from wxlive.errors import WxliveError
from wxlive.stores.announcements import EventBus
from wxlive.stores.living import Living
from wxlive_push_start.commands import execute
from wxlive_push_start.dependencies import Dependencies


@dataclass
class Starter:
    """push_start's dependencies and what they are made of; ``planned`` are its own events."""

    telemetry: CountingTelemetry
    clock: Clock = field(default_factory=Clock)
    wechat: RoomList = field(default_factory=RoomList)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    living: MemoryLiving = field(default_factory=MemoryLiving)
    results: MemoryResults = field(default_factory=MemoryResults)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    announcements: MemoryAnnouncements = field(default_factory=MemoryAnnouncements)
    events: Any = field(default_factory=EventBridgeClient)
    planned: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.campaigns = MemoryCampaigns(self.commands)
        self._ids = iter(f"id-{number}" for number in range(1, 100))
        self.deps = Dependencies(
            wechat=self.wechat,
            followers=MemoryFollowers(),
            campaigns=self.campaigns,
            ledger=self.ledger,
            results=self.results,
            living=self.living,
            days=MemoryDays(),
            commands=self.commands,
            announcements=self.announcements,
            events=EventBus(self.events, "wxlive"),
            except_lists=MemoryExceptLists(),
            muted=MemoryMuted(),
            forgotten=MemoryForgotten(),
            members=MemoryMemberIndexes(),
            rooms=MemoryRooms(),
            runs=MemoryRuns(),
            quota=MemoryQuota(5000),
            queue=self.queue,
            telemetry=self.telemetry,
            chunk=2000,
            interval_ms=1045,
            day_offset_hours=8,
            brake_percent=50,
            trial_followed_s=0,
            now=self.clock,
            sleep=self.clock.sleep,
            remaining_s=lambda: 900.0,
            plan_later=self.planned.append,
            new_id=lambda: next(self._ids),
        )

    @property
    def campaign(self) -> Campaign:
        return self.campaigns.rows[CAMPAIGN]

    def put(self, *chunks: Chunk, **facts: Any) -> None:
        """Store the living campaign, with these chunks."""
        self.campaigns.rows[CAMPAIGN] = a_campaign(**facts)
        self.living.row = Living(CAMPAIGN, 0)
        for chunk in chunks:
            self.ledger.rows[CAMPAIGN, chunk.number] = chunk

    def change(self, **facts: Any) -> None:
        """Store the campaign with other facts."""
        self.campaigns.rows[CAMPAIGN] = replace(self.campaign, **facts)

    def chunk(self, number: int = 1) -> Chunk:
        return self.ledger.rows[CAMPAIGN, number]

    def execute(self, action: str, command: str = "", **facts: Any) -> dict[str, Any]:
        """Execute a command; a refusal is an answer, as the handler gives it."""
        event = {"action": action, "campaign": CAMPAIGN, **facts}
        event |= {"command": command} if command else {}
        try:
            return execute(event, self.deps)
        except WxliveError as error:
            return {"refused": str(error)}
