"""In which chunk somebody is: the format of a campaign's member index. Pure.

The index has parts of up to ``PART_MEMBERS``; a part is divided into buckets by the first bits of
the digests, so a look-up reads one bucket of each part. A member takes 8 bytes: 44 more bits of
the digest, and the number of the chunk. Different digests may look the same there, so whoever
finds a number makes sure in the chunk itself.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

PART_MEMBERS = 2_500_000
"""A part takes 20 MB of memory while it is built, so an audience of ten million has four."""

MAX_BITS = 9
"""A part has up to 512 buckets, of some 40 kB each: ten read units."""

_BUCKET_MEMBERS = 5_000
_NUMBER_BITS = 20
_DIGEST_BITS = 64
_KEY_BITS = 44
_NUMBERS = (1 << _NUMBER_BITS) - 1
_KEYS = (1 << _KEY_BITS) - 1


@dataclass(frozen=True, slots=True)
class Part:
    """A stored part: it has the members of these planned chunks, by ``bits`` of their digests."""

    first: int
    last: int
    bits: int

    def bucket_of(self, digest: bytes) -> int:
        """Return the number of the bucket that has a digest."""
        return _bucket_of(digest, self.bits)


class PartBuilder:
    """Collects the members of a part."""

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(1 << MAX_BITS)]
        self.members = 0

    def add(self, digest: bytes, chunk: int) -> None:
        """Add who is in a chunk: the number of a planned one."""
        self._buckets[_bucket_of(digest, MAX_BITS)].append(_key_of(digest) | chunk)
        self.members += 1

    @property
    def bits(self) -> int:
        """How many bits of a digest choose its bucket: none where one bucket takes all."""
        return min(((self.members - 1) // _BUCKET_MEMBERS).bit_length(), MAX_BITS)

    def buckets(self) -> Iterator[tuple[int, bytes]]:
        """Return the buckets that have members, with their numbers, as they are stored."""
        together = 1 << (MAX_BITS - self.bits)
        for start in range(0, len(self._buckets), together):
            entries = {each for one in self._buckets[start : start + together] for each in one}
            if entries:
                yield start // together, _to_bytes(sorted(entries))


def numbers_in(bucket: bytes, digest: bytes) -> list[int]:
    """Return the numbers of the chunks in which a digest may be, according to its bucket."""
    entries, key = _from_bytes(bucket), _key_of(digest)
    found = entries[bisect_left(entries, key) : bisect_left(entries, key + _NUMBERS + 1)]
    return [entry & _NUMBERS for entry in found]


def without(bucket: bytes, digest: bytes) -> bytes:
    """Return a bucket without whatever looks like a digest."""
    key = _key_of(digest)
    return _to_bytes([entry for entry in _from_bytes(bucket) if entry & ~_NUMBERS != key])


def chain_of(parts: Iterable[Part]) -> list[Part]:
    """Return the parts that follow each other from the first chunk on.

    Two builders at once may leave a part that begins where none ends; it is not needed.
    """
    by_first = {part.first: part for part in parts}
    chain: list[Part] = []
    while (following := by_first.get(covered(chain) + 1)) is not None:
        chain.append(following)
    return chain


def covered(chain: Sequence[Part]) -> int:
    """Return the number of the last planned chunk whose members are in the parts."""
    return chain[-1].last if chain else 0


def _bucket_of(digest: bytes, bits: int) -> int:
    return int.from_bytes(digest) >> (_DIGEST_BITS - bits)


def _key_of(digest: bytes) -> int:
    return (int.from_bytes(digest) & _KEYS) << _NUMBER_BITS


def _to_bytes(entries: list[int]) -> bytes:
    values = array("Q", entries)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _from_bytes(bucket: bytes) -> "array[int]":
    values = array("Q", bucket)
    if sys.byteorder == "big":
        values.byteswap()
    return values
