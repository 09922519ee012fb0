"""The index: what a listed row says beside the record, and who is missing from the list."""

import pytest

from factories import a_follower, a_row, a_run
from wxlive.digests import digest_of
from wxlive.domain.absence import Absence, ListedPage, Span
from wxlive.domain.followers import Follower, ListedRow, Mark, Source, Status, mark_of
from wxlive.domain.sync_runs import SyncRun
from wxlive.wechat.answers import FollowerPage, SkippedRow
from wxlive_follower_sync.follower_index import Comparison, FollowerIndex, ListedOpenids

BEFORE = "20261121T193000-cd34"
RUN = a_run(previous=BEFORE)


def index_of(*records: Follower, run: SyncRun = RUN) -> FollowerIndex:
    index = FollowerIndex(run)
    for each in records:
        index.add(each)
    return index


def page(*rows: ListedRow, skipped: tuple[SkippedRow, ...] = ()) -> FollowerPage:
    return FollowerPage(rows, cursor=None, skipped=skipped)


def compare(index: FollowerIndex, listed: ListedRow) -> Comparison:
    [found], _ = index.compare_page(page(listed))
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


def test_of_a_page_is_kept_whom_no_earlier_one_listed_and_when_they_subscribed() -> None:
    index = index_of(a_follower("a"))
    _, first = index.compare_page(page(a_row("a", subscribed_at=5), a_row("b", subscribed_at=9)))
    _, second = index.compare_page(page(a_row("b", subscribed_at=9), a_row("c", subscribed_at=12)))
    assert first == ListedPage(digest_of("a") + digest_of("b"), Span(5, 9, falls=False))
    assert second == ListedPage(digest_of("c"), Span(9, 12, falls=False))
    assert index.listed == 3


def test_stored_pages_restore_the_index() -> None:
    index = index_of(a_follower("a"), a_follower("b"), a_follower("d"))
    index.restore_page(ListedPage(digest_of("a") + digest_of("c"), Span(5, 9)))
    assert (index.listed, index.absent) == (2, 2)
    assert index.lists("a")
    assert not index.lists("b")
    _, kept = index.compare_page(page(a_row("a"), a_row("b")))
    assert kept.digests == digest_of("b")


def test_who_is_not_listed_is_absent_unless_a_newer_fact_vouches() -> None:
    newer = a_follower("newer", changed_at=RUN.absent_as_of)
    left = a_follower("left", status=Status.UNSUBSCRIBED)
    index = index_of(a_follower("a"), a_follower("b"), newer, left)
    assert (index.subscribed, index.absent) == (3, 2)
    index.compare_page(page(a_row("a"), a_row("c")))
    assert (index.subscribed, index.absent) == (4, 1)


@pytest.mark.parametrize("changed_at", [RUN.absent_as_of + n for n in (-1, 0, 1)])
@pytest.mark.parametrize("source", Source)
def test_who_is_absent_is_whom_the_runs_list_unsubscribes(changed_at: int, source: Source) -> None:
    known = a_follower(changed_at=changed_at, source=source)
    unsubscribed = Follower.unlisted("o-1", RUN.absent_as_of).beats(known)
    assert index_of(known).absent == unsubscribed


def test_absences_are_counted_by_what_they_prove() -> None:
    missed = mark_of(Mark.MISSING, BEFORE)
    long_ago = mark_of(Mark.MISSING, "20261119T193000-ef56")
    index = index_of(
        a_follower("first time", subscribed_at=15),
        a_follower("second time", subscribed_at=15, sync_mark=missed),
        a_follower("not in a row", subscribed_at=15, sync_mark=long_ago),
        a_follower("in the gap", subscribed_at=20, sync_mark=missed),
        a_follower("when is unknown", subscribed_at=0),
        a_follower("b", subscribed_at=20),
    )
    assert not index_of().count_absences()
    first = (a_row("a", subscribed_at=10), a_row("b", subscribed_at=20))
    second = (a_row("c", subscribed_at=21), a_row("d", subscribed_at=30))
    for rows in (first, second):
        _, kept = index.compare_page(page(*rows))
        index.coverage.add(kept)
    assert index.count_absences() == {
        Absence.MISSING: 2,
        Absence.REMOVED: 1,
        Absence.SPARED: 2,
    }


def test_a_skipped_row_counts_as_listed_if_its_openid_can_be_read() -> None:
    index = index_of(a_follower("a"), a_follower("b"))
    skipped = (SkippedRow("a", "why"), SkippedRow(None, "why"))
    _, kept = index.compare_page(page(a_row("c"), skipped=skipped))
    assert kept.digests == digest_of("c") + digest_of("a")
    assert kept.blind
    assert (index.listed, index.lists("a"), index.absent) == (2, True, 1)


def test_a_page_without_a_time_proves_nothing() -> None:
    _, kept = index_of().compare_page(page(a_row("a", subscribed_at=0)))
    assert (kept.span, kept.blind) == (None, True)
    _, kept = index_of().compare_page(page())
    assert kept == ListedPage(b"")


def test_what_a_dead_turn_of_this_run_wrote_is_known_as_the_runs_own() -> None:
    added, changed = mark_of(Mark.ADDED, RUN.run), mark_of(Mark.CHANGED, RUN.run)
    index = index_of(
        a_follower("added", sync_mark=added),
        a_follower("added, stored", sync_mark=added),
        a_follower("changed", sync_mark=changed),
        a_follower("added, then changed", sync_mark=added, room_id=1),
        a_follower("added by the run before", sync_mark=mark_of(Mark.ADDED, BEFORE)),
        a_follower("notified"),
    )
    assert (index.subscribed, index.added) == (6, 3)
    index.restore_page(ListedPage(digest_of("added, stored")))
    rows = ("added", "added, stored", "changed", "added, then changed",
            "added by the run before", "notified")  # fmt: skip
    answers, _ = index.compare_page(page(*map(a_row, rows)))
    assert answers == [
        Comparison.WAS_ADDED,
        Comparison.UNCHANGED,
        Comparison.WAS_CHANGED,
        Comparison.RETURNED,
        Comparison.UNCHANGED,
        Comparison.UNCHANGED,
    ]
    assert compare(index, a_row("added")) is Comparison.UNCHANGED, "it is counted once"


def test_the_listed_openids_of_stored_pages_are_known_without_the_table() -> None:
    listed = ListedOpenids()
    listed.restore_page(ListedPage(digest_of("a") + digest_of("b"), Span(5, 9)))
    listed.restore_page(ListedPage(digest_of("c"), Span(12, 12)))
    assert (listed.listed, listed.lists("b"), listed.lists("d")) == (3, True, False)
    assert (listed.coverage.covers(7), listed.coverage.covers(10)) == (True, False)
