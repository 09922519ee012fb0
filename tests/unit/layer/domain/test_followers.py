"""A follower is a register: the later fact wins, and each source's fact has its own age."""

from dataclasses import replace

import pytest

from factories import NOW_S, a_follower, a_notice, a_row
from wxlive.domain.events import FollowAction
from wxlive.domain.followers import TOMBSTONE_KEPT_S, Follower, Source, Status

ROW = a_row(subscribed_at=NOW_S - 50)
ADDED = Follower.notified(a_notice())
LEFT = Follower.notified(a_notice(action=FollowAction.DEL_FOLLOW))
LISTED = Follower.listed(ROW, NOW_S)
UNLISTED = Follower.unlisted(ROW.openid, NOW_S)


def test_add_follow_says_subscribed_since_its_time() -> None:
    assert a_follower(changed_at=NOW_S, subscribed_at=NOW_S) == ADDED


def test_del_follow_says_unsubscribed_since_its_time() -> None:
    assert replace(ADDED, status=Status.UNSUBSCRIBED, subscribed_at=0) == LEFT


def test_a_listing_is_as_old_as_the_request_for_the_page() -> None:
    listed = a_follower(changed_at=NOW_S, subscribed_at=NOW_S - 50, source=Source.SYNC)
    assert listed == LISTED


def test_an_absence_is_as_old_as_the_start_of_the_run() -> None:
    unlisted = a_follower(
        status=Status.UNSUBSCRIBED,
        changed_at=NOW_S,
        subscribed_at=0,
        room_id=0,
        room_status=0,
        source=Source.SYNC,
    )
    assert unlisted == UNLISTED


@pytest.mark.parametrize("fact", [LEFT, ADDED, LISTED, UNLISTED])
def test_any_fact_beats_knowing_nothing(fact: Follower) -> None:
    assert fact.beats(None)


@pytest.mark.parametrize("fact", [LEFT, ADDED, LISTED, UNLISTED])
def test_no_fact_beats_itself(fact: Follower) -> None:
    assert not fact.beats(fact)


@pytest.mark.parametrize("known", [LEFT, ADDED, LISTED, UNLISTED])
@pytest.mark.parametrize("fact", [LEFT, ADDED, LISTED, UNLISTED])
def test_the_later_fact_wins_whatever_its_source(fact: Follower, known: Follower) -> None:
    later = replace(fact, changed_at=NOW_S + 1)
    assert later.beats(known)
    assert not known.beats(later)


def test_within_a_second_a_person_outweighs_a_page_and_leaving_outweighs_joining() -> None:
    weakest_first = [UNLISTED, LISTED, ADDED, LEFT]
    for i, weaker in enumerate(weakest_first):
        for stronger in weakest_first[i + 1 :]:
            assert stronger.beats(weaker)
            assert not weaker.beats(stronger)


def test_a_callback_is_not_undone_by_the_page_that_was_requested_before_it() -> None:
    assert not Follower.listed(ROW, NOW_S - 1).beats(LEFT)
    assert not Follower.unlisted(ROW.openid, NOW_S - 1).beats(ADDED)


def test_only_tombstones_expire() -> None:
    assert ADDED.expires_at is None
    assert LISTED.expires_at is None
    assert LEFT.expires_at == NOW_S + TOMBSTONE_KEPT_S
    assert UNLISTED.expires_at == NOW_S + TOMBSTONE_KEPT_S
