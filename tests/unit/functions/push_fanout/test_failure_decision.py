"""What follows from every way in which a push call fails, or could not be made."""

from dataclasses import replace

import pytest

from wxlive import errors
from wxlive.domain.calendar import MIDNIGHT_DOUBT_S, YOUNG_DAY_S
from wxlive.domain.campaigns import HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.errors import WxliveError
from wxlive.wechat.errcodes import error_for
from wxlive_push_fanout.failure_decision import (
    ACCESS_RETRY_S,
    ATTEMPTS_ALLOWED,
    BUSY_AGAIN_S,
    FailureDecision,
    decide_after_failure,
    decide_without_call,
    resume_at,
)

NOW_S = 1_795_347_012.7
MIDNIGHT_S = 1_795_363_200
DAY_S = 86_400

QUEUED, REFUSED, UNKNOWN = ChunkState.QUEUED, ChunkState.REFUSED, ChunkState.UNKNOWN
ACCESS = FailureDecision(QUEUED, HoldKind.ACCESS)
QUOTA = FailureDecision(QUEUED, HoldKind.QUOTA)
ROOM = FailureDecision(QUEUED, HoldKind.ROOM)
SOON = FailureDecision(QUEUED, again_in_s=2, counts=True)
A_MINUTE_LATER = FailureDecision(QUEUED, again_in_s=60, counts=True)
NEXT_MINUTE = FailureDecision(QUEUED, again_in_s=48)
FAILED = FailureDecision(REFUSED, ends=True)
LOST = FailureDecision(UNKNOWN)
BAD = FailureDecision(REFUSED)


def after(
    error: WxliveError,
    *,
    openids: int = 1,
    attempts: int = 0,
    now_s: float = NOW_S,
    retry_busy: bool = False,
) -> FailureDecision:
    return decide_after_failure(
        error, openids=openids, attempts=attempts, now_s=now_s, retry_busy=retry_busy
    )


def before(error: WxliveError, *, attempts: int = 0, now_s: float = NOW_S) -> FailureDecision:
    return decide_without_call(error, attempts=attempts, now_s=now_s)


# Each kind of error, after the push call and where it kept the call from being made.
KINDS = {
    errors.NotReached: (SOON, SOON),
    errors.RetryLater: (SOON, SOON),
    errors.StoreBusy: (SOON, SOON),
    errors.Conflict: (SOON, SOON),
    errors.SystemBusy: (LOST, SOON),
    errors.OutcomeUnknown: (LOST, A_MINUTE_LATER),
    errors.TokenRefused: (A_MINUTE_LATER, A_MINUTE_LATER),
    errors.RateLimited: (NEXT_MINUTE, NEXT_MINUTE),
    errors.QuotaUsedUp: (QUOTA, A_MINUTE_LATER),
    errors.RoomNotLive: (ROOM, A_MINUTE_LATER),
    errors.RoomTaken: (FAILED, ACCESS),
    errors.BadCall: (BAD, ACCESS),
    errors.BadOpenid: (BAD, ACCESS),
    errors.Misconfigured: (ACCESS, ACCESS),
    errors.NotAllowed: (ACCESS, ACCESS),
    errors.InvalidCommand: (ACCESS, ACCESS),
    errors.Stop: (ACCESS, ACCESS),
    errors.Wait: (A_MINUTE_LATER, A_MINUTE_LATER),
    errors.RequestRejected: (A_MINUTE_LATER, A_MINUTE_LATER),
    errors.WxliveError: (A_MINUTE_LATER, A_MINUTE_LATER),
}

# From docs/wechat-protocol.md#error-codes. A refused token is no error of a push: the client
# replaces it, and the push is a RetryLater.
REFUSED_BY_ACCESS = (
    40002, 40013, 40125, 41002, 41004, 40164, 61004, 45035, 40243, 89503, 89506, 89507, 48001,
    61007, 48004, 50002, 123456,
)  # fmt: skip
MALFORMED = (41001, 43002, 44002, 47001, 40097, 200002, 40003)
ERRCODES = {
    -1: (LOST, SOON),
    **dict.fromkeys(REFUSED_BY_ACCESS, (ACCESS, ACCESS)),
    **dict.fromkeys(MALFORMED, (BAD, ACCESS)),
    45009: (QUOTA, A_MINUTE_LATER),
    45011: (NEXT_MINUTE, NEXT_MINUTE),
    9410005: (FAILED, ACCESS),
    9410006: (ROOM, A_MINUTE_LATER),
}


def test_every_kind_of_error_is_in_the_table() -> None:
    kinds = {each for each in vars(errors).values() if isinstance(each, type)}
    assert kinds == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_error_has_its_decision_after_the_call_and_before_it(
    kind: type[WxliveError],
) -> None:
    assert (after(kind("why")), before(kind("why"))) == KINDS[kind]


