"""Once a campaign is planned, its members are indexed, however often the builder is stopped."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from factories import CAMPAIGN, NOW_S, a_campaign, a_chunk
from support.memory_followers import MemoryMemberIndexes
from support.memory_ledger import MemoryLedger
from support.starter import Starter
from wxlive.digests import digest_of
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.member_index import PartBuilder
from wxlive_push_start import index_members as builder
from wxlive_push_start.index_members import index_members

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def members(starter: Starter) -> MemoryMemberIndexes:
    """Give the indexes; a campaign of four chunks has none."""
    starter.put(chunks=4)
    for number in range(1, 5):
        starter.ledger.members[CAMPAIGN, number] = [f"o{number}-{i}" for i in range(3)]
    members = cast("MemoryMemberIndexes", starter.deps.members)
    members.unindexed[CAMPAIGN] = 0
    return members


def numbers(members: MemoryMemberIndexes, openid: str) -> list[int]:
    return members.numbers(CAMPAIGN, members.parts(CAMPAIGN), digest_of(openid))


def with_time(starter: Starter, *remaining_s: float) -> Any:
    """Return dependencies whose time is short after so many looks at it."""
    left = iter(remaining_s)
    return replace(starter.deps, remaining_s=lambda: next(left, 0.0))


def test_everybody_is_found_in_the_chunk_that_has_them(
    starter: Starter, members: MemoryMemberIndexes
) -> None:
    assert starter.execute("reconcile")["indexed"] == 1

    assert members.pending() == []
    for number in range(1, 5):
        assert numbers(members, f"o{number}-2") == [number]
    assert starter.execute("reconcile")["indexed"] == 0


def test_a_campaign_that_is_being_planned_waits(
    starter: Starter, members: MemoryMemberIndexes
) -> None:
    starter.change(fully_planned=False)
    assert index_members(starter.deps) == 0
    assert members.pending()

    starter.change(state=CampaignState.CANCELLED)
    assert index_members(starter.deps) == 1
    assert numbers(members, "o4-0") == [4]


def test_a_builder_out_of_time_stores_what_it_has_and_another_one_goes_on(
    starter: Starter, members: MemoryMemberIndexes
) -> None:
    assert index_members(with_time(starter, 900, 900)) == 0
    assert [(part.first, part.last) for part in members.parts(CAMPAIGN)] == [(1, 2)]
    assert index_members(starter.deps) == 0, "the first one may still be at work"

    starter.clock.now_s += builder.GIVEN_UP_S
    assert index_members(starter.deps) == 1
    assert [(part.first, part.last) for part in members.parts(CAMPAIGN)] == [(1, 2), (3, 4)]
    assert numbers(members, "o1-0") == [1]
    assert numbers(members, "o4-0") == [4]


def test_a_part_is_bounded(
    starter: Starter, members: MemoryMemberIndexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "PART_MEMBERS", 5)

    index_members(starter.deps)

    assert [(part.first, part.last) for part in members.parts(CAMPAIGN)] == [(1, 2), (3, 4)]


def test_an_index_that_another_builder_has_shortened_is_not_taken_for_whole(
    starter: Starter, members: MemoryMemberIndexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "PART_MEMBERS", 5)
    slower = PartBuilder()
    for i in range(3):
        slower.add(digest_of(f"o1-{i}"), 1)
    save = members.save

    def overtaken(campaign: str, first: int, *rest: Any) -> Any:
        part = save(campaign, first, *rest)
        return save(campaign, 1, 1, slower, NOW_S) if first == 1 else part

    monkeypatch.setattr(members, "save", overtaken)

    assert index_members(starter.deps) == 1

    assert members.pending() == []
    for number in range(1, 5):
        assert numbers(members, f"o{number}-0") == [number]


def test_who_is_in_a_half_is_found_under_the_planned_chunk(
    starter: Starter, members: MemoryMemberIndexes
) -> None:
    for number in (500_001, 500_002):
        starter.ledger.rows[CAMPAIGN, number] = a_chunk(number, planned=3)
    starter.ledger.members[CAMPAIGN, 500_001] = ["moved"]
    starter.ledger.members[CAMPAIGN, 500_002] = ["moved twice"]

    index_members(starter.deps)

    assert numbers(members, "moved") == [3]
    assert numbers(members, "moved twice") == [3]


def test_who_is_moved_while_the_halves_are_read_is_found(
    starter: Starter, members: MemoryMemberIndexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = starter.ledger
    ledger.rows[CAMPAIGN, 500_001] = a_chunk(500_001, planned=1)
    ledger.members[CAMPAIGN, 500_001] = ["stays", "moves"]
    read: Callable[[str, int], list[str] | None] = ledger.openids

    def cut_first(campaign: str, number: int) -> list[str] | None:
        if number == 500_001 and (CAMPAIGN, 500_002) not in ledger.rows:
            ledger.rows[CAMPAIGN, 500_002] = a_chunk(500_002, planned=1)
            ledger.members |= {(CAMPAIGN, 500_001): ["stays"], (CAMPAIGN, 500_002): ["moves"]}
        return read(campaign, number)

    monkeypatch.setattr(MemoryLedger, "openids", lambda _self, *key: cut_first(*key))

    index_members(starter.deps)

    assert numbers(members, "stays") == [1]
    assert numbers(members, "moves") == [1]


def test_a_campaign_that_has_expired_is_forgotten(
    starter: Starter, members: MemoryMemberIndexes
) -> None:
    starter.campaigns.rows.clear()
    assert index_members(starter.deps) == 1
    assert members.pending() == []


def test_openids_that_have_expired_are_nobody(
    starter: Starter, members: MemoryMemberIndexes
) -> None:
    starter.ledger.members.clear()
    assert index_members(starter.deps) == 1


def test_each_campaign_has_an_index_of_its_own(
    starter: Starter, members: MemoryMemberIndexes
) -> None:
    starter.campaigns.rows["other"] = a_campaign("other", created_at=NOW_S)
    starter.ledger.members["other", 1] = ["a"]
    members.unindexed["other"] = 0
    assert index_members(starter.deps) == 2
    assert members.numbers("other", members.parts("other"), digest_of("a")) == [1]
