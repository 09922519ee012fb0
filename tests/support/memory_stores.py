"""The stores of a stack as plain dictionaries: only what the commands use."""

from collections import Counter
from collections.abc import Iterator

from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import Chunk
from wxlive.domain.events import PushResult
from wxlive.domain.followers import Follower, Status
from wxlive.domain.rooms import Choice, Room
from wxlive.domain.sync_runs import SyncRun
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore


class MemoryFollowers(FollowerStore):
    def __init__(self) -> None:
        self.rows: dict[str, Follower] = {}

    def add(self, *followers: Follower) -> None:
        self.rows |= {follower.openid: follower for follower in followers}

    def get(self, openid: str) -> Follower | None:
        return self.rows.get(openid)

    def walk(self, status: Status | None = None) -> Iterator[Follower]:
        return (row for row in self.rows.values() if status in {None, row.status})

    def count(self) -> dict[Status, int]:
        counts = Counter(row.status for row in self.rows.values())
        return {status: counts[status] for status in Status}


class MemoryCampaigns(CampaignStore):
    def __init__(self) -> None:
        self.rows: dict[str, Campaign] = {}

    def claimed_by(self, day: str) -> str | None:
        return next((row.campaign for row in self.rows.values() if row.day == day), None)

    def get(self, campaign: str) -> Campaign | None:
        return self.rows.get(campaign)

    def newest(self) -> Campaign | None:
        return self.rows[max(self.rows)] if self.rows else None

    def before(self, campaign: str) -> Campaign | None:
        earlier = [name for name in self.rows if name < campaign]
        return self.rows[max(earlier)] if earlier else None


class MemoryLedger(LedgerStore):
    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Chunk] = {}

    def chunk(self, campaign: str, number: int) -> Chunk | None:
        return self.rows.get((campaign, number))

    def chunks(self, campaign: str) -> Iterator[Chunk]:
        return (row for (name, _), row in self.rows.items() if name == campaign)


class MemoryResults(ResultStore):
    def __init__(self) -> None:
        self.rows: list[PushResult] = []

    def of_room(self, room_id: int) -> Iterator[PushResult]:
        return (row for row in self.rows if row.room_id == room_id)


class MemoryRooms(RoomStore):
    def __init__(self) -> None:
        self.rows: dict[int, Room] = {}
        self.choices: dict[str, Choice] = {}
        self.last_asked_at = 0

    def all(self) -> dict[int, Room]:
        return self.rows

    def asked_at(self) -> int:
        return self.last_asked_at

    def chosen(self, day: str) -> Choice | None:
        return self.choices.get(day)

    def choose(self, day: str, choice: Choice) -> None:
        self.choices[day] = choice

    def unchoose(self, day: str) -> None:
        self.choices.pop(day, None)


class MemoryRuns(SyncRunStore):
    def __init__(self) -> None:
        self.rows: dict[str, SyncRun] = {}
        self.lease_ends_at = 0

    def newest(self) -> SyncRun | None:
        return self.rows[max(self.rows)] if self.rows else None

    def get(self, run: str) -> SyncRun | None:
        return self.rows.get(run)

    def holder_until(self) -> int:
        return self.lease_ends_at


class MemoryQuota(QuotaStore):
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.calls: dict[str, int] = {}

    def used(self, day: str) -> int:
        return self.calls.get(day, 0)