@pytest.mark.parametrize("errcode", ERRCODES)
def test_every_errcode_is_decided_as_documented_after_the_call_and_before_it(errcode: int) -> None:
    error = error_for(errcode, "")
    assert (after(error), before(error)) == ERRCODES[errcode]


@pytest.mark.parametrize("kind", KINDS)
def test_what_kept_the_call_from_being_made_is_never_unknown(kind: type[WxliveError]) -> None:
    for attempts in range(ATTEMPTS_ALLOWED + 1):
        assert before(kind("why"), attempts=attempts).chunk is QUEUED


# ---------------------------------------------------------------- one bad openid, a busy WeChat


def test_a_call_spoilt_by_one_openid_is_split_until_that_one_stands_alone() -> None:
    spoilt = errors.BadOpenid("why")
    assert after(spoilt, openids=2) == FailureDecision(QUEUED, split=True)
    assert after(spoilt, openids=1) == BAD
    assert after(errors.BadCall("why"), openids=2) == BAD


def test_what_a_busy_wechat_refused_is_sent_again_only_where_that_is_configured() -> None:
    again = replace(SOON, again_in_s=BUSY_AGAIN_S, may_have_notified=True)
    assert after(errors.SystemBusy("why"), retry_busy=True) == again
    assert after(errors.OutcomeUnknown("why"), retry_busy=True) == LOST


# ---------------------------------------------------------------- attempts


@pytest.mark.parametrize(("attempts", "again_in_s"), [(0, 2), (1, 4), (4, 32), (5, 60), (6, 60)])
def test_what_did_not_arrive_is_sent_again_later_and_later(attempts: int, again_in_s: int) -> None:
    expected = FailureDecision(QUEUED, again_in_s=again_in_s, counts=True)
    error = errors.NotReached("why")
    assert after(error, attempts=attempts) == before(error, attempts=attempts) == expected


@pytest.mark.parametrize("attempts", [ATTEMPTS_ALLOWED - 1, ATTEMPTS_ALLOWED])
@pytest.mark.parametrize("kind", [errors.NotReached, errors.TokenRefused, errors.WxliveError])
def test_after_too_many_attempts_that_did_not_reach_wechat_the_campaign_is_held(
    kind: type[WxliveError], attempts: int
) -> None:
    held = FailureDecision(QUEUED, HoldKind.ACCESS, counts=True)
    assert after(kind("why"), attempts=attempts) == held
    assert before(kind("why"), attempts=attempts) == held


@pytest.mark.parametrize(
    "kind", [errors.RateLimited, errors.QuotaUsedUp, errors.RoomNotLive, errors.BadOpenid]
)
def test_a_call_that_wechat_answered_counts_as_no_attempt_and_no_attempts_change_what_follows(
    kind: type[WxliveError],
) -> None:
    """Eight 45011 and one dead token must not hold the campaign."""
    decisions = [after(kind("why"), openids=2, attempts=attempts) for attempts in (0, 7, 100)]
    assert decisions == [decisions[0]] * 3
    assert not decisions[0].counts


# ---------------------------------------------------------------- when it goes on


@pytest.mark.parametrize(
    ("now_s", "again_in_s"), [(NOW_S, 48), (NOW_S - 12.7, 60), (NOW_S - 13, 1)]
)
def test_a_used_up_minute_is_waited_out(now_s: float, again_in_s: int) -> None:
    error = errors.RateLimited("why")
    assert after(error, now_s=now_s).again_in_s == again_in_s
    assert before(error, now_s=now_s).again_in_s == again_in_s


def due(kind: HoldKind, *, after_midnight_s: float, called_s: float | None = None) -> int:
    now_s = MIDNIGHT_S + after_midnight_s
    called_s = now_s if called_s is None else called_s
    return resume_at(kind, now_s=now_s, called_s=called_s, offset_hours=8)


def test_a_quota_that_is_used_up_lasts_until_the_day_of_the_call_ends() -> None:
    ends_at = MIDNIGHT_S + DAY_S + MIDNIGHT_DOUBT_S
    assert due(HoldKind.QUOTA, after_midnight_s=YOUNG_DAY_S) == ends_at
    assert due(HoldKind.QUOTA, after_midnight_s=DAY_S - 3) == ends_at


def test_a_refusal_of_yesterdays_last_call_that_arrives_after_midnight_is_yesterdays() -> None:
    due_at = due(HoldKind.QUOTA, after_midnight_s=13, called_s=MIDNIGHT_S - 2.5)
    assert due_at == MIDNIGHT_S + MIDNIGHT_DOUBT_S


def test_an_access_that_is_refused_is_tried_again_after_minutes() -> None:
    assert due(HoldKind.ACCESS, after_midnight_s=7.9) == MIDNIGHT_S + 7 + ACCESS_RETRY_S


@pytest.mark.parametrize("kind", [HoldKind.OPERATOR, HoldKind.DAY, HoldKind.ROOM])
def test_no_other_hold_has_a_time_to_end_at(kind: HoldKind) -> None:
    assert due(kind, after_midnight_s=1) == 0
