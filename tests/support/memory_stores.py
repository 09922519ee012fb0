"""The stores of a stack as plain dictionaries: only what commands and unit tests use."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.brakes import came_at
from wxlive.domain.campaigns import UNENDED, Campaign, CampaignState, Hold, PastHold
from wxlive.domain.events import PushResult
from wxlive.domain.history import GivenCommand
from wxlive.domain.rooms import Choice, Room
from wxlive.domain.sync_runs import SyncRun
from wxlive.errors import Conflict, QuotaUsedUp, StoreBusy
from wxlive.stores.announcements import Announced, AnnouncementStore
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.days import DayStore
from wxlive.stores.history import HistoryStore
from wxlive.stores.living import Living, LivingStore
from wxlive.stores.push_queue import Message, PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.recent_results import RecentResultStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import Asked, RoomStore
from wxlive.stores.sync_runs import SyncRunStore


class MemoryCommands(CommandStore):
    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def outcome(self, command: str) -> dict[str, Any] | None:
        return self.rows.get(command)

    def record(self, command: str, outcome: dict[str, Any], now_s: float) -> bool:
        return self.rows.setdefault(command, outcome) == outcome


class MemoryAnnouncements(AnnouncementStore):
    def __init__(self) -> None:
        self.rows: dict[str, Announced] = {}

    def pending(self) -> list[Announced]:
        return list(self.rows.values())

    def save(self, before: Announced, names: Sequence[str]) -> None:
        if self.rows.get(before.campaign) == before:
            self.rows[before.campaign] = Announced(before.campaign, tuple(names))

    def reopen(self, campaign: str, names: Sequence[str], created_at: int) -> None:
        self.rows.setdefault(campaign, Announced(campaign, tuple(names)))

    def finish(self, campaign: str) -> None:
        self.rows.pop(campaign, None)


class MemoryHistory(HistoryStore):
    def __init__(self) -> None:
        self.rows: dict[str, GivenCommand] = {}
        self.is_busy = False

    def add(self, given: GivenCommand) -> None:
        if self.is_busy:
            raise StoreBusy("The table was too busy for the history; try again")
        self.rows[given.command] = given

    def all(self) -> list[GivenCommand]:
        return list(self.rows.values())


class MemoryCampaigns(CampaignStore):
    """Campaigns; the effect of a command is stored with the command."""

    def __init__(self, commands: MemoryCommands | None = None) -> None:
        self.rows: dict[str, Campaign] = {}
        self._commands = commands or MemoryCommands()

    def get(self, campaign: str) -> Campaign | None:
        return self.rows.get(campaign)

    def newest(self) -> Campaign | None:
        return self.rows[max(self.rows)] if self.rows else None

    def before(self, campaign: str) -> Campaign | None:
        earlier = [name for name in self.rows if name < campaign]
        return self.rows[max(earlier)] if earlier else None

    def of_room(self, room_id: int) -> list[Campaign]:
        return [row for row in self.newest_first() if row.room_id == room_id]

    def newest_first(self) -> Iterator[Campaign]:
        return iter([self.rows[name] for name in sorted(self.rows, reverse=True)])

    def hold(
        self,
        campaign: str,
        to: CampaignState,
        hold: Hold,
        *,
        out_of: Iterable[CampaignState] = (CampaignState.SENDING,),
        past_holds: Iterable[PastHold] | None = None,
        as_read: Campaign | None = None,
        command: str = "",
    ) -> bool:
        if as_read is not None and as_read.resumed_at != self.rows[campaign].resumed_at:
            return False
        facts: dict[str, Any] = {
            "state": to,
            "hold_kind": hold.kind,
            "hold_id": hold.hold_id,
            "reason": hold.reason,
            "held_since": hold.since,
            "resume_at": hold.resume_at,
            **_history(past_holds),
        }
        self._change(campaign, set(out_of), command, **facts)
        return self.rows[campaign].hold_id == hold.hold_id

    def resume(
        self,
        campaign: str,
        hold_id: str,
        now_s: float,
        *,
        past_holds: Iterable[PastHold] | None = None,
        ends_trial: bool = False,
        command: str = "",
    ) -> bool:
        facts: dict[str, Any] = {
            "state": CampaignState.SENDING,
            "hold_kind": None,
            "hold_id": "",
            "reason": None,
            **({"trial_ended_at": int(now_s)} if ends_trial else {}),
            **_history(past_holds),
        }
        is_held_so = self.rows[campaign].hold_id == hold_id
        return is_held_so and self._change(
            campaign, UNENDED, command, resumed_at=int(now_s), **facts
        )

    def end(
        self,
        campaign: str,
        to: CampaignState,
        reason: str,
        now_s: float,
        *,
        out_of_hold: str | None = None,
        past_holds: Iterable[PastHold] | None = None,
        command: str = "",
    ) -> bool:
        facts: dict[str, Any] = {"state": to, "reason": reason, "ended_at": int(now_s)}
        if out_of_hold in {None, self.rows[campaign].hold_id}:
            self._change(campaign, UNENDED, command, **facts, **_history(past_holds))
        return (self.rows[campaign].state, self.rows[campaign].reason) == (to, reason)

    def set_pace(self, campaign: str, per_second: int, now_s: float, *, command: str = "") -> bool:
        return self._change(campaign, UNENDED, command, per_second=per_second)

    def note_not_live(self, campaign: str, now_s: float) -> None:
        row = self.rows[campaign]
        self.rows[campaign] = replace(row, not_live_since=row.not_live_since or int(now_s))

    def _change(
        self, campaign: str, out_of: Iterable[CampaignState], command: str, **facts: Any
    ) -> bool:
        row = self.rows[campaign]
        if row.state not in out_of or command in self._commands.rows:
            return False
        self.rows[campaign] = replace(row, **facts)
        if command:
            self._commands.rows[command] = {"campaign": campaign}
        return True


def _history(past_holds: Iterable[PastHold] | None) -> dict[str, Any]:
    return {} if past_holds is None else {"past_holds": tuple(past_holds)}


class MemoryLiving(LivingStore):
    def __init__(self) -> None:
        self.row: Living | None = None

    def load(self) -> Living | None:
        return self.row

    def is_replaced(self, campaign: str) -> bool:
        return self.row is not None and self.row.campaign != campaign

    def finish(self, living: Living) -> None:
        if self.row == living:
            self.row = replace(living, finished=True)


class MemoryDays(DayStore):
    def __init__(self) -> None:
        self.holders: dict[str, tuple[int, str]] = {}

    def holder(self, day: str) -> tuple[int, str] | None:
        return self.holders.get(day)


class MemoryQueue(PushQueue):
    """The push queue: what was sent, with its delay; a ``broken`` one takes nothing."""

    def __init__(self) -> None:
        self.sent: list[tuple[Message, int]] = []
        self.broken = False

    @property
    def messages(self) -> list[Message]:
        return [message for message, _ in self.sent]

    def send(self, message: Message, *, delay_s: int = 0) -> None:
        if self.broken:
            raise ConnectionError("no queue")
        self.sent.append((message, delay_s))

    def enqueue_all(self, campaign: str, chunks: Sequence[int]) -> None:
        for chunk in chunks:
            self.enqueue(campaign, chunk)


class MemoryResults(ResultStore):
    def __init__(self) -> None:
        self.rows: list[PushResult] = []

    def get(self, room_id: int, message_id: str) -> PushResult | None:
        return next((row for row in self.of_room(room_id) if row.message_id == message_id), None)

    def of_room(self, room_id: int) -> Iterator[PushResult]:
        return (row for row in self.rows if row.room_id == room_id)


class MemoryRecentResults(RecentResultStore):
    def __init__(self) -> None:
        self.rows: list[PushResult] = []

    def add(self, result: PushResult) -> None:
        if result not in self.rows:
            self.rows.append(result)

    def newest(self, room_id: int, limit: int) -> list[PushResult]:
        rows = sorted((row for row in self.rows if row.room_id == room_id), key=came_at)
        return rows[::-1][:limit]


class MemoryRooms(RoomStore):
    def __init__(self) -> None:
        self.rows: dict[int, Room] = {}
        self.chosen_rooms: dict[str, Choice] = {}
        self.last_asked = Asked()
        self.usual = EVERYBODY

    def all(self) -> dict[int, Room]:
        return dict(self.rows)

    def save(self, room: Room, now_s: float) -> None:
        self.rows[room.room_id] = room

    def asked(self) -> Asked:
        return self.last_asked

    def ask(self, now_s: float, *, run_s: int, before: Asked) -> bool:
        if self.last_asked != before or run_s < before.run_s:
            return False
        self.last_asked = Asked(int(now_s), run_s, before.failures)
        return True

    def note_failures(self, failures: int) -> None:
        self.last_asked = replace(self.last_asked, failures=failures)

    def chosen(self, day: str) -> Choice | None:
        return self.chosen_rooms.get(day)

    def usual_audience(self) -> Audience:
        return self.usual

    def set_usual_audience(self, target: Audience) -> None:
        self.usual = target

    def choices(self, since: str) -> dict[str, Choice]:
        return {day: choice for day, choice in self.chosen_rooms.items() if day >= since}

    def choose(self, day: str, choice: Choice, *, before: Choice | None = None) -> None:
        if self.chosen_rooms.get(day) != before:
            raise Conflict("Another worker changed the choice first")
        self.chosen_rooms[day] = choice

    def unchoose(self, day: str, before: Choice) -> None:
        if self.chosen_rooms.get(day) not in {before, None}:
            raise Conflict("Another worker changed the choice first")
        self.chosen_rooms.pop(day, None)


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

    def _counted(self, day: str) -> tuple[int, int]:
        return self.calls.get(day, 0), self.limit

    def consume(self, day: str, now_s: float, call: str) -> None:
        if not self.left(day):
            raise QuotaUsedUp(f"All {self.limit} calls of {day} are used up")
        self.calls[day] = self.used(day) + 1

    def refund(self, day: str, call: str) -> None:
        self.calls[day] -= 1

    def seed(self, day: str, used: int, now_s: float) -> None:
        self.calls[day] = max(used, self.used(day))
