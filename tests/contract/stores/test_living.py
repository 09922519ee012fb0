"""One campaign lives: who opens one, revives one or sees one finished agree which, in any order."""

from collections.abc import Callable
from itertools import permutations

import pytest

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_new_campaign
from support.backends import Tables, mostly_in_memory
from support.push_stores import LATER, SLOT_MS, PushStores
from support.table_faults import Fault, Faults
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.errors import Conflict
from wxlive.stores.living import Living

OTHER, OTHER_ROOM = "20261122T200000-2002", 2002


def test_the_first_campaign_lives(stores: PushStores) -> None:
    assert stores.living.load() is None
    stores.open()
    assert stores.living.load() == Living(CAMPAIGN, 0)


def test_a_campaign_lives_until_another_is_opened_whatever_it_does(stores: PushStores) -> None:
    stores.open()
    stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", NOW_S)
    assert stores.lives() == Living(CAMPAIGN, 0)
    stores.open(OTHER, before=stores.lives())
    assert stores.lives() == Living(OTHER, 1)


def test_a_campaign_is_seen_to_be_finished(stores: PushStores) -> None:
    stores.open()
    stores.living.finish(stores.lives())
    assert stores.lives() == Living(CAMPAIGN, 0, finished=True)
    stores.open(OTHER, before=stores.lives())
    assert stores.lives() == Living(OTHER, 1), "another one is not"


def test_a_campaign_that_was_replaced_or_revived_is_not_seen_to_be_finished(
    stores: PushStores,
) -> None:
    stores.open()
    before = stores.lives()
    stores.open(OTHER, before=before)
    stores.living.finish(before)
    assert stores.lives() == Living(OTHER, 1)
    stores.living.finish(Living(OTHER, 0))
    assert stores.lives() == Living(OTHER, 1)


@pytest.mark.parametrize(
    "before",
    [None, Living("another-9", 0), Living(CAMPAIGN, 1)],
    ids=["none", "another", "revived since"],
)
def test_a_campaign_replaces_only_what_was_read_as_finished(
    stores: PushStores, tables: Tables, before: Living | None
) -> None:
    stores.open()
    rows = tables.rows()
    with pytest.raises(Conflict, match="living campaign"):
        stores.open(OTHER, before=before)
    assert tables.rows() == rows


# ------------------------------------------- version 0.1, which kept no record


@pytest.fixture
def unrecorded(stores: PushStores, tables: Tables) -> Living:
    """The newest campaign, where none is on record as the living one."""
    for campaign in ("20261121T193000-7", CAMPAIGN):
        stores.open(campaign, before=stores.living.load())
    tables.state.delete_item(Key={"pk": "push", "sk": "living"})
    return stores.lives()


def test_without_a_record_the_newest_campaign_lives(unrecorded: Living) -> None:
    assert unrecorded == Living(CAMPAIGN, 0)


def test_what_lives_without_a_record_can_be_seen_to_be_finished(
    stores: PushStores, unrecorded: Living
) -> None:
    stores.living.finish(unrecorded)
    assert stores.lives() == Living(CAMPAIGN, 0, finished=True)


def test_what_lives_without_a_record_is_replaced_once(
    stores: PushStores, unrecorded: Living
) -> None:
    stores.open(OTHER, before=unrecorded)
    for before in (unrecorded, None):
        with pytest.raises(Conflict):
            stores.open("later-8", before=before)
    assert stores.lives() == Living(OTHER, 1)


def test_an_open_whose_answer_was_lost_is_not_taken_for_another_ones(
    stores: PushStores, faults: Faults
) -> None:
    stores.open()
    before = stores.lives()
    faults.writes = [Fault.LOST]
    stores.open(OTHER, before=before)
    with pytest.raises(Conflict):
        stores.open(OTHER, before=before, command="another command")


# ------------------------------------------------------- the day, taken over


