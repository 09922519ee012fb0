"""The ledger: a row for each chunk of a campaign, and its openids, in the State table.

The ledger decides; the push queue only names chunks. A chunk's openids are kept apart from its
row, in a partition of their own: they are large, and one partition takes a thousand write units a
second.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wxlive.domain.campaigns import CAMPAIGN_KEPT_S, Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState, RefusedCall
from wxlive.errors import Conflict
from wxlive.stores.days import day_claim
from wxlive.stores.dynamo import CAMPAIGN_PK, Item, attempt, get, present, query, transact
from wxlive.stores.living import is_living, is_superseded, revival
from wxlive.stores.quota import QuotaStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

FIRST_HALF = 500_000
"""Where the numbers of split chunks begin: a day's plan has 5000 at most."""

_CALLED = (ChunkState.SENDING, ChunkState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed chunk, and what WeChat said."""

    to: ChunkState
    message_id: str | None = None
    errcode: int | None = None
    rid: str | None = None
    reason: str | None = None


class LedgerStore:
    """Keeps the chunks of campaigns."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def chunk(self, campaign: str, number: int) -> Chunk | None:
        """Return one ledger row."""
        key = _chunk_key(campaign, number)
        item = get(self._table, key["pk"], key["sk"])
        return _read_chunk(item) if item else None

    def chunks(self, campaign: str) -> Iterator[Chunk]:
        """Iterate over the ledger."""
        return map(_read_chunk, query(self._table, f"campaign#{campaign}", prefix="chunk#"))

    def openids(self, campaign: str, number: int) -> list[str] | None:
        """Return the openids of a chunk, None if they have expired."""
        item = get(self._table, **_openids_key(campaign, number)) or get(
            # Where version 0.1 kept them.
            self._table,
            f"campaign#{campaign}",
            f"openids#{number:06d}",
        )
        return zlib.decompress(item["openids"]).decode().split("\n") if item else None

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

        In one transaction: the campaign lives and is sending, the chunk is queued as it was read,
        the day has a call left, the day is this room's, and no other room is chosen for it. So a
        hold takes effect before the next call, and no chunk is ever claimed twice.

        Raises:
            Conflict: one of them is not so; read them again to see which.
            StoreBusy: the table is busy; the chunk may be claimed all the same.
        """
        writes = (
            is_living(campaign.campaign),
            _sending(campaign.campaign),
            _chunk_claim(campaign.campaign, chunk, claim, now_s, slot_ms),
            quota.consumption(day, now_s),
            day_claim(day, campaign.room_id, campaign.campaign, now_s),
            _not_chosen_otherwise(day, campaign.room_id),
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
            Whether it is queued; if not, the claim no longer held, or another campaign lives.
        """
        facts = {
            "state": ChunkState.QUEUED.value,
            "queued_at": int(now_s),
            "reason": reason,
            "slot_ms": 0,
        }
        return self._queue_again(campaign, number, facts, quota.repayment(day), claim=claim)

    def finish(
        self, campaign: str, number: int, outcome: Outcome, *, claim: str, now_s: float
    ) -> bool:
        """Store the outcome of a claimed chunk; returns whether it is stored.

        A claim that was settled as unknown meanwhile accepts its outcome.
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
            return self._queue_again(campaign, number, facts, claim=claim)
        return self._settle(campaign, number, facts, claim=claim, out_of=_CALLED)

    def abandon(self, campaign: str, chunk: Chunk, *, reason: str) -> bool:
        """Settle a claim whose worker is gone as unknown; returns whether it is unknown."""
        facts = {"state": ChunkState.UNKNOWN.value, "reason": reason}
        out_of = (ChunkState.SENDING,)
        return self._settle(campaign, chunk.number, facts, claim=chunk.claim, out_of=out_of)

    def refuse(self, campaign: str, chunk: Chunk, *, reason: str) -> bool:
        """Refuse a queued chunk that can't be sent; returns whether it is refused."""
        facts = {"state": ChunkState.REFUSED.value, "reason": reason}
        update = _queued_update(campaign, chunk, facts)["Update"]
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
                Key=_chunk_key(campaign, number),
                UpdateExpression="SET attempts = :attempts",
                ExpressionAttributeValues={":attempts": attempts},
            ),
        )

    def resend(self, campaign: str, chunk: Chunk, *, now_s: float, reason: str) -> bool:
        """Queue an unknown chunk again, by the operator's decision, and revive its campaign.

        The call that was made stays on record: its result may still come. Returns whether the
        chunk is queued; if not, it had changed, or another campaign lives.
        """
        calls = (*chunk.earlier_calls, (chunk.claimed_at, chunk.openids))
        facts = {
            "state": ChunkState.QUEUED.value,
            "queued_at": int(now_s),
            "reason": reason,
            "earlier_calls": [list(call) for call in calls],
            "slot_ms": 0,
        }
        update = _chunk_update(campaign, chunk.number, facts, claim=chunk.claim, out_of=_CALLED)
        try:
            transact(self._table, f"chunk {chunk.number} of {campaign}", update, revival(campaign))
        except Conflict:
            stored = self.chunk(campaign, chunk.number)
            return stored is not None and stored.earlier_calls == calls
        return True

    def accept(self, campaign: str, chunk: Chunk, *, reason: str) -> bool:
        """Treat an unknown chunk as sent, by the operator's decision; returns whether it is."""
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
        middle = len(openids) // 2
        number = self._next_half(campaign, now_s)
        facts: dict[str, Any] = {
            "state": ChunkState.QUEUED.value,
            "openids": middle,
            "queued_at": int(now_s),
        }
        if refused is not None:
            facts |= {"slot_ms": 0, "refused_calls": _calls_item(chunk.with_refused(refused))}
        update = (
            _chunk_update(campaign, chunk.number, facts, claim=claim, out_of=_CALLED)
            if claim
            else _queued_update(campaign, chunk, facts)
        )
        was_called = chunk.was_called or bool(chunk.earlier_calls)
        try:
            transact(
                self._table,
                f"chunk {chunk.number} of {campaign}",
                update,
                revival(campaign),
                _openids_put(campaign, chunk.number, openids[:middle], now_s),
                *new_chunk(campaign, number, openids[middle:], now_s, was_called=was_called),
            )
        except Conflict:
            return number if self.chunk(campaign, number) is not None else None
        return number

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
        self, campaign: str, number: int, facts: Mapping[str, Any], *writes: Item, claim: str
    ) -> bool:
        """Queue a called chunk of the living campaign; if another one lives, it is cancelled.

        Returns:
            Whether it is queued by that claim.
        """
        what = f"chunk {number} of {campaign}"
        update = _chunk_update(campaign, number, facts, claim=claim, out_of=_CALLED)
        try:
            transact(self._table, what, update, revival(campaign), *writes)
        except Conflict:
            if self._stands(campaign, number, claim, ChunkState.QUEUED):
                return True
        else:
            return True
        cancelled = {"state": ChunkState.CANCELLED.value, "reason": facts.get("reason")}
        update = _chunk_update(campaign, number, cancelled, claim=claim, out_of=_CALLED)
        with suppress(Conflict):  # then the claim no longer holds
            transact(self._table, what, update, is_superseded(campaign), *writes)
        return False

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
        update = _chunk_update(campaign, number, facts, claim=claim, out_of=out_of)["Update"]
        try:
            attempt(f"chunk {number} of {campaign}", lambda: self._table.update_item(**update))
        except Conflict:
            return self._stands(campaign, number, claim, ChunkState(facts["state"]))
        return True

    def _stands(self, campaign: str, number: int, claim: str, state: ChunkState) -> bool:
        """Whether a chunk is in a state by a claim: perhaps by a write whose answer was lost."""
        stored = self.chunk(campaign, number)
        return stored is not None and (stored.claim, stored.state) == (claim, state)


