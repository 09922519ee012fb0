"""The operator's commands are kept in order, and each once."""

from dataclasses import replace

from factories import CAMPAIGN, NOW_S
from support.backends import Tables
from wxlive.domain.campaigns import CAMPAIGN_KEPT_S
from wxlive.domain.history import GivenCommand
from wxlive.stores.history import HistoryStore

PAUSE = GivenCommand("c-2", "pause", NOW_S + 60, "arn:aws:iam::1:user/li", "why", CAMPAIGN, 1001)
PUSH = GivenCommand("c-1", "push", NOW_S, "arn:aws:iam::1:user/li", room_id=1001)


def test_commands_are_listed_in_the_order_of_their_times(tables: Tables) -> None:
    store = HistoryStore(tables.state)
    assert store.all() == []
    store.add(PAUSE)
    store.add(PUSH)
    assert store.all() == [PUSH, PAUSE]


def test_a_command_that_is_recorded_again_replaces_itself(tables: Tables) -> None:
    store = HistoryStore(tables.state)
    store.add(PAUSE)
    refused = replace(PAUSE, refused="It has ended")
    store.add(refused)
    assert store.all() == [refused]


def test_commands_are_kept_as_long_as_campaigns(tables: Tables) -> None:
    HistoryStore(tables.state).add(PUSH)
    assert [row["expires_at"] for row in tables.rows()] == [NOW_S + CAMPAIGN_KEPT_S]