def test_a_day_is_taken_over_from_a_campaign_that_notified_nobody(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    stores.unclaim()
    stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", NOW_S)
    opened = a_new_campaign(OTHER, room_id=OTHER_ROOM, command="c-1")
    stores.campaigns.open(opened, before=stores.lives(), release=(DAY, ROOM, CAMPAIGN))
    assert stores.days.holder(DAY) is None
    assert stores.lives().campaign == OTHER


@pytest.mark.parametrize(
    "release",
    [(DAY, OTHER_ROOM, CAMPAIGN), (DAY, ROOM, "another-9"), ("2026-11-23", ROOM, CAMPAIGN)],
    ids=["room", "campaign", "day"],
)
def test_a_day_that_has_changed_hands_is_not_taken_over(
    stores: PushStores, sending: Campaign, tables: Tables, release: tuple[str, int, str]
) -> None:
    stores.claim()
    opened, before = a_new_campaign(OTHER, command="c-1"), tables.rows()
    with pytest.raises(Conflict):
        stores.campaigns.open(opened, before=stores.lives(), release=release)
    assert tables.rows() == before


def test_a_day_that_was_given_up_is_the_next_callers(stores: PushStores, sending: Campaign) -> None:
    stores.claim()
    stores.unclaim()
    stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", NOW_S)
    opened = a_new_campaign(OTHER, room_id=OTHER_ROOM, command="c-1")
    stores.campaigns.open(opened, before=stores.lives(), release=(DAY, ROOM, CAMPAIGN))
    planned = stores.campaigns.add_chunk(opened, ["o-1"], NOW_S, plan_id="p", cursors={})
    stores.campaigns.activate(OTHER)
    (chunk,) = stores.ledger.chunks(OTHER)
    stores.ledger.claim(
        planned, chunk, claim="b", now_s=NOW_S, slot_ms=SLOT_MS, quota=stores.quota, day=DAY
    )
    assert stores.days.holder(DAY) == (OTHER_ROOM, OTHER)


# ---------------------------------------------------- two of them, in any order

Step = Callable[[], None]


class Opener:
    """Opens a campaign if the living one is read as finished; in three steps."""

    def __init__(self, stores: PushStores, campaign: str) -> None:
        self.stores, self.campaign = stores, campaign
        self.opened = self.finished = False

    def read_pointer(self) -> None:
        self.before = self.stores.lives()

    def read_ledger(self) -> None:
        chunks = self.stores.ledger.chunks(self.before.campaign)
        self.finished = not any(chunk.state is ChunkState.QUEUED for chunk in chunks)

    def open(self) -> None:
        if not self.finished:
            return
        try:
            self.stores.open(self.campaign, before=self.before)
        except Conflict:
            return
        self.opened = True

    def steps(self) -> list[Step]:
        return [self.read_pointer, self.read_ledger, self.open]


class Resender:
    """Sends an unknown chunk again, in one step."""

    def __init__(self, stores: PushStores) -> None:
        self.stores = stores
        self.chunk = stores.chunk()
        self.sent = False

    def resend(self) -> None:
        ledger = self.stores.ledger
        self.sent = ledger.resend(CAMPAIGN, self.chunk, now_s=LATER, reason="again")

    def steps(self) -> list[Step]:
        return [self.resend]


def orders(first: int, second: int) -> list[tuple[int, ...]]:
    """Return each order of two actors' steps: whose turn it is, 0 or 1."""
    return sorted(set(permutations([0] * first + [1] * second)))


def run(order: tuple[int, ...], *actors: Opener | Resender) -> None:
    steps = [iter(actor.steps()) for actor in actors]
    for turn in order:
        next(steps[turn])()


LOSSES = [[], [Fault.LOST], [Fault.DONE_TWICE, None], [None, Fault.LOST], [Fault.LOST, Fault.LOST]]
"""What becomes of the writes of the two."""


@pytest.fixture
def finished(stores: PushStores) -> None:
    """A campaign that has nothing left to send, and whose first chunk is unknown."""
    stores.start_sending()
    stores.claim("x", 2)
    stores.ledger.abandon(CAMPAIGN, stores.chunk(2), reason="gone")
    stores.claim("a", 1)
    stores.ledger.abandon(CAMPAIGN, stores.chunk(), reason="gone")


@mostly_in_memory
@pytest.mark.parametrize("losses", LOSSES, ids=str)
@pytest.mark.parametrize("order", orders(3, 1), ids=str)
def test_a_chunk_is_sent_again_only_while_its_campaign_lives(
    stores: PushStores,
    finished: None,
    faults: Faults,
    order: tuple[int, ...],
    losses: list[Fault | None],
) -> None:
    opener, resender = Opener(stores, OTHER), Resender(stores)
    faults.writes = list(losses)
    run(order, opener, resender)
    assert opener.opened != resender.sent, "one of them"
    assert stores.lives().campaign == (OTHER if opener.opened else CAMPAIGN)
    assert (stores.chunk().state is ChunkState.QUEUED) == resender.sent


@mostly_in_memory
@pytest.mark.parametrize("losses", LOSSES, ids=str)
@pytest.mark.parametrize("order", orders(3, 3), ids=str)
def test_of_two_openers_one_opens(
    stores: PushStores,
    finished: None,
    faults: Faults,
    order: tuple[int, ...],
    losses: list[Fault | None],
) -> None:
    one, two = Opener(stores, OTHER), Opener(stores, "20261122T200000-3003")
    faults.writes = list(losses)
    run(order, one, two)
    in_turn = order in {(0, 0, 0, 1, 1, 1), (1, 1, 1, 0, 0, 0)}
    assert (one.opened, two.opened).count(True) == (2 if in_turn else 1)
    for opener in (one, two):
        assert (stores.campaigns.get(opener.campaign) is not None) == opener.opened


def test_of_two_decisions_about_a_campaign_both_count(stores: PushStores, finished: None) -> None:
    for number in (1, 2):
        chunk = stores.chunk(number)
        assert stores.ledger.resend(CAMPAIGN, chunk, now_s=LATER, reason="again")
    assert stores.lives() == Living(CAMPAIGN, 2)


def test_a_campaign_without_a_record_is_revived(
    stores: PushStores, finished: None, tables: Tables
) -> None:
    tables.state.delete_item(Key={"pk": "push", "sk": "living"})
    before = stores.lives()
    assert stores.ledger.resend(CAMPAIGN, stores.chunk(), now_s=LATER, reason="again")
    assert stores.lives() == Living(CAMPAIGN, 1)
    with pytest.raises(Conflict):
        stores.open(OTHER, before=before)


def test_a_campaign_is_replaced_once_another_is_recorded_as_the_living_one(
    stores: PushStores,
) -> None:
    """Before the first record, of version 0.1, none is."""
    assert not stores.living.is_replaced(CAMPAIGN)
    stores.open()
    assert not stores.living.is_replaced(CAMPAIGN)
    assert stores.living.is_replaced(OTHER)
