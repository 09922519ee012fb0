"""``wxlive watch``: what it shows, and when it ends."""

import re

import pytest
from rich.console import Console

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_chunk
from support.cli import Operator, interrupt
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive_cli.watch import command
from wxlive_cli.watch.snapshot import Snapshot, render_line, render_panel

ACCEPTED = a_chunk(1, ChunkState.ACCEPTED, openids=40, claimed_at=NOW_S - 5)
QUEUED = a_chunk(1, openids=30)
SNAPSHOT = Snapshot(
    state="sending",
    reason=None,
    accepted=4000,
    left=16_000,
    unknown=0,
    refused=0,
    audience=20_000,
    rate=2000,
    limit=2000,
    delivered=1900,
    awaited=100,
    minutes_left=0.1,
    calls_left=4990,
    errors=(),
)


def test_a_line_shows_counts_rate_results_and_errors(operator: Operator) -> None:
    operator.campaign(
        a_chunk(1, ChunkState.ACCEPTED, openids=40, claimed_at=NOW_S - 60),
        a_chunk(2, ChunkState.ACCEPTED, openids=40, claimed_at=NOW_S - 5),
        a_chunk(3, ChunkState.ACCEPTED, openids=7, errcode=45011, reason="…"),
        a_chunk(4, ChunkState.UNKNOWN, openids=3, claimed_at=NOW_S - 1, reason="lost"),
        a_chunk(5, openids=30),
    )
    operator.result("m-1", total=40, relation_error=4)
    operator.push_quota.calls[DAY] = 4

    result = operator.run("watch", "--timeout", "0")

    assert result.exit_code == 1
    watching, shown, timed_out, goes_on = result.stderr.splitlines()
    assert f"Watching campaign {CAMPAIGN} for room {ROOM}. Times are UTC+8." in watching
    assert timed_out == "The time of 0 s is up, and the campaign is not over: sending."
    assert f"The campaign {CAMPAIGN} for room {ROOM} goes on" in goes_on
    assert re.match(r"19:30:00 sending; 87 of 120 accepted; 30 left, 0.1 min; 3 unk", shown)
    assert "5 of 2,000 openids/s; 36 delivered; 4,996 calls left today" in shown
    assert "45011 in 1 call: Too many calls this minute" in shown
    assert "no answer in 1 call: lost" in shown


def test_it_watches_until_everything_is_sent_and_reported(operator: Operator) -> None:
    operator.campaign(ACCEPTED)
    operator.clock.meanwhile = [lambda: None, lambda: operator.result("m-1", total=40)]

    facts = operator.json("watch", CAMPAIGN)

    assert facts["state"] == "settled"
    assert operator.clock.now_s == NOW_S + 4


def test_in_a_pipe_a_line_appears_every_ten_seconds_and_with_each_change(
    operator: Operator,
) -> None:
    operator.campaign(QUEUED)
    operator.clock.meanwhile = [
        *[lambda: None] * 6,
        lambda: operator.change_campaign(state=CampaignState.PAUSED, reason="40164: 1.2.3.4"),
        lambda: operator.change_campaign(state=CampaignState.CANCELLED),
    ]

    result = operator.run("watch")

    states = [shown.split(";")[0].split()[-1] for shown in result.stderr.splitlines()[1:]]
    assert states == ["sending", "sending", "paused", "cancelled"]
    assert "40164: 1.2.3.4" in result.stderr


def test_ctrl_c_stops_only_the_watching(operator: Operator) -> None:
    operator.campaign(QUEUED)
    operator.clock.meanwhile = [interrupt]

    result = operator.run("watch")

    assert result.exit_code == 130
    assert f"The campaign {CAMPAIGN} for room {ROOM} goes on" in result.stderr.splitlines()[-1]


def test_it_ends_with_the_picture_of_the_campaign(operator: Operator) -> None:
    operator.campaign(ACCEPTED)
    operator.result("m-1", total=40)

    shown = operator.run("watch").stdout

    assert "█ followers in accepted calls" in shown
    assert "accepted 1 " in shown


def test_without_a_campaign_there_is_nothing_to_watch(operator: Operator) -> None:
    assert "There is no campaign yet" in operator.refusal("watch")


def test_a_terminal_shows_the_same_live(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Console(record=True, force_terminal=True, width=100, stderr=True)
    monkeypatch.setattr(command, "stderr", screen)
    operator.campaign(ACCEPTED)
    operator.result("m-1", total=40)

    assert operator.run("watch").exit_code == 0
    shown = screen.export_text()
    for fact in ("40 of 40", "6 of 2,000 openids/s", "40 delivered, 0 awaited", "5,000", "█ "):
        assert fact in shown


def test_the_panel_and_the_line_show_the_same_figures() -> None:
    screen = Console(record=True, width=100)
    screen.print(render_panel(SNAPSHOT))

    for shown in (screen.export_text(), render_line(SNAPSHOT, NOW_S, 8)):
        assert "4,000 of 20,000" in shown
        assert "16,000" in shown
        assert "0.1 min" in shown


def test_an_audience_that_is_still_read_is_no_total(operator: Operator) -> None:
    operator.campaign(ACCEPTED, a_chunk(2, openids=30), fully_planned=False)

    assert "40 of at least 70 accepted" in operator.run("watch", "--timeout", "0").stderr


def test_the_rate_of_a_young_campaign_is_the_average_of_its_age(operator: Operator) -> None:
    operator.campaign(ACCEPTED, a_chunk(2))

    assert "6 of 2,000 openids/s" in operator.run("watch", "--timeout", "0").stderr
