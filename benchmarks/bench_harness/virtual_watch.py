"""Days of live rooms on a virtual clock: how soon the real policy notices that each has opened.

Each day three rooms are planned and one opens without a plan. A planned room opens on time, early
or late, up to 3 minutes before its start and up to 12 after it; the start of some is moved during
the day. The schedule runs ``live_watch`` once a minute, at any second of it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from wxlive.domain.rooms import Room, RoomStatus
from wxlive_live_watch.poll_policy import EARLY_S, LATE_S, Reason, is_due, next_poll

DAY_S = 86_400
DAILY_CALLS = 400
CALL_S = 0.3
AWAKE_S = 110
ROOMS_A_DAY = 3
APART_S = 2 * 3600
MOVED_SHARE = 0.2


class Opening(StrEnum):
    """How a room opens."""

    EARLY = "early"
    ON_TIME = "on time"
    LATE = "late"
    MOVED = "moved"
    UNPLANNED = "unplanned"


@dataclass(frozen=True, slots=True)
class Show:
    """A room of a day. Times are seconds of the day.

    The list shows ``first_planned_at`` until ``moved_at``, then ``planned_at``.
    """

    room_id: int
    planned_at: int
    first_planned_at: int
    moved_at: float
    opens_at: float
    closes_at: float

    @property
    def opening(self) -> Opening:
        """How it opens."""
        if not self.planned_at:
            return Opening.UNPLANNED
        if self.first_planned_at != self.planned_at:
            return Opening.MOVED
        late_s = self.opens_at - self.planned_at
        if late_s < 0:
            return Opening.EARLY
        return Opening.ON_TIME if late_s <= 60 else Opening.LATE  # noqa: PLR2004 - a minute

    def as_listed(self, now_s: float) -> Room | None:
        """Return what WeChat lists of it, None before a room without a plan has opened."""
        is_open = self.opens_at <= now_s
        if not is_open and not self.planned_at:
            return None
        status = RoomStatus.NOT_STARTED
        if is_open:
            status = RoomStatus.LIVE if now_s < self.closes_at else RoomStatus.ENDED
        starts_at = self.first_planned_at if now_s < self.moved_at else self.planned_at
        return Room(self.room_id, "", status, starts_at, starts_at and starts_at + APART_S)


@dataclass
class Watched:
    """What came of some days: how late openings were noticed (s), and the calls of each day.

    ``even_s`` is, for each day, how often WeChat could be polled if the calls that planned rooms
    leave were spread evenly.
    """

    delays_s: dict[Opening, list[float]] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)
    even_s: list[float] = field(default_factory=list)

    def planned_delays_s(self) -> list[float]:
        """Return the delays of all planned rooms."""
        planned = [kind for kind in self.delays_s if kind is not Opening.UNPLANNED]
        return [delay for kind in planned for delay in self.delays_s[kind]]


def percentile(values: list[float], percent: float) -> float:
    """Return the value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def watch(days: int, seed: int) -> Watched:
    """Watch so many days, which follow from the seed."""
    random_ = random.Random(seed)
    watched = Watched({kind: [] for kind in Opening})
    for _ in range(days):
        _watch_day(tuple(_shows(random_)), random_, watched)
    return watched


def _shows(random_: random.Random) -> Iterator[Show]:
    begins, ends = 8 * 60, 23 * 60 + 30
    spare = (ends - begins) - (ROOMS_A_DAY - 1) * APART_S // 60
    minutes = sorted(random_.randrange(spare) for _ in range(ROOMS_A_DAY))
    for number, minute in enumerate(minutes):
        planned_at = (begins + minute) * 60 + number * APART_S
        first, moved_at = planned_at, 0.0
        if random_.random() < MOVED_SHARE:
            first = planned_at + 60 * random_.randrange(-90, 90)
            moved_at = min(first, planned_at) - random_.uniform(3600, 4 * 3600)
        opens_at = planned_at + random_.uniform(-EARLY_S, LATE_S)
        closes_at = opens_at + random_.uniform(1800, 5400)
        yield Show(number, planned_at, first, moved_at, opens_at, closes_at)
    opens_at = random_.uniform(0, DAY_S - 1800)
    yield Show(ROOMS_A_DAY, 0, 0, 0.0, opens_at, opens_at + 1800)


def _watch_day(shows: tuple[Show, ...], random_: random.Random, watched: Watched) -> None:
    known: dict[int, Room] = {}
    asked_at, calls, likely_calls = 0.0, 0, 0
    open_by: dict[int, float] = {}
    runs = [60 * minute + random_.uniform(0, 59) for minute in range(DAY_S // 60)]
    for now_s, next_run_s in zip(runs, [*runs[1:], DAY_S], strict=True):
        until_s = min(next_run_s, now_s + AWAKE_S)
        while now_s < until_s:
            poll = next_poll(
                known.values(),
                now_s=now_s,
                asked_at=asked_at,
                calls_left=DAILY_CALLS - calls,
                day_ends_at=DAY_S,
                push_may_follow=True,
            )
            if poll is None:
                break
            if not is_due(poll, now_s):
                if not poll.is_soon:
                    break
                now_s = poll.at  # noqa: PLW2901 - the worker sleeps until then
                continue
            asked_at, calls = now_s, calls + 1
            likely_calls += poll.reason is not Reason.EVENLY
            listed = [room for show in shows if (room := show.as_listed(now_s))]
            known = {room.room_id: room for room in listed}
            now_s += CALL_S  # noqa: PLW2901 - WeChat answers
            for room in listed:
                if room.status != RoomStatus.NOT_STARTED:
                    open_by.setdefault(room.room_id, now_s)
    for show in shows:
        delay_s = open_by.get(show.room_id, DAY_S) - show.opens_at
        watched.delays_s[show.opening].append(delay_s)
    likely_s = ROOMS_A_DAY * (EARLY_S + LATE_S)
    watched.calls.append(calls)
    watched.even_s.append((DAY_S - likely_s) / (DAILY_CALLS - likely_calls))
