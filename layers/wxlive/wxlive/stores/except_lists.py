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
from wxlive.stores.dynamo import attempt, get, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

MAX_EXCEPTIONS = 1_000_000
"""The most openids of a list: 100 items, 8 MB."""

_PART_BYTES = 10_000 * DIGEST_BYTES
"""An item takes 20 read units, of which looking for one openid takes one or two."""

_FORMER_PART_BYTES = 40_000 * DIGEST_BYTES
"""What an item had where the list does not say."""

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
        self._put(name, _WHOLE, now_s, bytes=len(whole), part_bytes=_PART_BYTES)
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
        """Whether a digest is on a list, None if that is not stored.

        Digests are spread evenly, so the part that has one is known, or is a neighbour of that.
        """
        item = get(self._table, _pk(name), _WHOLE)
        if item is None:
            return None
        parts = -(-item["bytes"] // item.get("part_bytes", _FORMER_PART_BYTES))
        looked_at: set[int] = set()
        number = int.from_bytes(digest) * parts >> 8 * DIGEST_BYTES
        while 0 <= number < parts and number not in looked_at:
            looked_at.add(number)
            part = get(self._table, _pk(name), f"{_PART}{number:03d}")
            if part is None:
                return None
            listed = part["digests"]
            if listed[:DIGEST_BYTES] <= digest <= listed[-DIGEST_BYTES:]:
                return digest in set(cut(listed))
            number += 1 if digest > listed[-DIGEST_BYTES:] else -1
        return False

    def _put(self, name: str, sk: str, now_s: float, **facts: bytes | int) -> None:
        item = {"pk": _pk(name), "sk": sk, "expires_at": int(now_s) + CAMPAIGN_KEPT_S, **facts}
        attempt("the list of exceptions", lambda: self._table.put_item(Item=item))


def _pk(name: str) -> str:
    return f"except#{name}"
