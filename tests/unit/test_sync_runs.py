"""The record of a run, the set of those it listed, and the guard of its sweep."""

import pytest

from wxlive.sync_runs import DIGEST_BYTES, Listing, RunState, SyncRun, sweep_is_safe


def test_the_summary_shows_the_contracts_fields() -> None:
    run = SyncRun(
        run="r-1",
        state=RunState.GUARDED,
        started_at=5,
        cursor="secret cursor",
        listed=9,
        added=1,
        changed=2,
        removed=3,
        calls=4,
        resume_at=6,
        reason="why",
    )
    assert run.summary() == {
        "run": "r-1",
        "state": "guarded",
        "listed": 9,
        "added": 1,
        "changed": 2,
        "removed": 3,
        "calls": 4,
        "reason": "why",
        "resume_at": 6,
    }


def test_a_run_that_waits_for_nothing_has_no_moment_to_go_on() -> None:
    assert SyncRun(run="r", state=RunState.OPEN, started_at=5).summary()["resume_at"] is None


def test_a_listing_holds_whom_it_took_in() -> None:
    listing = Listing()
    listing.add(["o-1", "o-2"])
    assert "o-1" in listing
    assert "o-3" not in listing
    assert len(listing) == 2


def test_only_those_not_seen_before_are_returned_to_be_stored() -> None:
    listing = Listing()
    assert len(listing.add(["o-1", "o-2", "o-1"])) == 2 * DIGEST_BYTES
    assert len(listing.add(["o-2", "o-3"])) == DIGEST_BYTES
    assert listing.add(["o-1", "o-2", "o-3"]) == b""
    assert len(listing) == 3


def test_a_listing_lives_on_in_what_it_returned() -> None:
    first, second = Listing(), Listing()
    stored = [first.add(["o-1", "o-2"]), first.add(["o-2", "o-3"]), first.add([])]
    for digests in stored:
        second.load(digests)
    assert len(second) == 3
    assert all(openid in second for openid in ("o-1", "o-2", "o-3"))
    assert second.add(["o-1", "o-2", "o-3"]) == b""


def test_a_digest_is_the_same_in_every_process() -> None:
    assert Listing().add(["o-1"]).hex() == "2711814c53892a65"


@pytest.mark.parametrize(
    ("removals", "subscribed", "percent", "safe"),
    [
        (0, 0, 20, True),
        (0, 100, 0, True),
        (1, 100, 0, False),
        (20, 100, 20, True),
        (21, 100, 20, False),
        (2, 9, 20, False),
        (100, 100, 100, True),
        (1, 1, 20, False),
    ],
)
def test_a_sweep_stays_within_its_share(
    removals: int, subscribed: int, percent: int, *, safe: bool
) -> None:
    assert sweep_is_safe(removals, subscribed, percent) is safe
