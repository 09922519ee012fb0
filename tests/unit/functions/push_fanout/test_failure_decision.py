"""What follows from every way in which a push call can fail."""

import pytest

from wxlive import errors
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.errors import WxliveError
from wxlive.wechat.errcodes import error_for
from wxlive_push_fanout.failure_decision import (
    ATTEMPTS_ALLOWED,
    FailureDecision,
    decide_after_failure,
)

NOW_S = 1_795_347_012.7
QUEUED, REFUSED, UNKNOWN = ChunkState.QUEUED, ChunkState.REFUSED, ChunkState.UNKNOWN
PAUSED = CampaignState.PAUSED


def decision(
    error: WxliveError, *, openids: int = 1, attempts: int = 1, retry_busy: bool = False
) -> FailureDecision:
    return decide_after_failure(
        error, openids=openids, attempts=attempts, now_s=NOW_S, retry_busy=retry_busy
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (errors.NotReached, FailureDecision(QUEUED, again_in_s=2)),
        (errors.RetryLater, FailureDecision(QUEUED, again_in_s=2)),
        (errors.Conflict, FailureDecision(QUEUED, again_in_s=2)),
        (errors.SystemBusy, FailureDecision(UNKNOWN)),
        (errors.OutcomeUnknown, FailureDecision(UNKNOWN)),
        (errors.RateLimited, FailureDecision(QUEUED, again_in_s=48)),
        (errors.QuotaUsedUp, FailureDecision(QUEUED, PAUSED)),
        (errors.RoomNotLive, FailureDecision(QUEUED, CampaignState.WAITING_LIVE)),
        (errors.RoomTaken, FailureDecision(REFUSED, CampaignState.FAILED)),
        (errors.BadCall, FailureDecision(REFUSED)),
        (errors.TokenRefused, FailureDecision(QUEUED, PAUSED)),
        (errors.Misconfigured, FailureDecision(QUEUED, PAUSED)),
        (errors.NotAllowed, FailureDecision(QUEUED, PAUSED)),
        (errors.InvalidCommand, FailureDecision(QUEUED, PAUSED)),
        (errors.Stop, FailureDecision(QUEUED, PAUSED)),
        (errors.Wait, FailureDecision(QUEUED, PAUSED)),
        (errors.RequestRejected, FailureDecision(QUEUED, PAUSED)),
        (errors.WxliveError, FailureDecision(QUEUED, PAUSED)),
    ],
)
def test_every_kind_of_error_has_its_decision(
    kind: type[WxliveError], expected: FailureDecision
) -> None:
    assert decision(kind("why")) == expected


# docs/wechat-protocol.md#error-codes, the column "on a push".
@pytest.mark.parametrize(
    ("errcode", "expected"),
    [
        (-1, FailureDecision(UNKNOWN)),
        (40001, FailureDecision(QUEUED, PAUSED)),
        (40003, FailureDecision(REFUSED)),
        (40097, FailureDecision(REFUSED)),
        (40164, FailureDecision(QUEUED, PAUSED)),
        (41001, FailureDecision(REFUSED)),
        (45009, FailureDecision(QUEUED, PAUSED)),
        (45011, FailureDecision(QUEUED, again_in_s=48)),
        (48001, FailureDecision(QUEUED, PAUSED)),
        (9410005, FailureDecision(REFUSED, CampaignState.FAILED)),
        (9410006, FailureDecision(QUEUED, CampaignState.WAITING_LIVE)),
        (123456, FailureDecision(QUEUED, PAUSED)),
    ],
)
def test_errcodes_are_decided_as_documented(errcode: int, expected: FailureDecision) -> None:
    assert decision(error_for(errcode, "")) == expected


def test_a_call_spoilt_by_one_openid_is_split_until_that_one_stands_alone() -> None:
    spoilt = errors.BadOpenid("why")
    assert decision(spoilt, openids=2) == FailureDecision(QUEUED, split=True)
    assert decision(spoilt, openids=1) == FailureDecision(REFUSED)
    assert decision(errors.BadCall("why"), openids=2) == FailureDecision(REFUSED)


def test_what_a_busy_wechat_refused_is_sent_again_only_where_that_is_configured() -> None:
    assert decision(errors.SystemBusy("why"), retry_busy=True) == FailureDecision(
        QUEUED, again_in_s=2
    )


@pytest.mark.parametrize(("attempts", "again_in_s"), [(1, 2), (2, 4), (5, 32), (6, 60), (7, 60)])
def test_what_did_not_arrive_is_sent_again_later_and_later(attempts: int, again_in_s: int) -> None:
    assert decision(errors.NotReached("why"), attempts=attempts) == FailureDecision(
        QUEUED, again_in_s=again_in_s
    )


def test_after_too_many_attempts_the_campaign_is_paused() -> None:
    assert decision(errors.NotReached("why"), attempts=ATTEMPTS_ALLOWED) == FailureDecision(
        QUEUED, PAUSED
    )


@pytest.mark.parametrize(("now_s", "again_in_s"), [(NOW_S, 48), (NOW_S - 12.7, 60)])
def test_a_used_up_minute_is_waited_out(now_s: float, again_in_s: int) -> None:
    found = decide_after_failure(
        errors.RateLimited("why"), openids=1, attempts=1, now_s=now_s, retry_busy=False
    )

    assert found.again_in_s == again_in_s
