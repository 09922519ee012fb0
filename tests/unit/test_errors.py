"""The error tree: sorted by what to do, each a sentence with WeChat's code and request id."""

import pytest

from wxlive import errors
from wxlive.errors import (
    BadCall,
    BadOpenid,
    Conflict,
    Misconfigured,
    NotAllowed,
    NotReached,
    OutcomeUnknown,
    QuotaUsedUp,
    RateLimited,
    Refused,
    Rejected,
    RetryLater,
    RoomNotLive,
    RoomTaken,
    Stop,
    SystemBusy,
    TokenRefused,
    Wait,
    WxliveError,
)

PARENTS = {
    RetryLater: WxliveError,
    NotReached: RetryLater,
    SystemBusy: RetryLater,
    Conflict: RetryLater,
    Wait: WxliveError,
    RateLimited: Wait,
    QuotaUsedUp: Wait,
    RoomNotLive: Wait,
    TokenRefused: WxliveError,
    OutcomeUnknown: WxliveError,
    Stop: WxliveError,
    Misconfigured: Stop,
    NotAllowed: Stop,
    RoomTaken: Stop,
    Refused: Stop,
    BadCall: Stop,
    BadOpenid: BadCall,
    Rejected: WxliveError,
}


@pytest.mark.parametrize(("kind", "parent"), PARENTS.items())
def test_each_error_hangs_where_its_reaction_is_the_same(
    kind: type[WxliveError], parent: type[WxliveError]
) -> None:
    assert kind.__bases__ == (parent,)


def test_the_tree_has_no_other_members() -> None:
    members = {
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, Exception)
    }
    assert members == {WxliveError, *PARENTS}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Stop("No."), "No."),
        (Stop("No.", errcode=48001), "No. (errcode 48001)"),
        (Stop("No.", rid="ab-cd"), "No. (rid ab-cd)"),
        (Stop("No.", errcode=-1, rid="ab-cd"), "No. (errcode -1, rid ab-cd)"),
        (Stop("No.", errcode=0), "No. (errcode 0)"),
    ],
)
def test_the_sentence_carries_what_wechat_support_asks_for(
    error: WxliveError, sentence: str
) -> None:
    assert str(error) == sentence
    assert error.message == "No."


def test_what_is_rejected_knows_its_http_status() -> None:
    assert Rejected("forged").status == 403
    assert Rejected("malformed", status=400).status == 400
    assert str(Rejected("malformed", status=400)) == "malformed"
