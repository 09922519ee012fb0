"""Version 0.1 left a campaign behind: its records and messages are understood and gone on with."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explore.aws.backend import MEMORY
from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_room
from support.backends import Tables
from support.push_stores import PushStores
from support.push_world import PushWorld
from wxlive.domain.campaigns import Campaign, CampaignState, HoldKind
from wxlive.domain.chunks import CLAIM_STALE_S, Chunk, ChunkState, EarlierCall
from wxlive.domain.events import PushResult
from wxlive.domain.outcomes import Outcome
from wxlive.domain.pace import Slot
from wxlive.errors import InvalidCommand
from wxlive.stores.ledger import FIRST_HALF
from wxlive.stores.living import Living
from wxlive.stores.push_queue import ChunkMessage, parse_message
from wxlive.stores.tokens import TokenStore

RECORDS = Path(__file__).parent / "records" / "v0_1"

HALF = FIRST_HALF + 1
CLAIM = "e7e524db272d40da82df951b7ab4fffd"
"""The claim of the fourth chunk, whose worker said nothing more."""

OTHER_ROOM = 2002
DEPLOYED_S = NOW_S + 5
LATER = DEPLOYED_S + CLAIM_STALE_S + 1

where_it_was_planned = pytest.mark.parametrize("backend", [MEMORY], indirect=True)
"""For tests that plan on: the cursors are places in the scans of that backend."""


@pytest.fixture
def restore(tables: Tables) -> Callable[[str], PushStores]:
    """Return what puts recorded items into the tables."""

    def put(name: str) -> PushStores:
        recorded = json.loads((RECORDS / f"{name}.json").read_text())
        names = {"State": tables.state.name, "Followers": tables.followers.name}
        for table, items in recorded.items():
            for item in items:
                tables.client.put_item(TableName=names[table], Item=_from_json(item))
        return PushStores.on(tables.state)

    return put


@pytest.fixture
def world(tables: Tables) -> PushWorld:
    """The functions of this version, deployed a moment after the records were made."""
    return PushWorld(tables, now_s=DEPLOYED_S)


def _from_json(value: Any) -> Any:
    """Decode what JSON can't hold."""
    if isinstance(value, list):
        return [_from_json(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64decode(inner) if name == "B" else _from_json(inner)
        for name, inner in value.items()
    }


Restore = Callable[[str], PushStores]


# ------------------------------------------------------------------- reading


def test_its_campaign_is_read(restore: Restore) -> None:
    stores = restore("sending")
    assert stores.campaign() == Campaign(
        campaign=CAMPAIGN,
        room_id=ROOM,
        day=DAY,
        state=CampaignState.SENDING,
        created_at=NOW_S,
        audience=12,
        chunks=4,
        cursors={"0": "o00", "1": "o03", "2": "o15"},
        planned_at=NOW_S,
    )
    assert stores.lives() == Living(CAMPAIGN, 0)


def test_its_ledger_is_read(restore: Restore) -> None:
    stores = restore("sending")
    states = {
        chunk.number: (chunk.state, chunk.openids) for chunk in stores.ledger.chunks(CAMPAIGN)
    }
    assert states == {
        1: (ChunkState.ACCEPTED, 3),
        2: (ChunkState.UNKNOWN, 3),
        3: (ChunkState.QUEUED, 1),
        4: (ChunkState.SENDING, 3),
        HALF: (ChunkState.QUEUED, 2),
    }
    sizes = {number: len(stores.ledger.openids(CAMPAIGN, number) or []) for number in states}
    assert sizes == {number: openids for number, (_, openids) in states.items()}
    assert stores.chunk(4) == Chunk(
        4, ChunkState.SENDING, 3, claim=CLAIM, claimed_at=NOW_S + 3, attempts=1
    )


@pytest.mark.parametrize(
    ("name", "kind", "resume_at"),
    [
        ("paused_by_operator", HoldKind.OPERATOR, 0),
        ("paused_for_access", HoldKind.OPERATOR, 0),
        ("paused_for_quota", HoldKind.QUOTA, 1_795_363_200),
        ("waiting_for_room", HoldKind.ROOM, 0),
        ("sending", None, 0),
    ],
)
def test_who_ends_its_hold_is_known(
    restore: Restore, name: str, kind: HoldKind | None, resume_at: int
) -> None:
    """Version 0.1 kept no kind: one that nothing is known to end is the operator's to end."""
    campaign = restore(name).campaign()
    assert (campaign.hold_kind, campaign.resume_at, campaign.hold_id) == (kind, resume_at, "")


def test_its_day_its_quota_its_results_and_its_token_are_read(
    restore: Restore, tables: Tables
) -> None:
    stores = restore("sending")
    assert stores.days.holder(DAY) == (ROOM, CAMPAIGN)
    assert stores.quota.used(DAY) == 4
    (result,) = stores.results.of_room(ROOM)
    assert result == PushResult("1622047360795164601", ROOM, NOW_S + 2, 3, 3, 0, 0, 0, 0)
    assert stores.rooms.all()[ROOM].is_live
    assert stores.rooms.asked().at == NOW_S
    token = TokenStore(tables.state, "wx0123456789abcdef").load()
    assert token is not None
    assert token.is_fresh(NOW_S)


def test_its_pace_is_kept_to(restore: Restore) -> None:
    stores = restore("sending")
    slot = stores.pace.reserve(
        openids=3, rate=6, now_ms=(NOW_S + 3) * 1000, max_wait_ms=12_000, midnights_ms=()
    )
    assert isinstance(slot, Slot)
    assert slot.at_ms == 1_795_347_004_242


def test_its_messages_are_understood() -> None:
    bodies = json.loads((RECORDS / "messages.json").read_text())
    wanted = [ChunkMessage(CAMPAIGN, number) for number in (1, 2, 3, 4, HALF)]
    assert [parse_message(body) for body in bodies] == wanted


# ------------------------------------------------------------- its claims


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(ChunkState.ACCEPTED, message_id="m-1"),
        Outcome(ChunkState.REFUSED, errcode=9410005, reason="taken"),
        Outcome(ChunkState.QUEUED, errcode=45011, reason="minute"),
    ],
)
def test_an_outcome_of_its_claim_is_stored(restore: Restore, outcome: Outcome) -> None:
    stores = restore("sending")
    assert stores.ledger.finish(CAMPAIGN, 4, outcome, claim=CLAIM, now_s=LATER)
    assert stores.chunk(4).state is outcome.to


