"""The ledger: a row for each chunk of a campaign, and its openids, in the State table.

The ledger decides; the push queue only names chunks.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wxlive.domain.campaigns import CAMPAIGN_KEPT_S, Campaign
from wxlive.domain.chunks import Chunk, ChunkState, EarlierCall, RefusedCall, cut_at
from wxlive.domain.outcomes import Outcome, correct
from wxlive.errors import Conflict
from wxlive.stores.chunk_openids import (
    find_openids,
    openids_put,
    openids_replacement,
    read_openids,
)
from wxlive.stores.days import day_claim
from wxlive.stores.dynamo import Item, attempt, get, present, query, transact
from wxlive.stores.ledger_rows import (
    call_of,
    calls_item,
    chunk_as_read,
    chunk_claim,
    chunk_key,
    chunk_update,
    new_chunk,
    not_chosen_otherwise,
    queued_update,
    read_chunk,
    replacement,
    sending,
)
from wxlive.stores.living import is_living, is_superseded, revival
from wxlive.stores.quota import QuotaStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

FIRST_HALF = 500_000
"""Where the numbers of split chunks begin: a day's plan has 5000 at most."""

_HALVES = "chunk#5"
"""How the keys of split chunks begin."""

_CALLED = (ChunkState.SENDING, ChunkState.UNKNOWN)

_ROUNDS = 3
"""Tries to change a chunk that others change meanwhile."""


