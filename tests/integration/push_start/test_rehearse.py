"""A rehearsal reports what a push would take and leaves nothing behind."""

import pytest

from factories import DAY, ROOM
from support.push_start import AUDIENCE, OTHER_ROOM, planned, start_deps
from support.world import World
from wxlive.errors import InvalidCommand
from wxlive_push_start.control import cancel
from wxlive_push_start.start import rehearse


def test_a_rehearsal_reports_what_a_push_would_take_and_leaves_nothing(world: World) -> None:
    world.put_followers(*AUDIENCE)

    report = rehearse(ROOM, start_deps(world, interval_ms=120_000))

    assert {
        "campaign": None,
        "dry_run": True,
        "room_id": ROOM,
        "audience": 5,
    }.items() <= report.items()
    assert (report["calls"], report["minutes"], report["quota_after"]) == (3, 6.0, 4997)
    assert set(report["chunks"].values()) == {0}
    assert world.campaigns.newest() is None
    assert world.living.load() is None
    assert world.days.holder(DAY) is None
    assert world.invoked == []
    assert world.sent_to_push == []


@pytest.mark.parametrize(
    ("room", "words"),
    [(ROOM, "was pushed to this audience by campaign"), (OTHER_ROOM, "not finished")],
)
def test_a_rehearsal_is_refused_where_a_push_would_be_refused(
    world: World, room: int, words: str
) -> None:
    planned(world)

    with pytest.raises(InvalidCommand, match=words):
        rehearse(room, start_deps(world))


def test_after_a_campaign_that_notified_nobody_a_rehearsal_works(world: World) -> None:
    cancel(planned(world), start_deps(world), "c1")

    assert rehearse(ROOM, start_deps(world))["audience"] == 5
