"""The ledger in memory."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from wxlive.domain.chunks import Chunk, ChunkState, EarlierCall, RefusedCall
from wxlive.domain.outcomes import Outcome, correct
from wxlive.errors import Conflict, StoreBusy
from wxlive.stores.ledger import FIRST_HALF, LedgerStore
from wxlive.stores.quota import QuotaStore


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
