"""Runs that version 0.1 began: gone on with, without harm."""

from dataclasses import replace

from factories import NOW_S, a_run
from support.follower_sync import sync, sync_deps
from support.world import World
from wxlive.digests import digest_of
from wxlive.domain.absence import ListedPage
from wxlive.domain.sync_runs import RunState
from wxlive_follower_sync.runs import confirm_sweep

OLD = a_run(absent_as_of=0, expected=0, listed_all=True, pages=1, listed=1)


def put_old_run(world: World, state: RunState) -> None:
    """Put a run of version 0.1 that has listed one of three followers."""
    world.put_followers("listed", "absent", "too", subscribed_at=5)
    before = replace(OLD, pages=0)
    world.runs.open(before)
    world.runs.acquire("old", world.clock())
    page = ListedPage(digest_of("listed"), blind=True)  # as its marker is read, without a span
    world.runs.save_page(before, replace(OLD, state=state), page, "old", world.clock())
    world.runs.release("old")


def test_an_open_run_ends_and_removes_nobody(world: World) -> None:
    put_old_run(world, RunState.OPEN)

    sync(world, guard_percent=100)

    run = world.newest_run()
    assert (run.run, run.state, run.missing, run.removed) == (OLD.run, RunState.DONE, 0, 0)
    assert run.spared == 2


def test_a_guarded_run_removes_whom_its_list_lacked_when_it_is_confirmed(world: World) -> None:
    put_old_run(world, RunState.GUARDED)
    world.put_followers("too", changed_at=NOW_S)

    confirm_sweep(OLD.run, sync_deps(world))
    sync(world)

    assert (world.newest_run().state, world.newest_run().removed) == (RunState.DONE, 1)
    assert world.subscribed() == {"listed", "too"}