def new_chunk(
    campaign: str, number: int, openids: Sequence[str], now_s: float, *, was_called: bool = False
) -> list[Item]:
    """Return the writes that add a queued chunk, as parts of a transaction."""
    return [
        _openids_put(campaign, number, openids, now_s),
        _chunk_put(campaign, number, len(openids), now_s, was_called=was_called),
    ]


def _chunk_key(campaign: str, number: int) -> dict[str, str]:
    return {"pk": f"campaign#{campaign}", "sk": f"chunk#{number:06d}"}


def _openids_key(campaign: str, number: int) -> dict[str, str]:
    return {"pk": f"openids#{campaign}#{number:06d}", "sk": "openids"}


def _sending(campaign: str) -> Item:
    return {
        "ConditionCheck": {
            "Key": {"pk": CAMPAIGN_PK, "sk": campaign},
            "ConditionExpression": "#state = :sending",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":sending": CampaignState.SENDING.value},
        }
    }


def _not_chosen_otherwise(day: str, room_id: int) -> Item:
    return {
        "ConditionCheck": {
            "Key": {"pk": "choice", "sk": day},
            "ConditionExpression": "attribute_not_exists(room_id) OR room_id = :room",
            "ExpressionAttributeValues": {":room": room_id},
        }
    }


def _chunk_claim(campaign: str, chunk: Chunk, claim: str, now_s: float, slot_ms: int) -> Item:
    facts: dict[str, Any] = {
        "state": ChunkState.SENDING.value,
        "claim": claim,
        "claimed_at": int(now_s),
        "slot_ms": slot_ms,
    }
    if chunk.all_refused_calls:
        facts["refused_calls"] = _calls_item(chunk.all_refused_calls)
    return _queued_update(campaign, chunk, facts)


