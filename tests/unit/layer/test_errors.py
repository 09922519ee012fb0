"""The error tree: sorted by what to do, each a sentence with WeChat's code and request id."""

import pytest

from wxlive import errors
from wxlive.errors import (
    BadCall,
    BadOpenid,
    Conflict,
    InvalidCommand,
    Misconfigured,
    NotAllowed,
    NotReached,
    OutcomeUnknown,
    QuotaUsedUp,
    RateLimited,
    RequestRejected,
    RetryLater,
    RoomNotLive,
    RoomTaken,
    Stop,
    StoreBusy,
    SystemBusy,
    TokenRefused,
    Wait,
    WxliveError,
)

PARENTS = {
    RetryLater: WxliveError,
    NotReached: RetryLater,
    SystemBusy: RetryLater,
    StoreBusy: RetryLater,
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
    InvalidCommand: Stop,
    BadCall: Stop,
    BadOpenid: BadCall,
    RequestRejected: WxliveError,
}


@pytest.mark.parametrize(("kind", "parent"), PARENTS.items())
def test_each_error_stands_under_the_reaction_it_asks_for(
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
def test_the_sentence_shows_the_errcode_and_the_request_id(
    error: WxliveError, sentence: str
) -> None:
    assert str(error) == sentence
    assert error.message == "No."


def test_what_is_rejected_knows_its_http_status() -> None:
    assert RequestRejected("forged").status == 403
    assert RequestRejected("malformed", status=400).status == 400
    assert str(RequestRejected("malformed", status=400)) == "malformed"
