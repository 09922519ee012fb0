"""The picture in a terminal: whole at every width, and readable without colour."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from factories import NOW_S, a_chunk
from support.cli import facts_of
from wxlive.domain.campaigns import HoldKind, PastHold
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive_cli.report.screen import picture

HOLD = PastHold(HoldKind.ACCESS, "errcode 40164: 1.2.3.4", NOW_S + 20, NOW_S + 50)


def call(number: int) -> Chunk:
    """Return a call at the pace; the third is unknown, and a hold comes after the fifteenth."""
    at_s = NOW_S + 1.045 * number + (40 if number > 15 else 0)
    state = ChunkState.UNKNOWN if number == 3 else ChunkState.ACCEPTED
    return a_chunk(number, state, openids=2000, claimed_at=int(at_s), slot_ms=round(1000 * at_s))


def shown(width: int, *, encoding: str = "utf-8", calls: int = 30) -> list[str]:
    """Return the lines of a picture."""
    facts = facts_of(*map(call, range(1, calls + 1)), reported=5000, past_holds=(HOLD,))
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    screen = Console(file=file, width=width, color_system=None)
    for part in picture(facts, NOW_S + 99, 8):
        screen.print(part)
    file.seek(0)
    return file.read().splitlines()


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("calls", [3, 30, 5000])
def test_it_fits(width: int, encoding: str, calls: int) -> None:
    lines = shown(width, encoding=encoding, calls=calls)
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", [40, 80, 140])
def test_everything_has_a_name_or_a_sign_of_its_own(width: int) -> None:
    text = "\n".join(shown(width))
    for sign in ("█", "·", "░", "60,000", "19:29:59", "unknown 1", "accepted 29"):
        assert sign in text
    words = " ".join(text.split())
    assert "1. 19:30:20 to 19:30:50 (30 s): errcode 40164: 1.2.3.4" in words


def test_a_terminal_without_unicode_gets_ascii() -> None:
    text = "\n".join(shown(80, encoding="ascii"))
    assert text.isascii()
    for sign in ("#", ".", ":", "|"):
        assert sign in text


def test_the_marks_stand_below_the_curve() -> None:
    lines = shown(140)
    [marks] = [line for line in lines if line.startswith("accepted")]
    held = next(line for line in lines if "░░░" in line)
    in_hold = marks[held.index("░░░") : held.rindex("░")]
    assert set(in_hold) == {" "}
    assert marks.index("│") < held.index("░░░") < held.rindex("░") < marks.rindex("│")
