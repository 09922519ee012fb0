"""A push in virtual time: the real decisions on pace, quota and fate, without network and tables.

Ten senders share the pace; a call takes 0.3 s. It begins at 19:30 in Beijing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from heapq import heappop, heappush

from wxlive.campaigns import Campaign, CampaignState, Chunk, ChunkState
from wxlive.errors import WxliveError
from wxlive.events import PushResult
from wxlive.pace import TooFar, day_ends_at, day_of, interval_ms, reserve
from wxlive.reports import Report, report
from wxlive_local.simulator.window import SlidingWindow
from wxlive_push_fanout.fate import fate_after
from wxlive_push_fanout.send import MAX_WAIT_MS
from wxlive_push_start.preflight import forecast

RATE, CHUNK, DAILY_CALLS, OFFSET_HOURS, ROOM = 2000, 2000, 5000, 8, 1001
SENDERS, CALL_MS = 10, 300
EVENING_S = 1_795_347_000


def no_mishap(_call: int) -> WxliveError | None:
    """Nothing goes wrong."""
    return None


class Night:
    """A campaign in virtual time; ``mishap`` says what goes wrong with the n-th call.

    ``calls`` counts them by day, ``minutes`` is from the first call to the last.
    """

    def __init__(
        self, followers: int, mishap: Callable[[int], WxliveError | None] = no_mishap
    ) -> None:
        self._mishap = mishap
        self._pace_ms = interval_ms(RATE, CHUNK)
        self.expected = forecast(
            audience=followers, chunk=CHUNK, interval_ms=self._pace_ms, quota_left=DAILY_CALLS
        )
        self._ledger = {
            number: Chunk(number, ChunkState.QUEUED, CHUNK)
            for number in range(1, self.expected.calls + 1)
        }
        self._arrived = SlidingWindow(1.0)
        self.calls: Counter[str] = Counter()
        self.minutes = 0.0
        self._pass_by()

    def told(self) -> str:
        """Say how it went."""
        standing = self._report()
        openids = {state.value: n for state, n in standing.openids.items() if n}
        return (
            f"{standing.state.value} with {openids}, calls by day {dict(self.calls)}, busiest "
            f"sliding second {self._arrived.busiest} openids"
        )

    def _pass_by(self) -> None:
        free = [EVENING_S * 1000] * SENDERS
        rings = [(EVENING_S * 1000, number) for number in self._ledger]
        next_free_ms: int | None = None
        while rings:
            due_ms, number = heappop(rings)
            now_ms = max(heappop(free), due_ms)
            slot = reserve(
                next_free_ms, now_ms=now_ms, interval_ms=self._pace_ms, max_wait_ms=MAX_WAIT_MS
            )
            if isinstance(slot, TooFar):
                heappush(free, now_ms)
                heappush(rings, (now_ms + slot.wait_ms, number))
                continue
            next_free_ms = slot.next_free_ms
            heappush(free, slot.at_ms + CALL_MS)
            again_ms = self._send(number, slot.at_ms)
            if again_ms is not None:
                heappush(rings, (again_ms, number))

    def _send(self, number: int, now_ms: int) -> int | None:
        """Send a chunk, within the quota; returns when it rings again, if ever."""
        now_s = now_ms / 1000
        day = day_of(now_s, OFFSET_HOURS)
        if self.calls[day] >= DAILY_CALLS:
            return day_ends_at(now_s, OFFSET_HOURS) * 1000
        self.calls[day] += 1
        self.minutes = (now_s - EVENING_S) / 60
        chunk = replace(self._ledger[number], attempts=self._ledger[number].attempts + 1)
        chunk = replace(chunk, claimed_at=int(now_s))
        error = self._mishap(self.calls.total())
        if error is None:
            self._arrived.add(now_s, chunk.openids)
            chunk = replace(chunk, state=ChunkState.ACCEPTED, message_id=str(number))
            self._ledger[number] = chunk
            return None
        fate = fate_after(
            error, openids=CHUNK, attempts=chunk.attempts, now_s=now_s, retry_busy=False
        )
        self._ledger[number] = replace(chunk, state=fate.chunk)
        queued = fate.chunk is ChunkState.QUEUED
        return now_ms + 1000 * fate.again_in_s if queued else None

    def _report(self) -> Report:
        campaign = Campaign(
            campaign="virtual",
            room_id=ROOM,
            day=day_of(EVENING_S, OFFSET_HOURS),
            state=CampaignState.SENDING,
            created_at=EVENING_S,
            fully_planned=True,
        )
        results = [
            PushResult(chunk.message_id, ROOM, chunk.claimed_at, CHUNK, CHUNK, 0, 0, 0, 0)
            for chunk in self._ledger.values()
            if chunk.message_id is not None
        ]
        return report(campaign, self._ledger.values(), results, EVENING_S + 60 * self.minutes)
