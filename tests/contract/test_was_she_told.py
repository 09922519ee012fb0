"""``wxlive followers get`` finds somebody in a campaign of 20,000 within 100 read units."""

import math
import random
import string
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from factories import CAMPAIGN, NOW_S, ROOM, a_follower, a_new_campaign, a_result
from support.backends import MOTO, Tables
from support.push_world import PushWorld
from wxlive.digests import digest_of
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.member_index import MAX_BITS, PART_MEMBERS
from wxlive.domain.outcomes import Outcome
from wxlive.domain.tellings import Telling, Told, Why
from wxlive.stores import except_lists as lists
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.member_indexes import MemberIndexStore
from wxlive.stores.reports import read_joined
from wxlive_cli.followers import members
from wxlive_cli.followers.members import READ_UNITS, NotIndexed, find_chunk
from wxlive_cli.followers.told import read_tellings
from wxlive_push_start.index_members import index_members

pytestmark = pytest.mark.parametrize("backend", [MOTO], indirect=True)

CHUNK, AUDIENCE, LIMIT = 2000, 20_000, 100
OPENID_CHARACTERS = string.ascii_letters + string.digits + "-_"


class Meter:
    """Counts the read units of a client: a unit for each 4 KB that was read consistently."""

    def __init__(self, client: Any) -> None:
        self.units = 0
        client.meta.events.register_first("after-call.dynamodb", self._count)

    def _count(self, model: Any, parsed: Mapping[str, Any], **_: object) -> None:
        if model.name == "GetItem":
            self.units += _units(_size({"M": parsed.get("Item", {})}))
        if model.name == "Query":
            self.units += _units(sum(_size({"M": item}) for item in parsed["Items"]))


def _units(size: int) -> int:
    return max(1, math.ceil(size / 4096))


def _size(value: Mapping[str, Any]) -> int:
    [(kind, held)] = value.items()
    match kind:
        case "M":
            return sum(len(name) + _size(inner) for name, inner in held.items()) + 3
        case "L":
            return sum(map(_size, held)) + 3
        case "N":
            return len(held) // 2 + 2
        case "B" | "S":
            return len(held)
    return 1


@pytest.fixture
def audience() -> list[str]:
    """20,000 openids as WeChat's are: 28 characters, the same first ones in one Mini Program."""
    dice = random.Random(7)
    return ["oAbc-" + "".join(dice.choices(OPENID_CHARACTERS, k=23)) for _ in range(AUDIENCE)]


@pytest.fixture
def world(tables: Tables) -> PushWorld:
    return PushWorld(tables)


