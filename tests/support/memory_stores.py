"""The stores of a stack as plain dictionaries: only what commands and unit tests use."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from factories import PSEUDONYM_KEY
from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.brakes import came_at
from wxlive.domain.campaigns import UNENDED, Campaign, CampaignState, Hold, PastHold
from wxlive.domain.chunks import Chunk, ChunkState, EarlierCall, RefusedCall
from wxlive.domain.events import PushResult
from wxlive.domain.followers import Follower, Status
from wxlive.domain.forgotten import Forgotten, pseudonym_of
from wxlive.domain.history import GivenCommand
from wxlive.domain.member_index import Part, PartBuilder, chain_of, numbers_in, without
from wxlive.domain.outcomes import Outcome, correct
from wxlive.domain.rooms import Choice, Room
from wxlive.domain.sync_runs import SyncRun
from wxlive.errors import Conflict, QuotaUsedUp, StoreBusy
from wxlive.stores.announcements import Announced, AnnouncementStore
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.days import DayStore
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.history import HistoryStore
from wxlive.stores.ledger import FIRST_HALF, LedgerStore
from wxlive.stores.living import Living, LivingStore
from wxlive.stores.member_indexes import MemberIndexStore, Unindexed
from wxlive.stores.muted import MutedStore
from wxlive.stores.push_queue import Message, PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.recent_results import RecentResultStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import Asked, RoomStore
from wxlive.stores.sync_runs import SyncRunStore


class MemoryFollowers(FollowerStore):
    def __init__(self) -> None:
        self.rows: dict[str, Follower] = {}

    def add(self, *followers: Follower) -> None:
        self.rows |= {follower.openid: follower for follower in followers}

    def get(self, openid: str) -> Follower | None:
        return self.rows.get(openid)

    def remove(self, openid: str) -> bool:
        return self.rows.pop(openid, None) is not None

    def walk(self, status: Status | None = None, after: str | None = None) -> Iterator[Follower]:
        return (row for row in self.rows.values() if status in {None, row.status})

    def count(self) -> dict[Status, int]:
        counts = Counter(row.status for row in self.rows.values())
        return {status: counts[status] for status in Status}


class MemoryForgotten(ForgottenStore):
    def __init__(self, key: str = PSEUDONYM_KEY) -> None:
        self.key = key
        self.has_begun = False
        self.rows: dict[str, int] = {}

    def load(self) -> Forgotten:
        return Forgotten(dict(self.rows), self.key)

    def forgotten_at(self, openid: str) -> int:
        return self.load().forgotten_at(openid)

    def begin(self) -> None:
        self.has_begun = True

    def add(self, openid: str, now_s: float) -> str:
        assert self.has_begun
        pseudonym = pseudonym_of(openid, self.key)
        self.rows[pseudonym] = int(now_s)
        return pseudonym

    def lift(self, openid: str, forgotten_at: int, now_s: int) -> None:
        self.rows.pop(pseudonym_of(openid, self.key), None)


class MemoryMuted(MutedStore):
    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def mute(self, openid: str, now_s: float) -> int:
        return self.rows.setdefault(openid, int(now_s))

    def unmute(self, openid: str) -> None:
        self.rows.pop(openid, None)

    def since(self, openid: str) -> int:
        return self.rows.get(openid, 0)

    def openids(self) -> Iterator[str]:
        return iter(self.rows)


class MemoryMemberIndexes(MemberIndexStore):
    def __init__(self) -> None:
        self.unindexed: dict[str, int] = {}
        self.rows: dict[str, dict[Part, dict[int, bytes]]] = {}

    def pending(self) -> list[Unindexed]:
        return [Unindexed(*row) for row in self.unindexed.items()]

    def keep_busy(self, campaign: str, until_s: float, now_s: float) -> None:
        self.unindexed[campaign] = int(until_s)

    def finish(self, campaign: str) -> None:
        self.unindexed.pop(campaign, None)

    def parts(self, campaign: str) -> list[Part]:
        return chain_of(self.rows.get(campaign, ()))

    def save(
        self, campaign: str, first: int, last: int, members: PartBuilder, now_s: float
    ) -> Part:
        part = Part(first, last, members.bits)
        self.rows.setdefault(campaign, {})[part] = dict(members.buckets())
        return part

    def numbers(self, campaign: str, parts: Iterable[Part], digest: bytes) -> list[int]:
        found: list[int] = []
        for part in parts:
            bucket = self.rows[campaign][part].get(part.bucket_of(digest), b"")
            found += numbers_in(bucket, digest)
        return found

    def remove(self, campaign: str, parts: Iterable[Part], digest: bytes) -> None:
        for part in parts:
            buckets, number = self.rows[campaign][part], part.bucket_of(digest)
            buckets[number] = without(buckets.get(number, b""), digest)


class MemoryExceptLists(ExceptListStore):
    def __init__(self) -> None:
        self.rows: dict[str, frozenset[bytes]] = {}

    def save(self, digests: Iterable[bytes], now_s: float) -> str:
        listed = frozenset(digests)
        name = f"list-{hash(listed)}"
        self.rows[name] = listed
        return name

    def digests(self, name: str) -> Iterator[bytes] | None:
        return iter(self.rows[name]) if name in self.rows else None

    def has(self, name: str, digest: bytes) -> bool | None:
        return digest in self.rows[name] if name in self.rows else None

    def remove(self, name: str, digest: bytes) -> bool:
        was_listed = bool(self.has(name, digest))
        if was_listed:
            self.rows[name] -= {digest}
        return was_listed


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


class MemoryLedger(LedgerStore):
    """The ledger; while it is ``busy`` it refuses so many writes more."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Chunk] = {}
        self.members: dict[tuple[str, int], list[str]] = {}
        self.busy = 0
        self.refunded: list[str] = []

    def chunk(self, campaign: str, number: int) -> Chunk | None:
        return self.rows.get((campaign, number))

    def chunks(self, campaign: str) -> Iterator[Chunk]:
        return (row for (name, _), row in self.rows.items() if name == campaign)

    def cuts(self, campaign: str) -> int:
        return len(list(self.halves(campaign)))

    def halves(self, campaign: str) -> Iterator[Chunk]:
        return (row for row in self.chunks(campaign) if row.number > FIRST_HALF)

    def openids(self, campaign: str, number: int) -> list[str] | None:
        return self.members.get((campaign, number))

    def forget(self, campaign: str, chunk: Chunk, openid: str, pseudonym: str) -> bool:
        openids = self.members.get((campaign, chunk.number), [])
        if openid not in openids:
            return False
        if self.rows[campaign, chunk.number] != chunk:
            raise Conflict("Another worker changed the chunk first")
        openids[openids.index(openid)] = pseudonym
        return True

    def unclaim(
        self,
        campaign: str,
        number: int,
        *,
        claim: str,
        now_s: float,
        quota: QuotaStore,
        day: str,
        reason: str | None = None,
    ) -> bool:
        facts = {"state": ChunkState.QUEUED, "queued_at": int(now_s), "reason": reason}
        outcome = Outcome(ChunkState.QUEUED, reason=reason)
        undone = self._change(campaign, number, claim, **facts) or self._corrected(
            campaign, number, claim, outcome
        )
        self.refunded += [day] * undone
        return undone

    def finish(
        self, campaign: str, number: int, outcome: Outcome, *, claim: str, now_s: float
    ) -> bool:
        facts: dict[str, Any] = {
            "message_id": outcome.message_id,
            "errcode": outcome.errcode,
            "rid": outcome.rid,
        }
        if outcome.to is ChunkState.QUEUED:
            facts |= {"queued_at": int(now_s), "attempts": 0}
        if outcome.may_have_notified:
            row = self.rows[campaign, number]
            call = EarlierCall(row.claimed_at, row.openids, claim)
            facts["earlier_calls"] = (*row.earlier_calls, call)
        return self._change(
            campaign, number, claim, state=outcome.to, reason=outcome.reason, **facts
        ) or self._corrected(campaign, number, claim, outcome)

    def count_attempts(self, campaign: str, number: int, attempts: int) -> None:
        row = self.rows[campaign, number]
        self.rows[campaign, number] = replace(row, attempts=attempts)

    def resend(self, campaign: str, chunk: Chunk, *, now_s: float, reason: str) -> bool:
        call = EarlierCall(chunk.claimed_at, chunk.openids, chunk.claim)
        facts = {
            "state": ChunkState.QUEUED,
            "reason": reason,
            "earlier_calls": (*chunk.earlier_calls, call),
        }
        return self._change(campaign, chunk.number, chunk.claim, **facts)

    def accept(self, campaign: str, chunk: Chunk, *, reason: str, is_ended: bool = False) -> bool:
        facts = {"state": ChunkState.ACCEPTED, "reason": reason}
        return self._change(campaign, chunk.number, chunk.claim, **facts)

    def split(
        self,
        campaign: str,
        chunk: Chunk,
        *,
        claim: str,
        now_s: float,
        refused: RefusedCall | None = None,
    ) -> int | None:
        number, half = 500_001, chunk.openids // 2
        facts: dict[str, Any] = {"state": ChunkState.QUEUED, "openids": half}
        if refused is not None:
            facts["refused_calls"] = chunk.with_refused(refused)
        if not self._change(campaign, chunk.number, claim, **facts):
            return None
        planned = chunk.planned or chunk.number
        self.rows[campaign, number] = Chunk(
            number, ChunkState.QUEUED, chunk.openids - half, planned=planned
        )
        return number

    def _corrected(self, campaign: str, number: int, claim: str, outcome: Outcome) -> bool:
        row = self.rows.get((campaign, number))
        if row is None:
            return False
        self.rows[campaign, number] = correct(row, claim, outcome)
        return self.rows[campaign, number] != row

    def _change(self, campaign: str, number: int, claim: str, **facts: Any) -> bool:
        if self.busy:
            self.busy -= 1
            raise StoreBusy("The table was too busy")
        row = self.rows.get((campaign, number))
        called = {ChunkState.SENDING, ChunkState.UNKNOWN}
        if row is None or row.claim != claim or row.state not in called:
            return False
        self.rows[campaign, number] = replace(row, **facts)
        return True


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
