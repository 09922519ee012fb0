"""The facts of a report: what was sent when, how fast, and which errors occurred. Pure.

Counts are openids unless a name says calls.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.events import PushResult
from wxlive.domain.reports import Report
from wxlive.wechat.errcodes import meaning_of
from wxlive_cli.report.fates import ACCEPTED, MAY_HAVE_NOTIFIED, Call, calls_of

GAP_S = 5
"""A campaign that makes no call for longer is held, or waits for something."""

_SECOND_MS = 1000


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
class CallError:
    """The calls that met the same error; ``errcode`` is None where WeChat did not answer.

    ``overcome`` counts the calls that succeeded later. ``rid`` is one of their request ids.
    """

    errcode: int | None
    meaning: str
    calls: int
    openids: int
    overcome: int
    rid: str | None


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What is known about one campaign. Times are Unix seconds, ``limit`` is openids per second.

    ``calls`` are all its calls, the earliest first. ``awaited`` were accepted, and their result
    has not arrived. ``miscounted`` were accepted, but no result covers them and none is awaited.
    """

    report: Report
    room_name: str
    limit: int
    calls: tuple[Call, ...]
    errors: tuple[CallError, ...]
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
        """The openids for which no call has been made, so far or for good."""
        left = (ChunkState.QUEUED, ChunkState.SENDING, ChunkState.CANCELLED)
        return sum(self.report.openids[state] for state in left)

    @property
    def audience(self) -> int:
        """The audience, or what is known of it while it is still read from the table."""
        return max(self.report.campaign.audience, sum(self.report.openids.values()))

    @property
    def is_counted(self) -> bool:
        """Whether the audience is complete: it was read to its end, or the campaign has ended.

        Of one that ended with its trial, nobody else is known.
        """
        campaign = self.report.campaign
        return campaign.fully_planned or (campaign.is_ended and not campaign.awaits_trial)

    @property
    def effective(self) -> tuple[Call, ...]:
        """The calls that were accepted or may have been."""
        return tuple(call for call in self.calls if call.fate in MAY_HAVE_NOTIFIED)

    @property
    def seconds(self) -> tuple[Second, ...]:
        """The openids of these calls by the second in which each left."""
        accepted: Counter[int] = Counter()
        unknown: Counter[int] = Counter()
        for call in self.effective:
            counter = accepted if call.fate in ACCEPTED else unknown
            counter[call.at_ms // _SECOND_MS] += call.openids
        times = sorted(accepted.keys() | unknown.keys())
        return tuple(Second(at, accepted[at], unknown[at]) for at in times)

    @property
    def busiest(self) -> int:
        """The most openids in any time of a second, whatever WeChat answered."""
        return _busiest(self.calls)

    @property
    def took_s(self) -> int:
        """Seconds from the first call to a second after the last one began."""
        calls = self.effective
        return round((calls[-1].at_ms - calls[0].at_ms) / _SECOND_MS) + 1 if calls else 0

    @property
    def idle_s(self) -> int:
        """Seconds of ``took_s`` in gaps of more than ``GAP_S`` without a call: it was held."""
        between = pairwise(call.at_ms for call in self.effective)
        gaps = (round((later - at) / _SECOND_MS) - 1 for at, later in between)
        return sum(gap for gap in gaps if gap > GAP_S)

    @property
    def rate(self) -> int:
        """Openids per second on average, while calls were made."""
        if not self.took_s:
            return 0
        return round(sum(call.openids for call in self.effective) / (self.took_s - self.idle_s))

    def times(self) -> dict[str, int | None]:
        """Return when what happened (Unix s); None where it did not, or is not known."""
        campaign = self.report.campaign
        return {
            "created_at": campaign.created_at,
            "held_since": campaign.held_since or None,
            "resume_at": campaign.resume_at or None,
            "first_call_at": self.effective[0].at_ms // _SECOND_MS if self.effective else None,
            "last_call_at": self.effective[-1].at_ms // _SECOND_MS if self.effective else None,
            "last_result_at": self.last_result_at or None,
        }

    def status(self) -> dict[str, Any]:
        """Return the JSON of ``wxlive status`` and ``wxlive push``."""
        return {
            **self.report.summary(),
            "audience": self.audience,
            "per_second": self.report.campaign.per_second,
            "trial": self._trial(),
            **self.times(),
        }

    def _trial(self) -> dict[str, Any] | None:
        campaign = self.report.campaign
        if campaign.trial is None:
            return None
        return {
            "openids": campaign.trial.openids,
            "go_on_at": campaign.trial.go_on_at or None,
            "ended_at": campaign.trial_ended_at or None,
        }

    def brief(self) -> dict[str, Any]:
        """Return the JSON of a campaign that another one is compared with."""
        campaign = self.report.campaign
        return {
            "campaign": campaign.campaign,
            "room_id": campaign.room_id,
            "room_name": self.room_name,
            "state": self.report.state.value,
            "created_at": campaign.created_at,
            "audience": self.audience,
            "success": self.report.results["success"],
            "unknown": self.report.openids[ChunkState.UNKNOWN],
            "refused": self.report.openids[ChunkState.REFUSED],
            "error_calls": sum(error.calls for error in self.errors),
            "took_s": self.took_s,
            "idle_s": self.idle_s,
        }

    def summary(self) -> dict[str, Any]:
        """Return the JSON of ``wxlive report``: that of ``status``, with seconds and errors."""
        return {
            **self.status(),
            "room_name": self.room_name,
            "took_s": self.took_s,
            "idle_s": self.idle_s,
            "limit_per_second": self.limit,
            "busiest_second": self.busiest,
            "openids_per_second": self.rate,
            "awaited": self.awaited,
            "miscounted": self.miscounted,
            "errors": [asdict(error) for error in self.errors],
            "seconds": [asdict(second) for second in self.seconds],
        }


def derive_facts(
    report: Report,
    ledger: Iterable[Chunk],
    results: Iterable[PushResult],
    *,
    limit: int,
    room_name: str = "",
) -> CampaignFacts:
    """Derive the facts of a campaign from its report, its ledger and the results of its room.

    Args:
        report: the report that was made of the ledger and the results.
        ledger: the chunks as they stand now.
        results: the results of the room.
        limit: the most openids per second.
        room_name: the name of the room, empty if unknown.
    """
    chunks = list(ledger)
    by_message = {result.message_id: result for result in results}
    unknown = {chunk.number for chunk in report.unknown}
    sent = [chunk for chunk in chunks if chunk.message_id is not None]
    reported = [by_message[c.message_id] for c in sent if c.message_id in by_message]
    return CampaignFacts(
        report=report,
        room_name=room_name,
        limit=limit,
        calls=calls_of(chunks, by_message, unknown, limit),
        errors=_errors(chunks),
        awaited=sum(chunk.openids for chunk in sent if chunk.message_id not in by_message),
        last_result_at=max((result.time_s for result in reported), default=0),
    )


def _busiest(calls: Iterable[Call]) -> int:
    """Return the most openids in any time of a second."""
    recent: deque[Call] = deque()
    busiest = load = 0
    for call in calls:
        recent.append(call)
        load += call.openids
        while recent[0].at_ms <= call.at_ms - _SECOND_MS:
            load -= recent.popleft().openids
        busiest = max(busiest, load)
    return busiest


def _errors(chunks: Iterable[Chunk]) -> tuple[CallError, ...]:
    """Group the calls by error, the largest group first."""
    groups: dict[tuple[int | None, str], list[Chunk]] = {}
    for chunk in chunks:
        if chunk.errcode is not None:
            groups.setdefault((chunk.errcode, meaning_of(chunk.errcode)), []).append(chunk)
        elif chunk.reason:
            groups.setdefault((None, chunk.reason), []).append(chunk)
    errors = [_error(errcode, meaning, group) for (errcode, meaning), group in groups.items()]
    return tuple(sorted(errors, key=lambda error: (-error.openids, error.errcode or 0)))


def _error(errcode: int | None, meaning: str, chunks: Sequence[Chunk]) -> CallError:
    return CallError(
        errcode=errcode,
        meaning=meaning,
        calls=len(chunks),
        openids=sum(chunk.openids for chunk in chunks),
        overcome=sum(chunk.state is ChunkState.ACCEPTED for chunk in chunks),
        rid=next((chunk.rid for chunk in chunks if chunk.rid), None),
    )
