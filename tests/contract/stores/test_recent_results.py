"""The results that came last: in their order, each once."""

import pytest

from factories import NOW_S, ROOM, a_result
from support.backends import Tables
from wxlive.domain.events import PushResult
from wxlive.stores.recent_results import RecentResultStore


@pytest.fixture
def recent(tables: Tables) -> RecentResultStore:
    return RecentResultStore(tables.state)


def came(message_id: str, after_s: int, **facts: int) -> PushResult:
    return a_result(message_id, received_at=NOW_S + after_s, **facts)


def test_the_last_results_of_a_room_are_returned_the_newest_first(
    recent: RecentResultStore,
) -> None:
    results = [came("m-9", 1), came("m-1", 2), came("m-5", 3)]
    for result in [results[2], results[0], results[1], came("m-0", 4, room_id=ROOM + 1)]:
        recent.add(result)
    assert recent.newest(ROOM, 2) == [results[2], results[1]]
    assert [one.received_at for one in recent.newest(ROOM, 9)] == [NOW_S + n for n in (3, 2, 1)]
    assert recent.newest(7, 9) == []


def test_a_repetition_changes_nothing(recent: RecentResultStore, tables: Tables) -> None:
    recent.add(came("m-1", 1, relation_error=3))
    before = tables.rows()
    recent.add(came("m-1", 1, relation_error=3))
    assert tables.rows() == before
    assert len(before) == 1
