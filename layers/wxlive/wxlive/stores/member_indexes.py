"""In which chunk of a campaign somebody is, in the State table: see ``domain.member_index``.

A campaign has a record under ``unindexed`` from its start until its index is whole.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from wxlive.domain.campaigns import CAMPAIGN_KEPT_S
from wxlive.domain.member_index import Part, PartBuilder, chain_of, numbers_in, without
from wxlive.errors import Conflict
from wxlive.stores.dynamo import Item, attempt, get, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_UNINDEXED = "unindexed"


@dataclass(frozen=True, slots=True)
class Unindexed:
    """A campaign whose index is not whole; somebody builds it until ``busy_until`` (Unix s)."""

    campaign: str
    busy_until: int = 0


class MemberIndexStore:
    """Keeps member indexes, as long as the campaigns."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def pending(self) -> list[Unindexed]:
        """Return the campaigns whose index is not whole, the earliest first."""
        items = query(self._table, _UNINDEXED)
        return [Unindexed(item["sk"], item["busy_until"]) for item in items]

    def keep_busy(self, campaign: str, until_s: float, now_s: float) -> None:
        """Record that somebody builds an index, so that nobody else begins to.

        Two who do so all the same harm nothing: each part is whole in itself.
        """
        item = _unindexed_item(campaign, now_s, busy_until=int(until_s))
        attempt(f"the index of {campaign}", lambda: self._table.put_item(Item=item))

    def finish(self, campaign: str) -> None:
        """Record that an index is whole, or that there is nothing to index."""
        attempt(
            f"the index of {campaign}",
            lambda: self._table.delete_item(Key=_unindexed_key(campaign)),
        )

    def parts(self, campaign: str) -> list[Part]:
        """Return the parts that are stored so far, from the first chunk on."""
        items = query(self._table, _index_pk(campaign))
        return chain_of(Part(item["first"], item["last"], item["bits"]) for item in items)

    def save(
        self, campaign: str, first: int, last: int, members: PartBuilder, now_s: float
    ) -> Part:
        """Store a part: its buckets, then the item that says that it is there."""
        part = Part(first, last, members.bits)
        for number, entries in members.buckets():
            self._put(_bucket_key(campaign, part, number), now_s, entries=entries)
        self._put({"pk": _index_pk(campaign), "sk": f"{first:06d}"}, now_s, **asdict(part))
        return part

    def numbers(self, campaign: str, parts: Iterable[Part], digest: bytes) -> list[int]:
        """Return the numbers of the planned chunks that may have somebody."""
        found: list[int] = []
        for part in parts:
            entries = self._entries(campaign, part, digest)
            found += numbers_in(entries, digest) if entries else ()
        return found

    def remove(self, campaign: str, parts: Iterable[Part], digest: bytes) -> None:
        """Remove a member, and whoever looks the same in the index."""
        for part in parts:
            while not self._remove(campaign, part, digest):
                pass

    def _remove(self, campaign: str, part: Part, digest: bytes) -> bool:
        entries = self._entries(campaign, part, digest)
        if entries is None or not numbers_in(entries, digest):
            return True
        try:
            attempt(
                f"the index of {campaign}",
                lambda: self._table.update_item(
                    Key=_bucket_key(campaign, part, part.bucket_of(digest)),
                    UpdateExpression="SET entries = :entries",
                    ConditionExpression="entries = :as_read",
                    ExpressionAttributeValues={
                        ":entries": without(entries, digest),
                        ":as_read": entries,
                    },
                ),
            )
        except Conflict:
            return False
        return True

    def _entries(self, campaign: str, part: Part, digest: bytes) -> bytes | None:
        item = get(self._table, **_bucket_key(campaign, part, part.bucket_of(digest)))
        return item["entries"] if item else None

    def _put(self, key: Item, now_s: float, **facts: int | bytes) -> None:
        item = {**key, "expires_at": int(now_s) + CAMPAIGN_KEPT_S, **facts}
        attempt("a member index", lambda: self._table.put_item(Item=item))


def unindexed_put(campaign: str, created_at: int) -> Item:
    """Return the write after which a campaign is indexed, as a part of a transaction."""
    return {"Put": {"Item": _unindexed_item(campaign, created_at, busy_until=0)}}


def _unindexed_item(campaign: str, now_s: float, *, busy_until: int) -> Item:
    expires_at = int(now_s) + CAMPAIGN_KEPT_S
    return {**_unindexed_key(campaign), "busy_until": busy_until, "expires_at": expires_at}


def _unindexed_key(campaign: str) -> dict[str, str]:
    return {"pk": _UNINDEXED, "sk": campaign}


def _index_pk(campaign: str) -> str:
    return f"index#{campaign}"


def _bucket_key(campaign: str, part: Part, number: int) -> dict[str, str]:
    pk = f"index#{campaign}#{part.first:06d}-{part.last:06d}"
    return {"pk": pk, "sk": f"{number:03d}"}
