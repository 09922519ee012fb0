"""The reaction to every way in which a push call can fail."""

import pytest

from wxlive import errors
from wxlive.answers import read_answer
from wxlive.campaigns import CampaignState, ChunkState
from wxlive.errors import WxliveError
from wxlive_push_fanout.fate import ATTEMPTS_ALLOWED, Fate, fate_after

NOW_S = 1_795_347_012.7
QUEUED, REFUSED, UNKNOWN = ChunkState.QUEUED, ChunkState.REFUSED, ChunkState.UNKNOWN
PAUSED = CampaignState.PAUSED


def fate(
    error: WxliveError, *, openids: int = 1, attempts: int = 1, retry_busy: bool = False
) -> Fate:
    return fate_after(error, openids=openids, attempts=attempts, now_s=NOW_S, retry_busy=retry_busy)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (errors.NotReached, Fate(QUEUED, again_in_s=2)),
        (errors.RetryLater, Fate(QUEUED, again_in_s=2)),
        (errors.Conflict, Fate(QUEUED, again_in_s=2)),
        (errors.SystemBusy, Fate(UNKNOWN)),
        (errors.OutcomeUnknown, Fate(UNKNOWN)),
        (errors.RateLimited, Fate(QUEUED, again_in_s=48)),
        (errors.QuotaUsedUp, Fate(QUEUED, PAUSED)),
        (errors.RoomNotLive, Fate(QUEUED, CampaignState.WAITING_LIVE)),
        (errors.RoomTaken, Fate(REFUSED, CampaignState.FAILED)),
        (errors.BadCall, Fate(REFUSED)),
        (errors.TokenRefused, Fate(QUEUED, PAUSED)),
        (errors.Misconfigured, Fate(QUEUED, PAUSED)),
        (errors.NotAllowed, Fate(QUEUED, PAUSED)),
        (errors.Refused, Fate(QUEUED, PAUSED)),
        (errors.Stop, Fate(QUEUED, PAUSED)),
        (errors.Wait, Fate(QUEUED, PAUSED)),
        (errors.Rejected, Fate(QUEUED, PAUSED)),
        (errors.WxliveError, Fate(QUEUED, PAUSED)),
    ],
)
def test_every_kind_of_error_has_its_fate(kind: type[WxliveError], expected: Fate) -> None:
    assert fate(kind("why")) == expected


@pytest.mark.parametrize(
    ("errcode", "expected"),
    [
        (-1, Fate(UNKNOWN)),
        (40001, Fate(QUEUED, PAUSED)),
        (40003, Fate(REFUSED)),
        (40097, Fate(REFUSED)),
        (40164, Fate(QUEUED, PAUSED)),
        (41001, Fate(REFUSED)),
        (45009, Fate(QUEUED, PAUSED)),
        (45011, Fate(QUEUED, again_in_s=48)),
        (48001, Fate(QUEUED, PAUSED)),
        (9410005, Fate(REFUSED, CampaignState.FAILED)),
        (9410006, Fate(QUEUED, CampaignState.WAITING_LIVE)),
        (123456, Fate(QUEUED, PAUSED)),
    ],
)
def test_every_errcode_of_the_reference_has_its_fate(errcode: int, expected: Fate) -> None:
    with pytest.raises(WxliveError) as answer:
        read_answer(200, f'{{"errcode": {errcode}}}'.encode())

    assert fate(answer.value) == expected


def test_a_call_spoilt_by_one_openid_is_split_until_that_one_stands_alone() -> None:
    spoilt = errors.BadOpenid("why")
    assert fate(spoilt, openids=2) == Fate(QUEUED, split=True)
    assert fate(spoilt, openids=1) == Fate(REFUSED)
    assert fate(errors.BadCall("why"), openids=2) == Fate(REFUSED)


def test_a_busy_wechat_is_asked_again_only_where_that_is_configured() -> None:
    assert fate(errors.SystemBusy("why"), retry_busy=True) == Fate(QUEUED, again_in_s=2)


@pytest.mark.parametrize(("attempts", "again_in_s"), [(1, 2), (2, 4), (5, 32), (6, 60), (7, 60)])
def test_what_did_not_arrive_is_sent_again_later_and_later(attempts: int, again_in_s: int) -> None:
    assert fate(errors.NotReached("why"), attempts=attempts) == Fate(QUEUED, again_in_s=again_in_s)


def test_after_too_many_attempts_a_human_is_called() -> None:
    assert fate(errors.NotReached("why"), attempts=ATTEMPTS_ALLOWED) == Fate(QUEUED, PAUSED)


@pytest.mark.parametrize(("now_s", "again_in_s"), [(NOW_S, 48), (NOW_S - 12.7, 60)])
def test_a_used_up_minute_is_waited_out(now_s: float, again_in_s: int) -> None:
    found = fate_after(
        errors.RateLimited("why"), openids=1, attempts=1, now_s=now_s, retry_busy=False
    )

    assert found.again_in_s == again_in_s