class LedgerStore:
    """Keeps the chunks of campaigns."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def chunk(self, campaign: str, number: int) -> Chunk | None:
        """Return one ledger row."""
        key = chunk_key(campaign, number)
        item = get(self._table, key["pk"], key["sk"])
        return read_chunk(item) if item else None

    def chunks(self, campaign: str) -> Iterator[Chunk]:
        """Iterate over the ledger."""
        return map(read_chunk, query(self._table, f"campaign#{campaign}", prefix="chunk#"))

    def cuts(self, campaign: str) -> int:
        """Return how often chunks of a campaign were cut, at most."""
        item = get(self._table, f"campaign#{campaign}", "halves")
        return item["halves"] if item else 0

    def halves(self, campaign: str) -> Iterator[Chunk]:
        """Iterate over the chunks that were cut from others, those that were cut first first."""
        return map(read_chunk, query(self._table, f"campaign#{campaign}", prefix=_HALVES))

    def openids(self, campaign: str, number: int) -> list[str] | None:
        """Return the openids of a chunk, None if they have expired."""
        item = find_openids(self._table, campaign, number)
        return read_openids(item) if item else None

    def claim(
        self,
        campaign: Campaign,
        chunk: Chunk,
        *,
        claim: str,
        now_s: float,
        slot_ms: int,
        quota: QuotaStore,
        day: str,
    ) -> None:
        """Permit one call in the slot at ``slot_ms`` (Unix ms), which lies in ``day``.

        In one transaction: the campaign lives and is sending, at the pace that was read, the chunk
        is queued as it was read, the day has a call left, the day is this room's, and no other room
        is chosen for it. So a hold and a pace take effect before the next call, and no chunk is
        ever claimed twice.

        Raises:
            Conflict: one of them is not so; read them again to see which.
            StoreBusy: the table is busy; the chunk may be claimed all the same.
        """
        writes = (
            is_living(campaign.campaign),
            sending(campaign),
            chunk_claim(campaign.campaign, chunk, claim, now_s, slot_ms),
            quota.consumption(day, now_s),
            day_claim(day, campaign.room_id, campaign.campaign, now_s),
            not_chosen_otherwise(day, campaign.room_id),
        )
        try:
            transact(self._table, f"chunk {chunk.number} of {campaign.campaign}", *writes)
        except Conflict:
            if not self._stands(campaign.campaign, chunk.number, claim, ChunkState.SENDING):
                raise

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
        """Queue a claimed chunk again, whose call surely did not leave, and refund its call.

        Returns:
            Whether that is stored; if not, the chunk knows no such call.
        """
        outcome = Outcome(ChunkState.QUEUED, reason=reason)
        facts = {
            "state": outcome.to.value,
            "queued_at": int(now_s),
            "reason": reason,
            "slot_ms": 0,
        }
        refund = quota.repayment(day)
        return self._queue_again(campaign, number, facts, refund, claim=claim) or self._correct(
            campaign, number, outcome, refund, claim=claim
        )

    def finish(
        self, campaign: str, number: int, outcome: Outcome, *, claim: str, now_s: float
    ) -> bool:
        """Store the outcome of a claimed chunk.

        A claim that was settled as unknown meanwhile accepts its outcome; what follows from one
        that comes later is in ``domain.outcomes.correct``.

        Returns:
            Whether it is stored; if not, nothing follows from it.
        """
        facts: dict[str, Any] = present(
            {
                "state": outcome.to.value,
                "message_id": outcome.message_id,
                "errcode": outcome.errcode,
                "rid": outcome.rid,
                "reason": outcome.reason,
            }
        )
        if outcome.to is ChunkState.QUEUED:
            facts |= {"queued_at": int(now_s), "attempts": 0}
            if outcome.wait_s:
                facts["waits_until"] = int(now_s) + outcome.wait_s
            called = None
            if outcome.may_have_notified:
                called = self._called(campaign, number, claim)
                facts["slot_ms"] = 0
            stored = self._queue_again(campaign, number, facts, claim=claim, called=called)
        else:
            stored = self._settle(campaign, number, facts, claim=claim, out_of=_CALLED)
        return stored or self._correct(campaign, number, outcome, claim=claim)

    def abandon(self, campaign: str, chunk: Chunk, *, reason: str) -> bool:
        """Settle a claim whose worker is gone as unknown; returns whether it is unknown."""
        facts = {"state": ChunkState.UNKNOWN.value, "reason": reason}
        out_of = (ChunkState.SENDING,)
        return self._settle(campaign, chunk.number, facts, claim=chunk.claim, out_of=out_of)

    def refuse(self, campaign: str, chunk: Chunk, *, reason: str) -> bool:
        """Refuse a queued chunk that can't be sent; returns whether it is refused."""
        facts = {"state": ChunkState.REFUSED.value, "reason": reason}
        update = queued_update(campaign, chunk, facts)["Update"]
        try:
            attempt(
                f"chunk {chunk.number} of {campaign}",
                lambda: self._table.update_item(**update),
            )
        except Conflict:
            return self._stands(campaign, chunk.number, chunk.claim, ChunkState.REFUSED)
        return True

    def count_attempts(self, campaign: str, number: int, attempts: int) -> None:
        """Store how many attempts in a row did not reach WeChat."""
        attempt(
            f"chunk {number} of {campaign}",
            lambda: self._table.update_item(
                Key=chunk_key(campaign, number),
                UpdateExpression="SET attempts = :attempts",
                ExpressionAttributeValues={":attempts": attempts},
            ),
        )

    def resend(self, campaign: str, chunk: Chunk, *, now_s: float, reason: str) -> bool:
        """Queue an unknown chunk again, by the operator's decision, and revive its campaign.

        The call that was made stays on record: its result may still come. Returns whether the
        chunk is queued; if not, it had changed, or another campaign lives.
        """
        facts = {
            "state": ChunkState.QUEUED.value,
            "queued_at": int(now_s),
            "reason": reason,
            "slot_ms": 0,
        }
        call = call_of(chunk)
        update = chunk_update(
            campaign, chunk.number, facts, claim=chunk.claim, out_of=_CALLED, called=call
        )
        try:
            transact(self._table, f"chunk {chunk.number} of {campaign}", update, revival(campaign))
        except Conflict:
            stored = self.chunk(campaign, chunk.number)
            return stored is not None and call in stored.earlier_calls
        return True

    def accept(self, campaign: str, chunk: Chunk, *, reason: str, is_ended: bool = False) -> bool:
        """Treat an unknown chunk as sent, by the operator's decision; returns whether it is.

        Of a campaign that ``is_ended``, that may be one which was to be sent again: see
        ``Chunk.as_left``.
        """
        row = self.chunk(campaign, chunk.number) if is_ended else None
        if row is not None and row.state is ChunkState.QUEUED:
            accepted = replace(row.as_left(), state=ChunkState.ACCEPTED, reason=reason)
            with suppress(Conflict):
                self._replace(campaign, row, accepted)
            return self.chunk(campaign, chunk.number) == accepted
        facts = {"state": ChunkState.ACCEPTED.value, "reason": reason}
        return self._settle(campaign, chunk.number, facts, claim=chunk.claim, out_of=_CALLED)

    def split(
        self,
        campaign: str,
        chunk: Chunk,
        *,
        claim: str,
        now_s: float,
        refused: RefusedCall | None = None,
    ) -> int | None:
        """Cut a chunk in two queued ones, all or nothing; returns the new one's number.

        Halves are numbered far above the plan, which keeps counting. A half remembers that a call
        with its openids may have reached WeChat.

        Args:
            campaign: the living campaign.
            chunk: the chunk as it was read.
            claim: the claim that holds it, empty if it is queued.
            now_s: the present time.
            refused: the call that WeChat refused because of one of the openids.

        Returns:
            None if nothing was cut: the chunk is not as it was read, its openids have expired, or
            another campaign lives.

        Raises:
            StoreBusy: the table is busy.
        """
        openids = self.openids(campaign, chunk.number)
        if openids is None:
            return None
        number = self._next_half(campaign, now_s)
        middle = cut_at(len(openids), number - FIRST_HALF)
        facts: dict[str, Any] = {
            "state": ChunkState.QUEUED.value,
            "openids": middle,
            "queued_at": int(now_s),
        }
        if refused is not None:
            facts |= {"slot_ms": 0, "refused_calls": calls_item(chunk.with_refused(refused))}
        update = (
            chunk_update(campaign, chunk.number, facts, claim=claim, out_of=_CALLED)
            if claim
            else queued_update(campaign, chunk, facts)
        )
        was_called = chunk.was_called or bool(chunk.earlier_calls)
        try:
            transact(
                self._table,
                f"chunk {chunk.number} of {campaign}",
                update,
                revival(campaign),
                openids_put(campaign, chunk.number, openids[:middle], now_s),
                *new_chunk(
                    campaign,
                    number,
                    openids[middle:],
                    now_s,
                    was_called=was_called,
                    planned=chunk.planned or chunk.number,
                ),
            )
        except Conflict:
            return number if self.chunk(campaign, number) is not None else None
        return number

    def forget(self, campaign: str, chunk: Chunk, openid: str, pseudonym: str) -> bool:
        """Put a pseudonym in an openid's place, in a chunk that is still as it was read.

        The size of the chunk stays what it is, and so does what is known of its calls.

        Returns:
            Whether the chunk has had the openid.

        Raises:
            Conflict: the chunk has changed; it may be called now.
        """
        item = find_openids(self._table, campaign, chunk.number)
        openids = read_openids(item) if item else []
        if item is None or openid not in openids:
            return False
        without = [pseudonym if each == openid else each for each in openids]
        write = openids_replacement(item, without)
        what = f"chunk {chunk.number} of {campaign}"
        transact(self._table, what, write, chunk_as_read(campaign, chunk))
        return True

    def _next_half(self, campaign: str, now_s: float) -> int:
        counted = attempt(
            f"the halves of {campaign}",
            lambda: self._table.update_item(
                Key={"pk": f"campaign#{campaign}", "sk": "halves"},
                UpdateExpression="ADD halves :one SET expires_at = :expires_at",
                ExpressionAttributeValues={":one": 1, ":expires_at": int(now_s) + CAMPAIGN_KEPT_S},
                ReturnValues="UPDATED_NEW",
            ),
        )
        return FIRST_HALF + int(str(counted["Attributes"]["halves"]))

    def _queue_again(
        self,
        campaign: str,
        number: int,
        facts: Mapping[str, Any],
        *writes: Item,
        claim: str,
        called: EarlierCall | None = None,
    ) -> bool:
        """Queue a called chunk of the living campaign; if another one lives, it is cancelled.

        ``called`` is the call that was made, if it may have notified all the same; the chunk is
        unknown then, not cancelled.

        Returns:
            Whether it is queued by that claim.
        """
        what = f"chunk {number} of {campaign}"
        update = chunk_update(campaign, number, facts, claim=claim, out_of=_CALLED, called=called)
        try:
            transact(self._table, what, update, revival(campaign), *writes)
        except Conflict:
            stored = self.chunk(campaign, number)
            if stored is not None and (stored.claim, stored.state) == (claim, ChunkState.QUEUED):
                is_remembered = any(call.claim == claim for call in stored.earlier_calls)
                return is_remembered == (called is not None)
        else:
            return True
        ends_as = ChunkState.CANCELLED if called is None else ChunkState.UNKNOWN
        left = {"state": ends_as.value, "reason": facts.get("reason")}
        update = chunk_update(campaign, number, left, claim=claim, out_of=_CALLED)
        with suppress(Conflict):  # then the claim no longer holds
            transact(self._table, what, update, is_superseded(campaign), *writes)
        return False

    def _called(self, campaign: str, number: int, claim: str) -> EarlierCall | None:
        row = self.chunk(campaign, number)
        return call_of(row) if row is not None and row.claim == claim else None

    def _correct(
        self, campaign: str, number: int, outcome: Outcome, *writes: Item, claim: str
    ) -> bool:
        """Store what follows from an outcome whose claim no longer holds.

        Returns:
            Whether something does, and is stored.

        Raises:
            Conflict: the chunk changed each time.
        """
        for _ in range(_ROUNDS):
            row = self.chunk(campaign, number)
            corrected = correct(row, claim, outcome) if row is not None else None
            if row is None or corrected is None or corrected == row:
                return row is not None and outcome.message_id in row.message_ids
            with suppress(Conflict):
                self._replace(campaign, row, corrected, *writes)
                return True
        raise Conflict(f"Chunk {number} of {campaign} changes all the time; try again")

    def _replace(self, campaign: str, row: Chunk, new: Chunk, *writes: Item) -> None:
        """Change a chunk that is as it was read.

        Raises:
            Conflict: it is not.
        """
        what = f"chunk {row.number} of {campaign}"
        transact(self._table, what, replacement(campaign, row, new), *writes)

    def _settle(
        self,
        campaign: str,
        number: int,
        facts: Mapping[str, Any],
        *,
        claim: str,
        out_of: Sequence[ChunkState],
    ) -> bool:
        """Change a chunk that is claimed; returns whether it is in the new state by that claim."""
        update = chunk_update(campaign, number, facts, claim=claim, out_of=out_of)["Update"]
        try:
            attempt(f"chunk {number} of {campaign}", lambda: self._table.update_item(**update))
        except Conflict:
            state, message_id = ChunkState(facts["state"]), facts.get("message_id")
            return self._stands(campaign, number, claim, state, message_id)
        return True

    def _stands(
        self,
        campaign: str,
        number: int,
        claim: str,
        state: ChunkState,
        message_id: str | None = None,
    ) -> bool:
        """Whether a chunk is in a state by a claim: perhaps by a write whose answer was lost."""
        stored = self.chunk(campaign, number)
        return stored is not None and (stored.claim, stored.state, stored.message_id) == (
            claim,
            state,
            message_id,
        )
