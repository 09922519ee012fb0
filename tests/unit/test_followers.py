"""A follower is a register: the later fact wins, and each source's fact has its own age."""

from dataclasses import replace

import pytest

from wxlive.events import FollowAction, FollowNotify
from wxlive.followers import TOMBSTONE_KEPT_S, Follower, ListedRow, Source, Status

NOW = 1_790_000_000
ROW = ListedRow(openid="o-1", subscribed_at=NOW - 50, room_id=7, room_status=101)


def notified(action: FollowAction = FollowAction.ADD_FOLLOW, time_s: int = NOW) -> Follower:
    return Follower.notified(
        FollowNotify(openid="o-1", room_id=7, time_s=time_s, room_status=101, action=action)
    )


LEFT = notified(FollowAction.DEL_FOLLOW)
ADDED = notified(FollowAction.ADD_FOLLOW)
LISTED = Follower.listed(ROW, NOW)
UNLISTED = Follower.unlisted("o-1", NOW)


def test_add_follow_says_subscribed_since_its_time() -> None:
    assert (
        Follower(
            openid="o-1",
            status=Status.SUBSCRIBED,
            changed_at=NOW,
            subscribed_at=NOW,
            room_id=7,
            room_status=101,
            source=Source.CALLBACK,
        )
        == ADDED
    )


def test_del_follow_says_unsubscribed_since_its_time() -> None:
    assert replace(ADDED, status=Status.UNSUBSCRIBED, subscribed_at=0) == LEFT


def test_a_listing_is_as_old_as_the_request_for_the_page() -> None:
    assert (
        Follower(
            openid="o-1",
            status=Status.SUBSCRIBED,
            changed_at=NOW,
            subscribed_at=NOW - 50,
            room_id=7,
            room_status=101,
            source=Source.SYNC,
        )
        == LISTED
    )


def test_an_absence_is_as_old_as_the_start_of_the_run() -> None:
    assert (
        Follower(
            openid="o-1",
            status=Status.UNSUBSCRIBED,
            changed_at=NOW,
            subscribed_at=0,
            room_id=0,
            room_status=0,
            source=Source.SYNC,
        )
        == UNLISTED
    )


@pytest.mark.parametrize("fact", [LEFT, ADDED, LISTED, UNLISTED])
def test_any_fact_beats_knowing_nothing(fact: Follower) -> None:
    assert fact.beats(None)


@pytest.mark.parametrize("fact", [LEFT, ADDED, LISTED, UNLISTED])
def test_no_fact_beats_itself(fact: Follower) -> None:
    assert not fact.beats(fact)


@pytest.mark.parametrize("known", [LEFT, ADDED, LISTED, UNLISTED])
@pytest.mark.parametrize("fact", [LEFT, ADDED, LISTED, UNLISTED])
def test_the_later_fact_wins_whoever_told_it(fact: Follower, known: Follower) -> None:
    later = replace(fact, changed_at=NOW + 1)
    assert later.beats(known)
    assert not known.beats(later)


def test_within_a_second_a_person_outweighs_a_page_and_leaving_outweighs_joining() -> None:
    weakest_first = [UNLISTED, LISTED, ADDED, LEFT]
    for i, weaker in enumerate(weakest_first):
        for stronger in weakest_first[i + 1 :]:
            assert stronger.beats(weaker)
            assert not weaker.beats(stronger)


def test_a_callback_is_not_undone_by_the_page_that_was_asked_for_before_it() -> None:
    assert not Follower.listed(ROW, NOW - 1).beats(LEFT)
    assert not Follower.unlisted("o-1", NOW - 1).beats(ADDED)


def test_only_tombstones_expire() -> None:
    assert ADDED.expires_at is None
    assert LISTED.expires_at is None
    assert LEFT.expires_at == NOW + TOMBSTONE_KEPT_S
    assert UNLISTED.expires_at == NOW + TOMBSTONE_KEPT_S