def test_its_claim_is_settled_or_undone(restore: Restore) -> None:
    stores = restore("sending")
    assert stores.ledger.abandon(CAMPAIGN, stores.chunk(4), reason="gone")
    assert stores.chunk(4).state is ChunkState.UNKNOWN
    assert stores.unclaim(CLAIM, 4)
    assert stores.chunk(4).state is ChunkState.QUEUED
    assert stores.quota.used(DAY) == 3


def test_its_queued_chunk_is_claimed_in_a_day_that_is_its_room_s(restore: Restore) -> None:
    stores = restore("sending")
    stores.quota.limit = 5
    stores.claim("a", 3)
    assert stores.chunk(3).state is ChunkState.SENDING
    assert stores.days.holder(DAY) == (ROOM, CAMPAIGN)


def test_its_chunk_is_split_and_the_halves_are_read_from_their_new_place(restore: Restore) -> None:
    stores = restore("sending")
    before = stores.ledger.openids(CAMPAIGN, HALF)
    half = stores.ledger.split(CAMPAIGN, stores.chunk(HALF), claim="", now_s=LATER)
    assert half == HALF + 1
    assert stores.chunk(HALF).openids == stores.chunk(half).openids == 1
    openids = [stores.ledger.openids(CAMPAIGN, number) or [] for number in (HALF, half)]
    assert [*openids[0], *openids[1]] == before


def test_its_unknown_chunk_is_decided_about(restore: Restore) -> None:
    stores = restore("sending")
    read = stores.chunk(2)
    assert stores.ledger.resend(CAMPAIGN, read, now_s=LATER, reason="again")
    assert stores.chunk(2).earlier_calls == (EarlierCall(NOW_S + 2, 3, read.claim),)
    assert stores.lives() == Living(CAMPAIGN, 1)
    assert stores.ledger.accept(CAMPAIGN, stores.chunk(4), reason="so be it")


# --------------------------------------------------------------- commands


def test_its_campaign_is_returned_to_who_repeats_its_start(
    restore: Restore, world: PushWorld
) -> None:
    restore("sending")
    started = world.execute("start", room_id=ROOM, command="c-1")
    assert (started["campaign"], started["repeated"]) == (CAMPAIGN, True)


def test_no_other_campaign_is_started_beside_its_own(restore: Restore, world: PushWorld) -> None:
    restore("sending")
    world.wechat.rooms_listed = (a_room(), a_room(OTHER_ROOM))
    with pytest.raises(InvalidCommand, match="not finished"):
        world.execute("start", room_id=OTHER_ROOM, command="c-1")


