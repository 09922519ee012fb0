"""The index: what a listed row says beside the record, and who is missing from the list."""

from dataclasses import replace

import pytest

from factories import NOW_S, a_follower, a_row, a_run
from wxlive.digests import digest_of
from wxlive.domain.followers import Follower, ListedRow, Source, Status
from wxlive.domain.sync_runs import SyncRun
from wxlive_follower_sync.follower_index import Comparison, FollowerIndex

RUN = a_run(turns=1)
RESUMED = replace(RUN, turns=2)


def index_of(*records: Follower, run: SyncRun = RUN) -> FollowerIndex:
    index = FollowerIndex(run)
    for each in records:
        index.add(each)
    return index


def compare(index: FollowerIndex, listed: ListedRow) -> Comparison:
    [found], _ = index.compare_page([listed])
    return found


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (a_follower(), Comparison.UNCHANGED),
        (a_follower(changed_at=1, source=Source.SYNC), Comparison.UNCHANGED),
        (a_follower(subscribed_at=1), Comparison.CHANGED),
        (a_follower(room_id=1), Comparison.CHANGED),
        (a_follower(room_status=103), Comparison.CHANGED),
        (a_follower(status=Status.UNSUBSCRIBED), Comparison.RETURNED),
        (a_follower("somebody else"), Comparison.NEW),
    ],
)
def test_a_row_is_compared_with_the_a_follower(known: Follower, found: Comparison) -> None:
    index = index_of(known)
    assert compare(index, a_row()) is found
    assert compare(index, a_row()) is Comparison.UNCHANGED, "the index has learnt it"
    assert index.listed == 1


def test_a_later_page_may_change_what_an_earlier_one_said() -> None:
    index = index_of()
    assert compare(index, a_row()) is Comparison.NEW
    assert compare(index, a_row(room_id=8)) is Comparison.CHANGED


def test_the_digests_of_a_page_are_of_those_not_listed_before() -> None:
    index = index_of(a_follower("a"))
    _, first = index.compare_page([a_row("a"), a_row("b")])
    _, second = index.compare_page([a_row("b"), a_row("c")])
    assert first == digest_of("a") + digest_of("b")
    assert second == digest_of("c")
    assert index.listed == 3


def test_the_digests_of_stored_pages_restore_the_index() -> None:
    index = index_of(a_follower("a"), a_follower("b"), a_follower("d"), run=RESUMED)
    index.restore_page(digest_of("a") + digest_of("c"))
    assert (index.listed, index.absent) == (2, 2)
    assert not index.is_missing(a_follower("a"))
    assert index.is_missing(a_follower("b"))
    _, fresh = index.compare_page([a_row("a"), a_row("b")])
    assert fresh == digest_of("b")


def test_who_is_not_listed_is_absent_unless_a_newer_fact_says_otherwise() -> None:
    newer = a_follower("newer", changed_at=NOW_S)
    left = a_follower("left", status=Status.UNSUBSCRIBED)
    index = index_of(a_follower("a"), a_follower("b"), newer, left)
    assert (index.subscribed, index.absent) == (3, 2)
    index.compare_page([a_row("a"), a_row("c")])
    assert (index.subscribed, index.absent) == (4, 1)
    assert index.is_missing(a_follower("b"))
    assert not index.is_missing(newer)
    assert not index.is_missing(a_follower("after the index was built", changed_at=NOW_S + 5))


@pytest.mark.parametrize("changed_at", [NOW_S - 1, NOW_S, NOW_S + 1])
@pytest.mark.parametrize("source", Source)
def test_who_is_missing_is_whom_the_runs_list_unsubscribes(changed_at: int, source: Source) -> None:
    known = a_follower(changed_at=changed_at, source=source)
    unsubscribed = Follower.unlisted("o-1", NOW_S).beats(known)
    assert index_of(known).is_missing(known) is unsubscribed
    assert index_of(known).absent == unsubscribed


def test_what_a_dead_turn_of_this_run_wrote_is_known_as_the_runs_own() -> None:
    written = a_follower("w", changed_at=NOW_S, source=Source.SYNC)
    stored = a_follower("s", changed_at=NOW_S, source=Source.SYNC)
    notified = a_follower("n", changed_at=NOW_S + 1)
    swept = Follower.unlisted("gone", NOW_S)
    index = index_of(written, stored, notified, swept, run=RESUMED)
    index.restore_page(digest_of("s"))
    answers, _ = index.compare_page([a_row("w"), a_row("s"), a_row("n")])
    assert answers == [Comparison.WRITTEN, Comparison.UNCHANGED, Comparison.UNCHANGED]
    assert compare(index, a_row("w")) is Comparison.UNCHANGED, "it is counted once"
    assert index.removed == 1


def test_a_run_in_its_first_turn_has_written_nothing_before() -> None:
    earlier = a_follower("w", changed_at=NOW_S, source=Source.SYNC)
    index = index_of(earlier, Follower.unlisted("gone", NOW_S))
    assert compare(index, a_row("w")) is Comparison.UNCHANGED
    assert index.removed == 0
