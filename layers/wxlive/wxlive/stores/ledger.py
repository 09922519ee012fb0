"""The ledger: a row for each chunk of a campaign, and its openids, in the State table.

The ledger decides; the push queue only names chunks. A chunk's openids are kept apart from its
row, so that a change of state does not rewrite them.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wxlive.domain.campaigns import CAMPAIGN_KEPT_S, CampaignState
from wxlive.domain.chunks import OPENIDS_KEPT_S, Chunk, ChunkState
from wxlive.errors import Conflict
from wxlive.stores.dynamo import Item, attempt, get, present, query, transact
from wxlive.stores.quota import QuotaStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

CAMPAIGN_PK = "campaign"
"""The partition of the campaigns' own records."""

FIRST_HALF = 500_000
"""Where the numbers of split chunks begin: a day's plan has 5000 at most."""


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

    def openids(self, campaign: str, number: int) -> list[str]:
        """Return the openids of a chunk."""
        item = get(self._table, f"campaign#{campaign}", f"openids#{number:06d}")
        if item is None:
            raise Conflict(f"The openids of chunk {number} of {campaign} have expired")
        return zlib.decompress(item["openids"]).decode().split("\n")

    def claim(
        self,
        campaign: str,
        chunk: Chunk,
        *,
        claim: str,
        now_s: float,
        quota: QuotaStore,
        day: str,
    ) -> None:
        """Permit one call: the campaign is sending, the chunk is queued, the quota has room.

        All three are checked and the claim and the count are written in one transaction, so a
        pause takes effect before the next call and no chunk is ever claimed twice.

        Raises:
            Conflict: one of them is not so; read them again to see which.
        """
        transact(
            self._table,
            f"chunk {chunk.number} of {campaign}",
            {
                "ConditionCheck": {
                    "Key": {"pk": CAMPAIGN_PK, "sk": campaign},
                    "ConditionExpression": "#state = :sending",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": {":sending": CampaignState.SENDING.value},
                }
            },
            {
                "Update": {
                    "Key": _chunk_key(campaign, chunk.number),
                    "UpdateExpression": "SET #state = :sending, claim = :claim, "
                    "claimed_at = :now ADD attempts :one",
                    "ConditionExpression": "#state = :queued",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": {
                        ":sending": ChunkState.SENDING.value,
                        ":queued": ChunkState.QUEUED.value,
                        ":claim": claim,
                        ":now": int(now_s),
                        ":one": 1,
                    },
                }
            },
            quota.consumption(day, now_s),
        )

    def finish(
        self,
        campaign: str,
        number: int,
        to: ChunkState,
        *,
        claim: str,
        message_id: str | None = None,
        errcode: int | None = None,
        rid: str | None = None,
        reason: str | None = None,
    ) -> bool:
        """Store the outcome of a claimed chunk; returns whether the claim still held."""
        facts = present(
            {"message_id": message_id, "errcode": errcode, "rid": rid, "reason": reason}
        )
        setting = ", ".join(["#state = :to", *(f"#{name} = :{name}" for name in facts)])
        try:
            attempt(
                f"chunk {number} of {campaign}",
                lambda: self._table.update_item(
                    Key=_chunk_key(campaign, number),
                    UpdateExpression=f"SET {setting}",
                    ConditionExpression="#state = :sending AND claim = :claim",
                    ExpressionAttributeNames={
                        "#state": "state",
                        **{f"#{name}": name for name in facts},
                    },
                    ExpressionAttributeValues={
                        ":to": to.value,
                        ":sending": ChunkState.SENDING.value,
                        ":claim": claim,
                        **{f":{name}": value for name, value in facts.items()},
                    },
                ),
            )
        except Conflict:
            return False
        return True

    def decide(self, campaign: str, chunk: Chunk, to: ChunkState, *, reason: str) -> bool:
        """Store the operator's decision about an unknown chunk; returns whether it was unknown."""
        try:
            attempt(
                f"chunk {chunk.number} of {campaign}",
                lambda: self._table.update_item(
                    Key=_chunk_key(campaign, chunk.number),
                    UpdateExpression="SET #state = :to, reason = :reason",
                    ConditionExpression="claim = :claim AND #state IN (:unknown, :sending)",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={
                        ":to": to.value,
                        ":reason": reason,
                        ":claim": chunk.claim,
                        ":unknown": ChunkState.UNKNOWN.value,
                        ":sending": ChunkState.SENDING.value,
                    },
                ),
            )
        except Conflict:
            return False
        return True

    def split(self, campaign: str, chunk: Chunk, *, claim: str, now_s: float) -> int:
        """Cut a claimed chunk in two queued ones, all or nothing; returns the new one's number.

        Halves are numbered far above the plan, which keeps counting.

        Raises:
            Conflict: the claim no longer holds.
        """
        openids = self.openids(campaign, chunk.number)
        middle = len(openids) // 2
        counted = self._table.update_item(
            Key={"pk": f"campaign#{campaign}", "sk": "halves"},
            UpdateExpression="ADD halves :one SET expires_at = :expires_at",
            ExpressionAttributeValues={":one": 1, ":expires_at": int(now_s) + CAMPAIGN_KEPT_S},
            ReturnValues="UPDATED_NEW",
        )
        number = FIRST_HALF + int(str(counted["Attributes"]["halves"]))
        transact(
            self._table,
            f"chunk {chunk.number} of {campaign}",
            {
                "Update": {
                    "Key": _chunk_key(campaign, chunk.number),
                    "UpdateExpression": "SET #state = :queued, openids = :half",
                    "ConditionExpression": "#state = :sending AND claim = :claim",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": {
                        ":queued": ChunkState.QUEUED.value,
                        ":sending": ChunkState.SENDING.value,
                        ":half": middle,
                        ":claim": claim,
                    },
                }
            },
            _openids_put(campaign, chunk.number, openids[:middle], now_s),
            _openids_put(campaign, number, openids[middle:], now_s),
            _chunk_put(campaign, number, len(openids) - middle, now_s),
        )
        return number


def new_chunk(campaign: str, number: int, openids: Sequence[str], now_s: float) -> list[Item]:
    """Return the writes that add a queued chunk, as parts of a transaction."""
    return [
        _openids_put(campaign, number, openids, now_s),
        _chunk_put(campaign, number, len(openids), now_s),
    ]


def _chunk_key(campaign: str, number: int) -> Item:
    return {"pk": f"campaign#{campaign}", "sk": f"chunk#{number:06d}"}


def _openids_put(campaign: str, number: int, openids: Sequence[str], now_s: float) -> Item:
    return {
        "Put": {
            "Item": {
                "pk": f"campaign#{campaign}",
                "sk": f"openids#{number:06d}",
                "openids": zlib.compress("\n".join(openids).encode()),
                "expires_at": int(now_s) + OPENIDS_KEPT_S,
            }
        }
    }


def _chunk_put(campaign: str, number: int, openids: int, now_s: float) -> Item:
    return {
        "Put": {
            "Item": {
                **_chunk_key(campaign, number),
                "number": number,
                "state": ChunkState.QUEUED.value,
                "openids": openids,
                "expires_at": int(now_s) + CAMPAIGN_KEPT_S,
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _read_chunk(item: Mapping[str, Any]) -> Chunk:
    kept = {name: item[name] for name in Chunk.__dataclass_fields__ if name in item}
    return Chunk(**{**kept, "state": ChunkState(item["state"])})
