"""What became of each call, and when it left."""

from dataclasses import replace
from typing import Any

import pytest

from factories import NOW_S, a_chunk
from support.cli import facts_of
from wxlive.domain.chunks import ABANDONED, Chunk, ChunkState, EarlierCall, RefusedCall
from wxlive_cli.report.fates import Call, Fate, calls_of

MS = 1000 * NOW_S
CALLED: dict[str, Any] = {"openids": 2000, "claimed_at": NOW_S, "slot_ms": MS + 150}


@pytest.mark.parametrize(
    ("chunk", "reported", "unknown", "fate"),
    [
        (a_chunk(1, ChunkState.ACCEPTED, **CALLED), ["m-1"], [], Fate.REPORTED),
        (a_chunk(1, ChunkState.ACCEPTED, **CALLED), [], [], Fate.AWAITED),
        (a_chunk(1, ChunkState.ACCEPTED, **{**CALLED, "message_id": None}), [], [], Fate.AWAITED),
        (a_chunk(1, ChunkState.UNKNOWN, **CALLED, reason=ABANDONED), [], [1], Fate.UNKNOWN),
        (a_chunk(1, ChunkState.UNKNOWN, **CALLED, reason=ABANDONED), [], [], Fate.REPORTED),
        (a_chunk(1, ChunkState.REFUSED, **CALLED, errcode=9410005), [], [], Fate.REFUSED),
        (a_chunk(1, ChunkState.SENDING, **CALLED), [], [], Fate.SENDING),
        (a_chunk(1, ChunkState.QUEUED, **CALLED, errcode=45011), [], [], Fate.REPEATED),
    ],
)
def test_a_call_has_one_fate(
    chunk: Chunk, reported: list[str], unknown: list[int], fate: Fate
) -> None:
    """An unknown chunk that the report does not count as unknown is proved by a result."""
    found = calls_of([chunk], reported, unknown, limit=2000)
    assert found == (Call(MS + 150, 2000, fate),)


@pytest.mark.parametrize("errcode", [None, 45011])
def test_a_claim_that_was_undone_is_no_call(errcode: int | None) -> None:
    undone = a_chunk(1, openids=2000, claimed_at=NOW_S, slot_ms=0, errcode=errcode)
    assert facts_of(undone).calls == ()


def test_a_chunk_that_expired_before_any_call_is_no_call() -> None:
    assert facts_of(a_chunk(1, ChunkState.REFUSED, claimed_at=0)).calls == ()


def test_every_call_of_a_chunk_is_shown_at_its_own_time() -> None:
    chunk = a_chunk(
        1,
        ChunkState.ACCEPTED,
        openids=500,
        claimed_at=NOW_S + 90,
        slot_ms=MS + 90_150,
        refused_calls=(RefusedCall(MS, 1000, 40003), RefusedCall(MS + 60_000, 500, 45011)),
        earlier_calls=(
            EarlierCall(NOW_S + 70, 500),
            EarlierCall(NOW_S + 80, 500, message_id="m-0", slot_ms=MS + 80_150),
        ),
    )
    assert facts_of(chunk).calls == (
        Call(MS, 1000, Fate.SPLIT),
        Call(MS + 60_000, 500, Fate.REPEATED),
        Call(MS + 70_000, 500, Fate.UNKNOWN),
        Call(MS + 80_150, 500, Fate.AWAITED),
        Call(MS + 90_150, 500, Fate.REPORTED),
    )


def test_rows_without_a_slot_are_spaced_as_the_pace_spaced_them() -> None:
    """Version 0.1 kept the second of the claim only."""
    rows = [replace(a_chunk(n, ChunkState.ACCEPTED, **CALLED), slot_ms=0) for n in (1, 2, 3)]
    times = [call.at_ms for call in facts_of(*rows).calls]
    assert times == [MS, MS + 1045, MS + 2090]
