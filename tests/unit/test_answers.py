"""WeChat's answers: every code of the reference meets its reaction, everything odd is doubt."""

import json
import traceback
from typing import Any

import pytest

from wxlive.answers import meaning_of, read_answer, whole
from wxlive.errors import (
    BadCall,
    BadOpenid,
    Misconfigured,
    NotAllowed,
    OutcomeUnknown,
    QuotaUsedUp,
    RateLimited,
    RoomNotLive,
    RoomTaken,
    Stop,
    SystemBusy,
    TokenRefused,
    WxliveError,
)

RID = "6234f2a1-4b3e5d2c-1a2b3c4d"

# Section 6 of the protocol reference, row by row.
CODES: dict[int, type[WxliveError]] = {
    -1: SystemBusy,
    40001: TokenRefused,
    40014: TokenRefused,
    42001: TokenRefused,
    41001: BadCall,
    40002: Misconfigured,
    40013: Misconfigured,
    40125: Misconfigured,
    41002: Misconfigured,
    41004: Misconfigured,
    40164: NotAllowed,
    61004: NotAllowed,
    45035: NotAllowed,
    40243: NotAllowed,
    89503: NotAllowed,
    89506: NotAllowed,
    89507: NotAllowed,
    45009: QuotaUsedUp,
    45011: RateLimited,
    43002: BadCall,
    44002: BadCall,
    47001: BadCall,
    40097: BadCall,
    200002: BadCall,
    40003: BadOpenid,
    48001: NotAllowed,
    61007: NotAllowed,
    48004: NotAllowed,
    50002: NotAllowed,
    9410000: Stop,  # the room list alone knows that it means an empty list
    9410005: RoomTaken,
    9410006: RoomNotLive,
}


def refused(answer: Any, *, status: int = 200) -> WxliveError:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    with pytest.raises(WxliveError) as caught:
        read_answer(status, body)
    return caught.value


@pytest.mark.parametrize(("code", "kind"), CODES.items())
def test_each_code_is_the_error_that_its_reaction_asks_for(
    code: int, kind: type[WxliveError]
) -> None:
    error = refused({"errcode": code, "errmsg": f"no good, rid: {RID}"})
    assert type(error) is kind
    assert (error.errcode, error.rid) == (code, RID)
    assert str(error).endswith(f"(errcode {code}, rid {RID})")


@pytest.mark.parametrize("code", [1, 2, 9410001, 76003, -2, 10**12])
def test_a_code_that_the_reference_does_not_list_stops(code: int) -> None:
    error = refused({"errcode": code, "errmsg": "?"})
    assert type(error) is Stop
    assert error.errcode == code


@pytest.mark.parametrize("code", CODES)
def test_what_wechat_wrote_is_not_repeated(code: int) -> None:
    error = refused({"errcode": code, "errmsg": "openid oABC is wrong"})
    assert "oABC" not in str(error)


@pytest.mark.parametrize("code", ["0", 0])
def test_zero_is_success_whatever_its_type(code: object) -> None:
    assert read_answer(200, json.dumps({"errcode": code, "x": 1}).encode())["x"] == 1


def test_an_absent_code_is_success() -> None:
    assert read_answer(200, b'{"access_token": "t"}') == {"access_token": "t"}


def test_a_code_may_be_text() -> None:
    error = refused({"errcode": "9410005", "errmsg": ""})
    assert type(error) is RoomTaken
    assert error.errcode == 9410005


@pytest.mark.parametrize("code", ["", "zero", None, True, 1.5, [], {}, "1e3", " 1"])
def test_a_code_that_is_no_number_leaves_the_outcome_open(code: object) -> None:
    assert type(refused({"errcode": code})) is OutcomeUnknown


@pytest.mark.parametrize(
    ("errmsg", "rid"),
    [
        (f"invalid credential, rid: {RID}", RID),
        (f"invalid credential rid:{RID}", RID),
        (f"rid: {RID} and more", RID),
        ("rid: 6234f2a1-4b3e5d2c", "6234f2a1-4b3e5d2c"),
        ("rid: none", None),
        ("rid: ", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_the_request_id_is_found_in_the_message(errmsg: object, rid: str | None) -> None:
    assert refused({"errcode": 48001, "errmsg": errmsg}).rid == rid


def test_a_message_may_be_missing() -> None:
    assert refused({"errcode": 48001}).rid is None


@pytest.mark.parametrize(
    ("errmsg", "caller"),
    [
        ("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist", "203.0.113.9"),
        ("invalid ip 2001:db8::1, not in whitelist", "2001:db8::1"),
    ],
)
def test_who_is_not_on_the_allow_list_learns_the_address(errmsg: str, caller: str) -> None:
    error = refused({"errcode": 40164, "errmsg": f"{errmsg} rid: {RID}"})
    assert error.message.endswith(f": {caller}")
    assert error.rid == RID


def test_the_official_sample_with_its_trailing_comma_is_read() -> None:
    sample = b'{\n    "message_id": "1622047360795164672",\n    "errcode": 0,\n}'
    assert read_answer(200, sample)["message_id"] == "1622047360795164672"


def test_a_comma_within_a_text_of_a_good_answer_is_left_alone() -> None:
    assert read_answer(200, b'{"name": "a,}b,]"}') == {"name": "a,}b,]"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"ok"',
        b"0",
        b'{"errcode": 0',
        b"{,}x",
        b'{"errcode":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
def test_garbage_leaves_the_outcome_open(body: bytes) -> None:
    assert type(refused(body)) is OutcomeUnknown


@pytest.mark.parametrize("status", [199, 201, 204, 301, 302, 400, 401, 404, 429, 500, 502, 503])
def test_another_status_than_200_leaves_the_outcome_open(status: int) -> None:
    error = refused({"errcode": 0}, status=status)
    assert type(error) is OutcomeUnknown
    assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize("body", [b'{"access_token": "t0k3n"', b'"t0k3n"', b"t0k3n \xff"])
def test_an_answer_that_makes_no_sense_is_not_shown(body: bytes) -> None:
    assert "t0k3n" not in "".join(traceback.format_exception(refused(body)))


@pytest.mark.parametrize("code", [40164, 9410005, 31337])
def test_a_code_means_what_its_error_says(code: int) -> None:
    assert refused({"errcode": code}).message == meaning_of(code)


@pytest.mark.parametrize(
    ("value", "number"), [(0, 0), (-1, -1), ("0", 0), ("-7", -7), ("007", 7), (2**70, 2**70)]
)
def test_a_whole_number_may_be_digits_in_a_text(value: object, number: int) -> None:
    assert whole(value) == number


@pytest.mark.parametrize("value", ["", "1.0", 1.0, True, None, "+1", "1_0", "9" * 20, b"1"])
def test_nothing_else_is_a_whole_number(value: object) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        whole(value)
