"""live_watch with stores that are plain dictionaries."""

from dataclasses import dataclass, field
from typing import Any

from factories import CAMPAIGN, a_campaign, a_room
from support.clock import Clock
from support.doubles import CountingTelemetry
from support.memory_stores import (
    MemoryCampaigns,
    MemoryCommands,
    MemoryLiving,
    MemoryQuota,
    MemoryRooms,
)
from support.room_list import RoomList
from wxlive.domain.campaigns import Campaign
from wxlive.domain.rooms import Room
from wxlive.stores.living import Living
from wxlive_live_watch.dependencies import Dependencies
from wxlive_live_watch.poll import poll

ROOM_WAIT_LIMIT_S = 3600


@dataclass
class Watcher:
    """live_watch's dependencies and what they are made of; ``invoked`` are push_start's events."""

    telemetry: CountingTelemetry
    clock: Clock = field(default_factory=Clock)
    wechat: RoomList = field(default_factory=RoomList)
    rooms: MemoryRooms = field(default_factory=MemoryRooms)
    campaigns: MemoryCampaigns = field(default_factory=MemoryCampaigns)
    living: MemoryLiving = field(default_factory=MemoryLiving)
    commands: MemoryCommands = field(default_factory=MemoryCommands)
    quota: MemoryQuota = field(default_factory=lambda: MemoryQuota(400))
    invoked: list[dict[str, Any]] = field(default_factory=list)
    published: list[Room] = field(default_factory=list)
    auto_push: bool = True

    @property
    def deps(self) -> Dependencies:
        return Dependencies(
            wechat=self.wechat,
            rooms=self.rooms,
            campaigns=self.campaigns,
            living=self.living,
            commands=self.commands,
            quota=self.quota,
            other_quotas=(),
            telemetry=self.telemetry,
            auto_push=self.auto_push,
            trial=None,
            room_wait_limit_s=ROOM_WAIT_LIMIT_S,
            day_offset_hours=8,
            now=self.clock,
            sleep=self.clock.sleep,
            run_s=int(self.clock()),
            invoke_push_start=self.invoked.append,
            publish_live=self.published.append,
        )

    def poll(self, after_s: float = 60) -> list[dict[str, Any]]:
        """Let time pass and poll; returns what push_start was invoked with by that."""
        self.clock.now_s += after_s
        self.invoked.clear()
        poll(self.deps)
        return list(self.invoked)

    def put(self, *, finished: bool = False, **facts: Any) -> Campaign:
        """Store the campaign that lives, or lived last."""
        campaign = self.campaigns.rows[CAMPAIGN] = a_campaign(**facts)
        self.living.row = Living(CAMPAIGN, 0, finished=finished)
        return campaign

    def lists(self, **facts: Any) -> None:
        """Have WeChat list the room like this."""
        self.wechat.listed = (a_room(**facts),)
