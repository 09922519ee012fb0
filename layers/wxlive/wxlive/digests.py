"""A compact set and a table for millions of openids, known by their digests.

Python's own dict takes some 200 bytes an entry; ten million of them would not fit into a
function. These keep at most three quarters of their slots in use.
"""

from array import array
from collections.abc import Iterator
from hashlib import blake2b

DIGEST_BYTES = 8
"""Among ten million openids the chance that any two share a digest is below 1 in 10^5."""

_FEWEST_SLOTS = 1 << 10


def digest_of(openid: str) -> bytes:
    """The openid's digest, the same in every process."""
    return blake2b(openid.encode(), digest_size=DIGEST_BYTES).digest()


def cut(digests: bytes) -> Iterator[bytes]:
    """Split digests that were stored as one string."""
    for start in range(0, len(digests), DIGEST_BYTES):
        yield digests[start : start + DIGEST_BYTES]


class DigestSet:
    """A set of digests, by open addressing with linear probing: 8 bytes a slot.

    Digests are evenly spread already, so a digest is its own hash.
    """

    def __init__(self) -> None:
        self._allot(_FEWEST_SLOTS)
        self._taken = 0

    def __len__(self) -> int:
        return self._taken

    def __contains__(self, digest: bytes) -> bool:
        return bool(self._keys[self._find(_key(digest))])

    def slot(self, digest: bytes) -> int:
        """Return the slot of a digest; a new one gets a free slot.

        Good until the next new digest: the set may grow.
        """
        key = _key(digest)
        slot = self._find(key)
        if self._keys[slot]:
            return slot
        if self._taken * 4 >= len(self._keys) * 3:
            self._grow()
            slot = self._find(key)
        self._keys[slot] = key
        self._taken += 1
        return slot

    def _find(self, key: int) -> int:
        keys, last = self._keys, len(self._keys) - 1
        slot = key & last
        while keys[slot] not in {0, key}:
            slot = (slot + 1) & last
        return slot

    def _allot(self, slots: int) -> None:
        self._keys = array("Q", bytes(8 * slots))

    def _grow(self) -> None:
        keys = self._keys
        self._allot(2 * len(keys))
        for key in keys:
            if key:
                self._keys[self._find(key)] = key


class DigestTable(DigestSet):
    """A 64-bit fact and eight marks for each digest, 0 at first: 17 bytes a slot."""

    def _allot(self, slots: int) -> None:
        super()._allot(slots)
        self.facts = array("Q", bytes(8 * slots))
        self.marks = bytearray(slots)

    def _grow(self) -> None:
        keys, facts, marks = self._keys, self.facts, self.marks
        self._allot(2 * len(keys))
        for old, key in enumerate(keys):
            if key:
                new = self._find(key)
                self._keys[new], self.facts[new], self.marks[new] = key, facts[old], marks[old]


def _key(digest: bytes) -> int:
    return int.from_bytes(digest, "little") or 1  # 0 says that a slot is free
