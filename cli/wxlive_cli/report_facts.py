"""What a report tells of a campaign: who was told what, when, how fast, and what went wrong. Pure.

Counts are openids unless a name says calls.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wxlive.answers import meaning_of
from wxlive.campaigns import Chunk, ChunkState
from wxlive.events import PushResult
from wxlive.pace import interval_ms
from wxlive.reports import Report

_MAY_HAVE_LEFT = frozenset({ChunkState.ACCEPTED, ChunkState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Second:
    """The openids of the calls that left in one second (Unix s)."""

    at: int
    accepted: int
    unknown: int

    @property
    def openids(self) -> int:
        return self.accepted + self.unknown


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of refusal or failure. ``overcome`` counts the calls that went through later."""

    errcode: int | None
    meaning: str
    calls: int
    openids: int
    overcome: int
    rid: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """What became of one campaign. Times are Unix seconds, ``limit`` is openids a second.

    ``awaited`` were accepted and their result has not come. ``miscounted`` is how many more were
    accepted than results, come or awaited, speak of.
    """

    report: Report
    room_name: str
    limit: int
    seconds: tuple[Second, ...]
    troubles: tuple[Trouble, ...]
    awaited: int
    last_result_at: int

    @property
    def accepted(self) -> int:
        return self.report.openids[ChunkState.ACCEPTED]

    @property
    def miscounted(self) -> int:
        return self.accepted - self.awaited - self.report.results["total"]

    @property
    def unsent(self) -> int:
        """How many no call was made for, so far or for good."""
        left = (ChunkState.QUEUED, ChunkState.SENDING, ChunkState.CANCELLED)
        return sum(self.report.openids[state] for state in left)

    @property
    def busiest(self) -> int:
        """The most openids in any second."""
        return max((second.openids for second in self.seconds), default=0)

    @property
    def took_s(self) -> int:
        """Seconds from the first call to the last, both counted."""
        return self.seconds[-1].at - self.seconds[0].at + 1 if self.seconds else 0

    @property
    def pace(self) -> int:
        """Openids a second on average."""
        return (
            round(sum(second.openids for second in self.seconds) / self.took_s)
            if self.took_s
            else 0
        )

    def facts(self) -> dict[str, Any]:
        """The report as JSON: what `wxlive status` tells, and when, how fast, why not."""
        return {
            **self.report.summary(),
            "room_name": self.room_name,
            "created_at": self.report.campaign.created_at,
            "first_call_at": self.seconds[0].at if self.seconds else None,
            "last_call_at": self.seconds[-1].at if self.seconds else None,
            "last_result_at": self.last_result_at or None,
            "took_s": self.took_s,
            "limit_per_second": self.limit,
            "busiest_second": self.busiest,
            "openids_per_second": self.pace,
            "awaited": self.awaited,
            "miscounted": self.miscounted,
            "errors": [asdict(trouble) for trouble in self.troubles],
            "seconds": [asdict(second) for second in self.seconds],
        }


def account(
    report: Report,
    ledger: Iterable[Chunk],
    results: Iterable[PushResult],
    *,
    limit: int,
    room_name: str = "",
) -> Account:
    """Tell what became of a campaign, from its report, its ledger and the results of its room."""
    rows = list(ledger)
    told = {result.message_id: result for result in results}
    unknown = {chunk.number for chunk in report.unknown}
    reported = [told[row.message_id] for row in rows if row.message_id in told]
    return Account(
        report=report,
        room_name=room_name,
        limit=limit,
        seconds=_per_second(rows, unknown, limit),
        troubles=_troubles(rows),
        awaited=sum(
            row.openids for row in rows if row.message_id is not None and row.message_id not in told
        ),
        last_result_at=max((result.time_s for result in reported), default=0),
    )


def _per_second(rows: Sequence[Chunk], unknown: set[int], limit: int) -> tuple[Second, ...]:
    """Count by second. The ledger knows the second of a claim; its call left soon after.

    Two claims may fall into one second although the pace kept their calls apart. So a call is
    taken to have left no sooner after the one before than the pace let it.
    """
    left = [row for row in rows if row.claimed_at and row.state in _MAY_HAVE_LEFT]
    chunk = min(limit, max((row.openids for row in left), default=1))
    accepted: Counter[int] = Counter()
    doubtful: Counter[int] = Counter()
    at_ms = 0
    for row in sorted(left, key=lambda row: (row.claimed_at, row.number)):
        at_ms = max(row.claimed_at * 1000, at_ms + interval_ms(limit, chunk))
        (doubtful if row.number in unknown else accepted)[at_ms // 1000] += row.openids
    moments = sorted(accepted.keys() | doubtful.keys())
    return tuple(Second(moment, accepted[moment], doubtful[moment]) for moment in moments)


def _troubles(rows: Iterable[Chunk]) -> tuple[Trouble, ...]:
    """Sum up what calls met, the most frequent first; what WeChat did not answer has no errcode."""
    kinds: dict[tuple[int | None, str], list[Chunk]] = {}
    for row in rows:
        if row.errcode is not None:
            kinds.setdefault((row.errcode, meaning_of(row.errcode)), []).append(row)
        elif row.reason:
            kinds.setdefault((None, row.reason), []).append(row)
    found = [_trouble(errcode, meaning, met) for (errcode, meaning), met in kinds.items()]
    return tuple(sorted(found, key=lambda trouble: (-trouble.openids, trouble.errcode or 0)))


def _trouble(errcode: int | None, meaning: str, met: Sequence[Chunk]) -> Trouble:
    return Trouble(
        errcode=errcode,
        meaning=meaning,
        calls=len(met),
        openids=sum(row.openids for row in met),
        overcome=sum(row.state is ChunkState.ACCEPTED for row in met),
        rid=next((row.rid for row in met if row.rid), None),
    )


def call_rows(
    ledger: Iterable[Chunk], results: Iterable[PushResult]
) -> Iterable[Mapping[str, object]]:
    """Lay each call beside its result, a row of ``CALL_COLUMNS`` each; empty where nothing is."""
    told = {result.message_id: result for result in results}
    for row in ledger:
        facts = {"chunk": row.number, **asdict(row)}
        result = told.get(row.message_id or "")
        outcome = asdict(result) if result else {}
        yield {
            name: outcome.get(name) if name in RESULT_COLUMNS else facts[name]
            for name in CALL_COLUMNS
        }


RESULT_COLUMNS = (
    "time_s",
    "total",
    "success",
    "openid_error",
    "relation_error",
    "user_recv_limit",
    "internal_error",
)
CALL_COLUMNS = (
    "chunk",
    "state",
    "openids",
    "claimed_at",
    "attempts",
    "message_id",
    "errcode",
    "rid",
    "reason",
    *RESULT_COLUMNS,
)