def test_the_day_of_its_finished_campaign_is_its_room_s(restore: Restore, world: PushWorld) -> None:
    restore("settled")
    world.wechat.rooms_listed = (a_room(), a_room(OTHER_ROOM))
    with pytest.raises(InvalidCommand, match=f"Room {ROOM} was pushed today"):
        world.execute("start", room_id=OTHER_ROOM, command="c-1")
    assert world.execute("start", room_id=ROOM, command="c-2")["repeated"]


def test_who_was_notified_by_it_is_left_out(restore: Restore, world: PushWorld) -> None:
    restore("settled")
    assert "before, or may have, and nobody else" in _refusal_of_another(world)


def test_nobody_is_notified_where_it_is_not_known_any_more_who_was(
    restore: Restore, world: PushWorld, tables: Tables
) -> None:
    """Version 0.1 kept openids for a week, and the rest of a campaign for three months."""
    restore("settled")
    for number in (1, 2):
        key = {"pk": f"campaign#{CAMPAIGN}", "sk": f"openids#{number:06d}"}
        tables.state.delete_item(Key=key)
    assert "is no longer on record" in _refusal_of_another(world)


def _refusal_of_another(world: PushWorld) -> str:
    """Push its room again, to followers who all were notified; returns the refusal."""
    audience = {"since": 1}
    with pytest.raises(InvalidCommand) as refused:
        world.execute("start", room_id=ROOM, audience=audience, command="c-1")
    return str(refused.value)


@pytest.mark.parametrize("name", ["paused_by_operator", "paused_for_access"])
def test_its_pause_is_ended_by_the_operator_only(
    restore: Restore, world: PushWorld, name: str
) -> None:
    stores = restore(name)
    world.now_s = LATER
    world.execute("reconcile")
    assert stores.campaign().state is CampaignState.PAUSED
    world.execute("resume", campaign=CAMPAIGN, command="c-1")
    assert stores.campaign().state is CampaignState.SENDING


def test_its_hold_for_quota_is_ended_by_the_machine_when_it_is_due(
    restore: Restore, world: PushWorld
) -> None:
    stores = restore("paused_for_quota")
    world.now_s = 1_795_363_199
    world.execute("reconcile")
    assert stores.campaign().state is CampaignState.PAUSED
    world.now_s += 1
    world.execute("reconcile")
    assert stores.campaign().state is CampaignState.SENDING


def test_its_hold_for_the_room_is_ended_by_the_machine(restore: Restore, world: PushWorld) -> None:
    stores = restore("waiting_for_room")
    world.execute("end_hold", campaign=CAMPAIGN, hold="")
    assert stores.campaign().state is CampaignState.SENDING


# ------------------------------------------------------------------ going on


@where_it_was_planned
@pytest.mark.parametrize("messages", ["all", "none", "twice"])
@pytest.mark.parametrize(
    "name",
    [
        "sending",
        "paused_by_operator",
        "paused_for_quota",
        "paused_for_access",
        "waiting_for_room",
    ],
)
def test_its_campaign_is_brought_to_its_end(
    restore: Restore, world: PushWorld, name: str, messages: str
) -> None:
    restore("sending")  # the followers, who are the same in all of them
    stores = restore(name)
    called = [stores.ledger.openids(CAMPAIGN, number) or [] for number in (1, 2, 4)]
    bodies = json.loads((RECORDS / "messages.json").read_text())
    world.sqs.bodies = bodies * {"all": 1, "none": 0, "twice": 2}[messages]

    _run_to_the_end(world)

    audience = {f"o{number:02}" for number in range(17)}
    assert dict(world.wechat.notified) == dict.fromkeys(audience - set().union(*called), 1)
    seen = world.report(CAMPAIGN)
    assert seen.campaign.fully_planned
    assert {chunk.number for chunk in seen.unknown} == {2, 4}
    assert seen.openids[ChunkState.ACCEPTED] == 17 - 6
    assert seen.campaign.audience == 17
    assert stores.lives().finished


def _run_to_the_end(world: PushWorld) -> None:
    """Let the machine and the operator do all that is to do, minute by minute."""
    world.deliver_all()
    for _ in range(10):
        world.now_s += 61
        campaign = world.stores.campaign()
        if campaign.hold_kind is HoldKind.ROOM:
            world.execute("end_hold", campaign=CAMPAIGN, hold="")
        if campaign.hold_kind is HoldKind.OPERATOR:
            world.execute("resume", campaign=CAMPAIGN, command=world.new_id())
        world.now_s = max(world.now_s, campaign.resume_at)
        world.execute("reconcile")
        for planned in world.planned_later:
            world.execute("plan", campaign=planned)
        world.planned_later.clear()
        world.deliver_all()
