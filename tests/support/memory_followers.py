"""Stores of what is known of people, in memory."""

from collections import Counter
from collections.abc import Iterable, Iterator

from factories import PSEUDONYM_KEY
from wxlive.domain.followers import Follower, Status
from wxlive.domain.forgotten import Forgotten, pseudonym_of
from wxlive.domain.member_index import Part, PartBuilder, chain_of, numbers_in, without
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.member_indexes import MemberIndexStore, Unindexed
from wxlive.stores.muted import MutedStore


class MemoryFollowers(FollowerStore):
    def __init__(self) -> None:
        self.rows: dict[str, Follower] = {}

    def add(self, *followers: Follower) -> None:
        self.rows |= {follower.openid: follower for follower in followers}

    def get(self, openid: str) -> Follower | None:
        return self.rows.get(openid)

    def remove(self, openid: str) -> bool:
        return self.rows.pop(openid, None) is not None

    def walk(self, status: Status | None = None, after: str | None = None) -> Iterator[Follower]:
        return (row for row in self.rows.values() if status in {None, row.status})

    def count(self) -> dict[Status, int]:
        counts = Counter(row.status for row in self.rows.values())
        return {status: counts[status] for status in Status}


class MemoryForgotten(ForgottenStore):
    def __init__(self, key: str = PSEUDONYM_KEY) -> None:
        self.key = key
        self.has_begun = False
        self.rows: dict[str, int] = {}

    def load(self) -> Forgotten:
        return Forgotten(dict(self.rows), self.key)

    def is_anybody(self) -> bool:
        return self.has_begun

    def forgotten_at(self, openid: str) -> int:
        return self.load().forgotten_at(openid)

    def begin(self) -> None:
        self.has_begun = True

    def add(self, openid: str, now_s: float) -> str:
        assert self.has_begun
        pseudonym = pseudonym_of(openid, self.key)
        self.rows[pseudonym] = int(now_s)
        return pseudonym

    def lift(self, openid: str, forgotten_at: int, now_s: int) -> None:
        self.rows.pop(pseudonym_of(openid, self.key), None)


class MemoryMuted(MutedStore):
    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def mute(self, openid: str, now_s: float) -> int:
        return self.rows.setdefault(openid, int(now_s))

    def unmute(self, openid: str) -> None:
        self.rows.pop(openid, None)

    def since(self, openid: str) -> int:
        return self.rows.get(openid, 0)

    def openids(self) -> Iterator[str]:
        return iter(self.rows)


class MemoryMemberIndexes(MemberIndexStore):
    def __init__(self) -> None:
        self.unindexed: dict[str, int] = {}
        self.rows: dict[str, dict[Part, dict[int, bytes]]] = {}

    def pending(self) -> list[Unindexed]:
        return [Unindexed(*row) for row in self.unindexed.items()]

    def keep_busy(self, campaign: str, until_s: float, now_s: float) -> None:
        self.unindexed[campaign] = int(until_s)

    def finish(self, campaign: str) -> None:
        self.unindexed.pop(campaign, None)

    def parts(self, campaign: str) -> list[Part]:
        return chain_of(self.rows.get(campaign, ()))

    def save(
        self, campaign: str, first: int, last: int, members: PartBuilder, now_s: float
    ) -> Part:
        part = Part(first, last, members.bits)
        self.rows.setdefault(campaign, {})[part] = dict(members.buckets())
        return part

    def numbers(self, campaign: str, parts: Iterable[Part], digest: bytes) -> list[int]:
        found: list[int] = []
        for part in parts:
            bucket = self.rows[campaign][part].get(part.bucket_of(digest), b"")
            found += numbers_in(bucket, digest)
        return found

    def remove(self, campaign: str, parts: Iterable[Part], digest: bytes) -> None:
        for part in parts:
            buckets, number = self.rows[campaign][part], part.bucket_of(digest)
            buckets[number] = without(buckets.get(number, b""), digest)


class MemoryExceptLists(ExceptListStore):
    def __init__(self) -> None:
        self.rows: dict[str, frozenset[bytes]] = {}

    def save(self, digests: Iterable[bytes], now_s: float) -> str:
        listed = frozenset(digests)
        name = f"list-{hash(listed)}"
        self.rows[name] = listed
        return name

    def digests(self, name: str) -> Iterator[bytes] | None:
        return iter(self.rows[name]) if name in self.rows else None

    def has(self, name: str, digest: bytes) -> bool | None:
        return digest in self.rows[name] if name in self.rows else None

    def remove(self, name: str, digest: bytes) -> bool:
        was_listed = bool(self.has(name, digest))
        if was_listed:
            self.rows[name] -= {digest}
        return was_listed
