"""A push in virtual time: the real decisions on pace, quota and failures; no network, no tables.

Ten senders share the pace; a call takes 0.3 s. The push starts at 19:30 in Beijing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from heapq import heappop, heappush

from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState, size_of, spread_of
from wxlive.domain.events import PushResult
from wxlive.domain.pace import Pace, TooFar, interval_ms, reserve
from wxlive.domain.reports import Report, report
from wxlive.errors import WxliveError
from wxlive_local.simulator.window import SlidingWindow
from wxlive_push_fanout.failure_decision import decide_after_failure
from wxlive_push_fanout.send import MAX_WAIT_MS
from wxlive_push_start.checks import ROOM_FOR_SPREAD
from wxlive_push_start.preflight import forecast

RATE, CHUNK, DAILY_CALLS, OFFSET_HOURS, ROOM = 2000, 2000, 5000, 8, 1001
SENDERS, CALL_MS = 10, 300
STARTS_AT_S = 1_795_347_000


def no_failure(_call: int) -> WxliveError | None:
    """Let every call succeed."""
    return None


class VirtualPush:
    """A finished campaign in virtual time; ``failure_of`` returns the error of the n-th call.

    ``calls`` counts the calls by day, ``minutes`` is the time from the first call to the last.
    """

    def __init__(
        self, followers: int, failure_of: Callable[[int], WxliveError | None] = no_failure
    ) -> None:
        self._failure_of = failure_of
        self.expected = forecast(
            audience=followers,
            chunk=CHUNK,
            interval_ms=interval_ms(RATE, CHUNK),
            quota_left=DAILY_CALLS,
            day_left_s=day_ends_at(STARTS_AT_S, OFFSET_HOURS) - STARTS_AT_S,
        )
        has_room = self.expected.calls * ROOM_FOR_SPREAD <= DAILY_CALLS
        self._ledger = dict(_cut(followers, spread_of(CHUNK) if has_room else 1))
        self._arrived = SlidingWindow(1.0)
        self.calls: Counter[str] = Counter()
        self.minutes = 0.0
        self._run()

    def describe(self) -> str:
        """Describe the outcome."""
        outcome = self._report()
        openids = {state.value: n for state, n in outcome.openids.items() if n}
        return (
            f"{outcome.state.value} with {openids}, calls by day {dict(self.calls)}, busiest "
            f"sliding second {self._arrived.busiest} openids"
        )

    def _run(self) -> None:
        """Send until no message is left in the queue."""
        senders_free_at = [STARTS_AT_S * 1000] * SENDERS
        queue = [(STARTS_AT_S * 1000, number) for number in self._ledger]
        pace = Pace()
        while queue:
            due_ms, number = heappop(queue)
            now_ms = max(heappop(senders_free_at), due_ms)
            slot = reserve(
                pace,
                openids=self._ledger[number].openids,
                rate=RATE,
                now_ms=now_ms,
                max_wait_ms=MAX_WAIT_MS,
                midnights_ms=(day_ends_at(now_ms / 1000, OFFSET_HOURS) * 1000,),
            )
            if isinstance(slot, TooFar):
                heappush(senders_free_at, now_ms)
                heappush(queue, (now_ms + slot.wait_ms, number))
                continue
            pace = slot.pace
            heappush(senders_free_at, slot.at_ms + CALL_MS)
            again_at_ms = self._send(number, slot.at_ms)
            if again_at_ms is not None:
                heappush(queue, (again_at_ms, number))

    def _send(self, number: int, now_ms: int) -> int | None:
        """Send a chunk within the quota; returns when it is due again, if at all."""
        now_s = now_ms / 1000
        day = day_of(now_s, OFFSET_HOURS)
        if self.calls[day] >= DAILY_CALLS:
            return day_ends_at(now_s, OFFSET_HOURS) * 1000
        self.calls[day] += 1
        self.minutes = (now_s - STARTS_AT_S) / 60
        chunk = self._ledger[number]
        chunk = replace(chunk, claimed_at=int(now_s))
        error = self._failure_of(self.calls.total())
        if error is not None:
            return self._not_sent(chunk, error, now_ms)
        self._arrived.add(now_s, chunk.openids)
        accepted = replace(chunk, state=ChunkState.ACCEPTED, message_id=str(number))
        self._ledger[number] = accepted
        return None

    def _not_sent(self, chunk: Chunk, error: WxliveError, now_ms: int) -> int | None:
        decision = decide_after_failure(
            error,
            openids=chunk.openids,
            attempts=chunk.attempts,
            now_s=now_ms / 1000,
            retry_busy=False,
        )
        attempts = chunk.attempts + decision.counts
        self._ledger[chunk.number] = replace(chunk, state=decision.chunk, attempts=attempts)
        queued = decision.chunk is ChunkState.QUEUED
        return now_ms + 1000 * decision.again_in_s if queued else None

    def _report(self) -> Report:
        campaign = Campaign(
            campaign="virtual",
            room_id=ROOM,
            day=day_of(STARTS_AT_S, OFFSET_HOURS),
            state=CampaignState.SENDING,
            created_at=STARTS_AT_S,
            chunks=len(self._ledger),
            fully_planned=True,
        )
        results = [
            _result(chunk) for chunk in self._ledger.values() if chunk.message_id is not None
        ]
        return report(campaign, self._ledger.values(), results, STARTS_AT_S + 60 * self.minutes)


def _cut(followers: int, spread: int) -> Iterator[tuple[int, Chunk]]:
    """Cut the followers into chunks as the planner does."""
    number = 0
    while followers > 0:
        number += 1
        openids = min(followers, size_of(number, CHUNK, spread))
        followers -= openids
        yield number, Chunk(number, ChunkState.QUEUED, openids)


def _result(chunk: Chunk) -> PushResult:
    total = chunk.openids
    return PushResult(str(chunk.message_id), ROOM, chunk.claimed_at, total, total, 0, 0, 0, 0)
