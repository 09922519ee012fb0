"""Ten million followers on a virtual clock: every turn ends in time, and every run ends."""

from collections.abc import Callable

import pytest

from factories import a_follower
from support.virtual_sync import ROWS_A_PAGE, VirtualSync
from wxlive.domain.calendar import day_of
from wxlive.domain.followers import Status
from wxlive.domain.sync_runs import RunState
from wxlive_follower_sync import budget, sweep, walk

pytestmark = pytest.mark.slow

FOLLOWERS = 10_000_000
PAGES = FOLLOWERS // ROWS_A_PAGE
SPEEDS = [1000, 4000, 40_000]
"""Writes a second that the table takes: a new one takes 4000, and less while others write."""


NewSync = Callable[[int], VirtualSync]


@pytest.fixture
def new_sync(monkeypatch: pytest.MonkeyPatch) -> NewSync:
    """Build a sync whose modules prefetch on its clock, in batches of one row."""

    def build(writes_per_second: int) -> VirtualSync:
        virtual = VirtualSync(FOLLOWERS, writes_per_second)
        monkeypatch.setattr(walk, "prefetch", virtual.time.prefetch)
        monkeypatch.setattr(budget, "prefetch", virtual.time.prefetch)
        monkeypatch.setattr(sweep, "FOLLOWERS_A_BATCH", 1)
        return virtual

    return build


@pytest.mark.parametrize("writes_per_second", SPEEDS)
def test_ten_million_are_imported_at_every_speed_of_the_table(
    new_sync: NewSync, writes_per_second: int
) -> None:
    sync = new_sync(writes_per_second)
    began_s = sync.time.merging_s

    run = sync.run()

    assert (run.state, run.added, run.pages) == (RunState.DONE, PAGES, PAGES)
    assert min(sync.spare_s) > 0, "no turn is killed by Lambda"
    assert sync.wechat.calls == run.calls
    assert run.calls < PAGES * 1.02, "few pages are fetched in vain"
    days = 1 + (day_of(sync.time.merging_s, 8) > day_of(began_s, 8))
    assert days == 2, "as the daily calls allow"


@pytest.mark.parametrize("writes_per_second", SPEEDS)
def test_an_absent_follower_at_the_end_of_the_table_is_removed_by_the_second_run(
    new_sync: NewSync, writes_per_second: int
) -> None:
    sync = new_sync(writes_per_second)
    for openid in sync.wechat.openids:
        number = int(openid[1:])
        sync.table.rows[openid] = a_follower(
            openid, subscribed_at=1_000_000_000 + 10 * number, room_id=1
        )
    sync.table.rows["z"] = a_follower("z", subscribed_at=1)

    first = sync.run()
    second = sync.run()

    assert (first.state, first.missing, first.removed) == (RunState.DONE, 1, 0)
    assert (second.state, second.missing, second.removed) == (RunState.DONE, 0, 1)
    assert sync.table.rows["z"].status is Status.UNSUBSCRIBED
    assert min(sync.spare_s) > 0


def test_a_table_that_slows_down_while_many_pages_wait_kills_no_turn(new_sync: NewSync) -> None:
    sync = new_sync(40_000)
    for openid in sync.wechat.openids:
        sync.table.rows[openid] = a_follower(openid)
    sync.table.slow_down_after(pages=1000, writes_per_second=300)

    run = sync.run()

    assert run.state is RunState.DONE
    assert min(sync.spare_s) > 0


@pytest.mark.parametrize("writes_per_second", [1000, 40_000])
def test_a_sweep_of_two_million_goes_on_turn_after_turn(
    new_sync: NewSync, writes_per_second: int
) -> None:
    sync = new_sync(writes_per_second)
    for openid in sync.wechat.openids:
        number = int(openid[1:])
        sync.table.rows[openid] = a_follower(
            openid, subscribed_at=1_000_000_000 + 10 * number, room_id=1
        )
    gone = [f"gone{number:05d}" for number in range(PAGES // 5)]
    sync.table.rows |= {openid: a_follower(openid, subscribed_at=1) for openid in gone}

    first = sync.run()
    second = sync.run()

    assert (first.state, first.missing, first.removed) == (RunState.DONE, len(gone), 0)
    assert (second.state, second.missing, second.removed) == (RunState.DONE, 0, len(gone))
    assert min(sync.spare_s) > 0