@pytest.fixture
def stack(world: PushWorld, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the command reads, at the world's time."""
    monkeypatch.setattr("time.time", lambda: world.now_s)
    state, stores = world.tables.state, world.stores
    return SimpleNamespace(
        campaigns=stores.campaigns,
        ledger=stores.ledger,
        results=stores.results,
        members=MemberIndexStore(state),
        except_lists=ExceptListStore(state),
        joined=lambda campaign: read_joined(
            campaign, stores.campaigns, stores.ledger, stores.results, world.now_s
        ),
    )


def plan(world: PushWorld, audience: list[str], **facts: Any) -> None:
    """Plan a campaign for this audience; it is fully planned and sends."""
    campaigns = world.stores.campaigns
    opened = a_new_campaign(**facts)
    campaigns.open(opened, before=None, release=None)
    for start in range(0, len(audience), CHUNK):
        opened = campaigns.add_chunk(
            opened, audience[start : start + CHUNK], NOW_S, plan_id=f"{start}", cursors={}
        )
    campaigns.finish_plan(opened, NOW_S, plan_id="end")
    campaigns.activate(CAMPAIGN)


def settle(world: PushWorld, number: int, outcome: Outcome) -> None:
    """Have a worker call WeChat for a chunk, with this outcome."""
    campaign, chunk = world.stores.campaign(), world.stores.chunk(number)
    world.stores.ledger.claim(
        campaign,
        chunk,
        claim="a",
        now_s=NOW_S,
        slot_ms=NOW_S * 1000,
        quota=world.quota,
        day=campaign.day,
    )
    world.stores.ledger.finish(CAMPAIGN, number, outcome, claim="a", now_s=NOW_S)


def one_telling(stack: Any, openid: str) -> Telling:
    [telling] = read_tellings(stack, openid, a_follower(openid, room_id=ROOM), 0)
    return telling


def test_a_person_is_found_among_20_000_within_the_limit(
    world: PushWorld, stack: Any, audience: list[str]
) -> None:
    plan(world, audience)
    accepted = Outcome(ChunkState.ACCEPTED, message_id="m-1")
    settle(world, 7, accepted)
    world.stores.results.add(a_result("m-1", total=CHUNK, user_recv_limit=3), NOW_S)
    assert index_members(world.start_deps()) == 1
    meter = Meter(world.tables.state.meta.client)

    telling = one_telling(stack, audience[6 * CHUNK + 5])

    assert (telling.outcome, telling.why) == (Told.PROBABLY_TOLD, Why.SOME_NOT)
    assert (telling.chunk, telling.openids, telling.at) == (7, CHUNK, NOW_S)
    assert meter.units <= 30
    assert one_telling(stack, "somebody-else").outcome is Told.NOT_IN_AUDIENCE


def test_ten_million_stay_within_the_limit(
    world: PushWorld, stack: Any, audience: list[str]
) -> None:
    """As above, with what an index of ten million takes in place of one of 20,000."""
    plan(world, audience)
    index_members(world.start_deps())
    meter = Meter(world.tables.state.meta.client)
    one_telling(stack, audience[0])
    [part] = stack.members.parts(CAMPAIGN)
    of_bucket = AUDIENCE / (1 << part.bits) * 8 / 4096
    fullest = 1.1 * PART_MEMBERS / (1 << MAX_BITS) * 8 / 4096

    assert meter.units - math.floor(of_bucket) + 4 * math.ceil(fullest) <= LIMIT


def test_a_member_takes_8_bytes(world: PushWorld, audience: list[str]) -> None:
    plan(world, audience)
    index_members(world.start_deps())

    stored = [row for row in world.tables.rows() if row["pk"].startswith(f"index#{CAMPAIGN}")]
    entries = sum(len(bytes(row["entries"].value)) for row in stored if "entries" in row)
    assert entries == 8 * AUDIENCE
    assert len(stored) == 4 + 1


def test_whoever_was_moved_by_a_cut_is_found(
    world: PushWorld, stack: Any, audience: list[str]
) -> None:
    plan(world, audience)
    index_members(world.start_deps())
    ledger = world.stores.ledger
    half = ledger.split(CAMPAIGN, world.stores.chunk(3), claim="", now_s=NOW_S)
    assert half is not None
    other = ledger.chunk(CAMPAIGN, half)
    assert other is not None
    ledger.split(CAMPAIGN, other, claim="", now_s=NOW_S)
    meter = Meter(world.tables.state.meta.client)

    found = {one_telling(stack, openid).chunk for openid in audience[2 * CHUNK : 3 * CHUNK : 99]}

    assert found == {3, half, half + 1}
    assert meter.units / 21 <= LIMIT


def test_in_a_campaign_with_many_cuts_only_whole_chunks_are_searched(
    world: PushWorld, stack: Any, audience: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_CUTS", 0)
    plan(world, audience)
    index_members(world.start_deps())
    world.stores.ledger.split(CAMPAIGN, world.stores.chunk(3), claim="", now_s=NOW_S)

    assert one_telling(stack, audience[2 * CHUNK]).chunk == 3
    assert one_telling(stack, audience[3 * CHUNK - 1]).why is Why.NOT_INDEXED
    assert one_telling(stack, audience[3 * CHUNK]).chunk == 4


def test_a_campaign_without_an_index_is_read_if_it_is_small(
    world: PushWorld, stack: Any, audience: list[str]
) -> None:
    plan(world, audience[:14_000])
    meter = Meter(world.tables.state.meta.client)

    assert one_telling(stack, audience[13_999]).chunk == 7
    assert one_telling(stack, "nobody").outcome is Told.NOT_IN_AUDIENCE
    assert meter.units / 2 <= LIMIT


def test_a_large_one_is_not_known_yet(world: PushWorld, stack: Any, audience: list[str]) -> None:
    plan(world, audience)
    meter = Meter(world.tables.state.meta.client)

    telling = one_telling(stack, audience[0])

    assert (telling.outcome, telling.why, telling.chunk) == (Told.UNKNOWN, Why.NOT_INDEXED, None)
    assert meter.units < READ_UNITS / 10
    with pytest.raises(NotIndexed):
        find_chunk(stack, world.stores.campaign(), audience[0])


def test_a_call_without_an_answer_is_proven_by_its_result(
    world: PushWorld, stack: Any, audience: list[str]
) -> None:
    plan(world, audience)
    index_members(world.start_deps())
    settle(world, 2, Outcome(ChunkState.UNKNOWN, reason="The answer was lost"))
    meter = Meter(world.tables.state.meta.client)
    openid = audience[CHUNK]
    assert one_telling(stack, openid).why is Why.NO_ANSWER

    world.stores.results.add(a_result("m-9", total=CHUNK), NOW_S)

    assert one_telling(stack, openid).outcome is Told.TOLD
    assert meter.units / 2 <= LIMIT


def test_a_large_list_of_exceptions_is_searched_within_the_limit(
    world: PushWorld, stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_PART_BYTES", 8 * 250)
    excepted = [digest_of(f"e{n}") for n in range(10_000)]
    name = stack.except_lists.save(excepted, NOW_S)
    target = replace(a_new_campaign().target, exceptions=name)
    plan(world, ["a"], target=target, state=CampaignState.PLANNED)
    meter = Meter(world.tables.state.meta.client)

    found = [stack.except_lists.has(name, digest) for digest in excepted[:500]]

    assert all(found)
    assert meter.units / 500 < 3, "a part and seldom a second one"
    assert one_telling(stack, "e1").why is Why.EXCEPTED
    assert not any(stack.except_lists.has(name, digest_of(f"x{n}")) for n in range(500))
    assert stack.except_lists.has("gone", digest_of("e1")) is None


def test_a_list_of_the_former_size_is_searched_as_well(
    world: PushWorld, stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = cast("Any", world.tables.state)
    monkeypatch.setattr(lists, "_PART_BYTES", lists._FORMER_PART_BYTES)
    name = stack.except_lists.save([digest_of(f"e{n}") for n in range(50_000)], NOW_S)
    state.update_item(Key={"pk": f"except#{name}", "sk": "whole"}, UpdateExpression="REMOVE parts")

    assert all(stack.except_lists.has(name, digest_of(f"e{n}")) for n in range(0, 50_000, 5000))