def _calls_item(calls: Sequence[RefusedCall]) -> list[list[int]]:
    return [list(call) for call in calls]


def _chunk_update(
    campaign: str,
    number: int,
    facts: Mapping[str, Any],
    *,
    claim: str,
    out_of: Sequence[ChunkState],
) -> Item:
    """Change a chunk that is still claimed by ``claim``."""
    states = {f":in{number}": state.value for number, state in enumerate(out_of)}
    return {
        "Update": {
            "Key": _chunk_key(campaign, number),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            "ConditionExpression": f"claim = :claim AND #state IN ({', '.join(states)})",
            "ExpressionAttributeNames": {"#state": "state", **{f"#{name}": name for name in facts}},
            "ExpressionAttributeValues": {
                **states,
                ":claim": claim,
                **{f":{name}": value for name, value in facts.items()},
            },
        }
    }


def _queued_update(campaign: str, chunk: Chunk, facts: Mapping[str, Any]) -> Item:
    """Change a chunk that is still queued as it was read."""
    return {
        "Update": {
            "Key": _chunk_key(campaign, chunk.number),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            "ConditionExpression": "#state = :queued AND #openids = :as_read",
            "ExpressionAttributeNames": {
                "#state": "state",
                "#openids": "openids",
                **{f"#{name}": name for name in facts},
            },
            "ExpressionAttributeValues": {
                ":queued": ChunkState.QUEUED.value,
                ":as_read": chunk.openids,
                **{f":{name}": value for name, value in facts.items()},
            },
        }
    }


def _openids_put(campaign: str, number: int, openids: Sequence[str], now_s: float) -> Item:
    return {
        "Put": {
            "Item": {
                **_openids_key(campaign, number),
                "openids": zlib.compress("\n".join(openids).encode()),
                "expires_at": int(now_s) + CAMPAIGN_KEPT_S,
            }
        }
    }


def _chunk_put(campaign: str, number: int, openids: int, now_s: float, *, was_called: bool) -> Item:
    return {
        "Put": {
            "Item": {
                **_chunk_key(campaign, number),
                "number": number,
                "state": ChunkState.QUEUED.value,
                "openids": openids,
                "queued_at": int(now_s),
                "was_called": was_called,
                "expires_at": int(now_s) + CAMPAIGN_KEPT_S,
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _read_chunk(item: Mapping[str, Any]) -> Chunk:
    kept = {name: item[name] for name in Chunk.__dataclass_fields__ if name in item}
    calls = tuple((called_at, openids) for called_at, openids in item.get("earlier_calls", ()))
    refused = tuple(RefusedCall(*call) for call in item.get("refused_calls", ()))
    state = ChunkState(item["state"])
    return Chunk(**{**kept, "state": state, "earlier_calls": calls, "refused_calls": refused})
