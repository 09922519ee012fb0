"""Lists of whom a push leaves out, in the State table.

A list may be larger than an invocation takes, and than an item. So it is stored before a push
starts, as digests in parts, and a push names it. Its name follows from its content: the same file
is the same list, and the same audience.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING

from wxlive.digests import DIGEST_BYTES, cut
from wxlive.domain.campaigns import CAMPAIGN_KEPT_S
from wxlive.errors import Conflict
from wxlive.stores.dynamo import Item, attempt, get, query, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

MAX_EXCEPTIONS = 1_000_000
"""The most openids of a list: 100 items, 8 MB."""

_PART_BYTES = 10_000 * DIGEST_BYTES
"""An item takes 20 read units, of which looking for one openid takes one or two."""

_FORMER_PART_BYTES = 40_000 * DIGEST_BYTES
"""What an item had where the list does not say how many parts it has."""

_PART = "part#"
_WHOLE = "whole"


class ExceptListStore:
    """Keeps lists as long as a campaign's report."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def save(self, digests: Iterable[bytes], now_s: float) -> str:
        """Store a list, whatever its order; returns its name.

        It is there from when all its parts are: the item that says so is written last.
        """
        whole = b"".join(sorted(set(digests)))
        name = blake2b(whole, digest_size=16).hexdigest()
        parts = [whole[at : at + _PART_BYTES] for at in range(0, len(whole), _PART_BYTES)]
        for number, part in enumerate(parts):
            self._put(name, f"{_PART}{number:03d}", now_s, digests=part)
        self._put(name, _WHOLE, now_s, bytes=len(whole), parts=len(parts))
        return name

    def digests(self, name: str) -> Iterator[bytes] | None:
        """Return the digests of a list, None if it is not stored, or no longer whole."""
        item = get(self._table, _pk(name), _WHOLE)
        if item is None:
            return None
        parts = [part["digests"] for part in query(self._table, _pk(name), prefix=_PART)]
        whole = b"".join(parts)
        return cut(whole) if len(whole) == item["bytes"] else None

    def has(self, name: str, digest: bytes) -> bool | None:
        """Whether a digest is on a list, None if that is not stored."""
        item = get(self._table, _pk(name), _WHOLE)
        if item is None:
            return None
        part = self._part_with(digest, item)
        return part is not None and digest in set(cut(part["digests"]))

    def remove(self, name: str, digest: bytes) -> bool:
        """Take a digest off a list; returns whether it was on it."""
        while (item := get(self._table, _pk(name), _WHOLE)) is not None:
            part = self._part_with(digest, item)
            listed = list(cut(part["digests"])) if part is not None else []
            if part is None or digest not in listed:
                return False
            listed.remove(digest)
            writes = _removal(part, b"".join(listed), _parts_of(item))
            try:
                transact(self._table, "the list of exceptions", *writes)
            except Conflict:
                continue  # somebody else was taken off
            return True
        return False

    def _part_with(self, digest: bytes, whole: Item) -> Item | None:
        """Return the part of a list that has a digest, if any has.

        Digests are spread evenly, so the part is known, or is a neighbour of that.
        """
        parts = _parts_of(whole)
        looked_at: set[int] = set()
        number = int.from_bytes(digest) * parts >> 8 * DIGEST_BYTES
        while 0 <= number < parts and number not in looked_at:
            looked_at.add(number)
            part = get(self._table, whole["pk"], f"{_PART}{number:03d}")
            listed = part["digests"] if part is not None else b""
            if not listed:  # whoever it had was taken off
                return self._part_among_all(digest, whole["pk"])
            if listed[:DIGEST_BYTES] <= digest <= listed[-DIGEST_BYTES:]:
                return part
            number += 1 if digest > listed[-DIGEST_BYTES:] else -1
        return None

    def _part_among_all(self, digest: bytes, pk: str) -> Item | None:
        parts = query(self._table, pk, prefix=_PART)
        return next((part for part in parts if digest in set(cut(part["digests"]))), None)

    def _put(self, name: str, sk: str, now_s: float, **facts: bytes | int) -> None:
        item = {"pk": _pk(name), "sk": sk, "expires_at": int(now_s) + CAMPAIGN_KEPT_S, **facts}
        attempt("the list of exceptions", lambda: self._table.put_item(Item=item))


def _parts_of(whole: Item) -> int:
    parts: int = whole.get("parts", -(-whole["bytes"] // _FORMER_PART_BYTES))
    return parts


def _removal(part: Item, digests: bytes, parts: int) -> list[Item]:
    """Return the writes after which a list is whole without one of the digests of a part."""
    as_read = part["digests"]
    key = {"pk": part["pk"], "sk": part["sk"]}
    return [
        {
            "Update": {
                "Key": key,
                "UpdateExpression": "SET digests = :digests",
                "ConditionExpression": "digests = :as_read",
                "ExpressionAttributeValues": {":digests": digests, ":as_read": as_read},
            }
        },
        {
            "Update": {
                "Key": {**key, "sk": _WHOLE},
                "UpdateExpression": "SET #bytes = #bytes - :bytes, parts = :parts",
                "ExpressionAttributeNames": {"#bytes": "bytes"},
                "ExpressionAttributeValues": {
                    ":bytes": len(as_read) - len(digests),
                    ":parts": parts,
                },
            }
        },
    ]


def _pk(name: str) -> str:
    return f"except#{name}"
