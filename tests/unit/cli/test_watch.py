"""``wxlive watch``: what it shows, when it ends."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from wxlive.campaigns import CampaignState, Chunk, ChunkState
from wxlive_cli import watch
from wxlive_cli.watch import Glance, line, picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.cli.conftest import Desk

NOW_S, C = 1_795_347_000, "20261122T193000-1001"
TOLD = Chunk(1, ChunkState.ACCEPTED, 40, claimed_at=NOW_S - 5, message_id="m1")
LONG_AGO = Chunk(1, ChunkState.ACCEPTED, 40, claimed_at=NOW_S - 60, message_id="m2")
LATE = Chunk(
    1, ChunkState.ACCEPTED, 7, claimed_at=NOW_S, message_id="m3", errcode=45011, reason="…"
)
LOST = Chunk(1, ChunkState.UNKNOWN, 3, claimed_at=NOW_S - 1, reason="lost")
WAITING = Chunk(1, ChunkState.QUEUED, 30)
SEEN = Glance("sending", None, 4000, 16_000, 0, 0, 20_000, 2000, 2000, 1900, 100, 0.1, 4990, ())


class Clock(SimpleNamespace):
    """A clock that does something each time somebody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = float(NOW_S)
        self.meanwhile: list[Callable[[], object]] = []

    def time(self) -> float:
        return self.now_s

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def localtime(self, _: float) -> Any:
        return None

    def strftime(self, _: str, __: Any) -> str:
        return "19:30:00"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watch, "time", clock)
    return clock


def test_a_glance_sums_up_rate_rest_results_and_errors(desk: "Desk", clock: Clock) -> None:
    desk.campaign(LONG_AGO, TOLD, LATE, LOST, WAITING)
    desk.result("m1", 40, relation_error=4)

    result = desk.run("watch", "--timeout", "0")

    assert result.exit_code == 1
    [shown] = result.stderr.splitlines()
    assert shown.startswith("19:30:00 sending; 87 of 120 told; 30 to go, 0.1 min; 3 unknown; ")
    assert "5 of 2,000 openids/s; 36 delivered; 4,996 calls left" in shown
    assert "45011 in 1 calls: Too many calls this minute" in shown
    assert "no answer in 1 calls: lost" in shown


def test_it_watches_until_everything_is_sent_and_reported(desk: "Desk", clock: Clock) -> None:
    desk.campaign(TOLD)
    clock.meanwhile = [lambda: None, lambda: desk.result("m1", 40)]

    facts = desk.json("watch", C)

    assert facts["state"] == "settled"
    assert clock.now_s == NOW_S + 4


def test_in_a_pipe_a_line_comes_every_ten_seconds_and_with_each_change(
    desk: "Desk", clock: Clock
) -> None:
    desk.campaign(WAITING)
    hold = [CampaignState.SENDING]
    clock.meanwhile = [
        *[lambda: None] * 6,
        lambda: desk.campaigns.move(C, CampaignState.PAUSED, out_of=hold, reason="40164: 1.2.3.4"),
        lambda: desk.campaigns.move(C, CampaignState.CANCELLED, out_of=[CampaignState.PAUSED]),
    ]

    result = desk.run("watch")

    states = [shown.split(";")[0].split()[-1] for shown in result.stderr.splitlines()]
    assert states == ["sending", "sending", "paused", "cancelled"]
    assert "40164: 1.2.3.4" in result.stderr


def test_ctrl_c_stops_the_watching_only(desk: "Desk", clock: Clock) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    desk.campaign(WAITING)
    clock.meanwhile = [interrupt]

    assert desk.json("watch", code=1)["state"] == "sending"


def test_without_a_campaign_there_is_nothing_to_watch(desk: "Desk") -> None:
    assert "There is no campaign yet" in desk.json("watch", code=2)["refused"]


def test_a_terminal_shows_the_same_live(
    desk: "Desk", clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Console(record=True, force_terminal=True, width=100, stderr=True)
    monkeypatch.setattr(watch, "words", screen)
    desk.campaign(TOLD)
    desk.result("m1", 40)

    assert desk.run("watch").exit_code == 0
    shown = screen.export_text()
    for fact in ("40 of 40", "6 of 2,000 openids/s", "40 delivered, 0 awaited", "4,999"):
        assert fact in shown


def test_a_picture_and_a_line_say_the_same() -> None:
    screen = Console(record=True, width=100)
    screen.print(picture(SEEN))

    for shown in (screen.export_text(), line(SEEN, NOW_S)):
        assert "4,000 of 20,000" in shown
        assert "16,000" in shown
        assert "0.1 min" in shown


def test_a_young_campaigns_rate_is_judged_by_its_age(desk: "Desk", clock: Clock) -> None:
    desk.campaign(TOLD, WAITING)

    assert "6 of 2,000 openids/s" in desk.run("watch", "--timeout", "0").stderr
