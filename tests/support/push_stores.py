"""The stores of a push on one table, and a campaign that is sending."""

from dataclasses import dataclass, replace
from typing import Any

from factories import CAMPAIGN, DAY, NOW_S, a_new_campaign
from wxlive.domain.campaigns import Campaign, CampaignState, Hold, HoldKind
from wxlive.domain.chunks import Chunk
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.days import DayStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.living import Living, LivingStore
from wxlive.stores.pace import PaceStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.wechat.apis import Api

CALLS = 3
"""The calls of a day."""

LATER = NOW_S + 60

HOLD = Hold(HoldKind.QUOTA, "h-1", "used up", NOW_S, LATER)
PAUSE = Hold(HoldKind.OPERATOR, "h-2", "paused", NOW_S + 1)

SLOT_MS = NOW_S * 1000 + 150


def held(**facts: Any) -> dict[str, Any]:
    """Return the facts of a campaign that ``HOLD`` holds."""
    return {
        "state": CampaignState.PAUSED,
        "hold_kind": HoldKind.QUOTA,
        "hold_id": "h-1",
        "reason": "used up",
        "held_since": NOW_S,
        "resume_at": LATER,
        **facts,
    }


@dataclass(frozen=True)
class PushStores:
    """Every store that a push works with."""

    campaigns: CampaignStore
    ledger: LedgerStore
    living: LivingStore
    days: DayStore
    commands: CommandStore
    pace: PaceStore
    quota: QuotaStore
    results: ResultStore
    rooms: RoomStore

    @classmethod
    def on(cls, table: Any) -> "PushStores":
        return cls(
            CampaignStore(table),
            LedgerStore(table),
            LivingStore(table),
            DayStore(table),
            CommandStore(table),
            PaceStore(table, Api.PUSH_MESSAGE),
            QuotaStore(table, Api.PUSH_MESSAGE, CALLS),
            ResultStore(table),
            RoomStore(table),
        )

    # --------------------------------------------------------------- given

    def open(
        self, campaign: str = CAMPAIGN, *, before: Living | None = None, **facts: Any
    ) -> Campaign:
        """Open a campaign by a command of its own; returns it."""
        opened = a_new_campaign(campaign, **{"command": f"start {campaign}", **facts})
        self.campaigns.open(opened, before=before, release=None)
        return opened

    def start_sending(self) -> Campaign:
        """Plan a campaign of two chunks, of four openids and of one, that is sending."""
        planned = self.open()
        chunks = ("o-1", "o-2", "o-3", "o-4"), ("o-5",)
        for number, openids in enumerate(chunks, 1):
            planned = self.campaigns.add_chunk(
                planned, openids, NOW_S, plan_id=f"plan {number}", cursors={}
            )
        planned = self.campaigns.finish_plan(planned, NOW_S, plan_id="plan end")
        self.campaigns.activate(CAMPAIGN)
        return replace(planned, state=CampaignState.SENDING)

    def claim(self, claim: str = "a", number: int = 1, *, chunk: Chunk | None = None) -> None:
        """Claim a chunk of a campaign that is read anew, for ``DAY``."""
        campaign = self.campaigns.get(CAMPAIGN)
        assert campaign is not None
        row = chunk or self.chunk(number)
        self.ledger.claim(
            campaign, row, claim=claim, now_s=NOW_S, slot_ms=SLOT_MS, quota=self.quota, day=DAY
        )

    def unclaim(self, claim: str = "a", number: int = 1) -> bool:
        """Undo a claim a minute later."""
        facts: dict[str, Any] = {"now_s": LATER, "quota": self.quota, "day": DAY}
        return self.ledger.unclaim(CAMPAIGN, number, claim=claim, **facts)

    # ---------------------------------------------------------------- read

    def campaign(self, campaign: str = CAMPAIGN) -> Campaign:
        """Return a campaign that is there."""
        found = self.campaigns.get(campaign)
        assert found is not None
        return found

    def chunk(self, number: int = 1) -> Chunk:
        """Return a ledger row that is there."""
        found = self.ledger.chunk(CAMPAIGN, number)
        assert found is not None
        return found

    def lives(self) -> Living:
        """Return the pointer to the living campaign, which is there."""
        found = self.living.load()
        assert found is not None
        return found
