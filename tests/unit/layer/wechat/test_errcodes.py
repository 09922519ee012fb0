"""WeChat's errcodes: each is the error that its reaction asks for."""

import re

import pytest

from wxlive.errors import (
    BadCall,
    BadOpenid,
    Misconfigured,
    NotAllowed,
    QuotaUsedUp,
    RateLimited,
    RoomNotLive,
    RoomTaken,
    Stop,
    SystemBusy,
    TokenRefused,
    WxliveError,
)
from wxlive.wechat.errcodes import error_for, meaning_of
from wxlive_local.paths import ROOT

RID = "6234f2a1-4b3e5d2c-1a2b3c4d"

# docs/wechat-protocol.md#error-codes, row by row.
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
    1: Stop,  # only to the list of rooms it means that there is none
    9410000: Stop,  # likewise
    9410005: RoomTaken,
    9410006: RoomNotLive,
}


@pytest.mark.parametrize(("code", "kind"), CODES.items())
def test_each_code_is_the_error_that_its_reaction_asks_for(
    code: int, kind: type[WxliveError]
) -> None:
    error = error_for(code, f"no good, rid: {RID}")
    assert type(error) is kind
    assert (error.errcode, error.rid) == (code, RID)
    assert str(error).endswith(f"(errcode {code}, rid {RID})")


def test_the_page_of_the_protocol_lists_the_same_codes() -> None:
    page = (ROOT / "docs/wechat-protocol.md").read_text("utf-8")
    rows = re.findall(r"^\| (-?\d[\d, -]*)", page.partition("\n## Error codes\n")[2], re.MULTILINE)
    listed = {int(code) for row in rows for code in re.findall(r"-?\d+", row)}
    assert listed == {0, *CODES}


@pytest.mark.parametrize("code", [2, 9410001, 76003, -2, 10**12])
def test_a_code_that_is_not_documented_stops(code: int) -> None:
    error = error_for(code, "?")
    assert type(error) is Stop
    assert error.errcode == code


@pytest.mark.parametrize("code", CODES)
def test_what_wechat_wrote_is_not_repeated(code: int) -> None:
    assert "oABC" not in str(error_for(code, "openid oABC is wrong"))


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
    ],
)
def test_the_request_id_is_found_in_the_message(errmsg: str, rid: str | None) -> None:
    assert error_for(48001, errmsg).rid == rid


@pytest.mark.parametrize(
    ("errmsg", "caller"),
    [
        ("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist", "203.0.113.9"),
        ("invalid ip 2001:db8::1, not in whitelist", "2001:db8::1"),
    ],
)
def test_the_error_names_the_address_that_is_not_on_the_allow_list(
    errmsg: str, caller: str
) -> None:
    error = error_for(40164, f"{errmsg} rid: {RID}")
    assert error.message.endswith(f": {caller}")
    assert error.rid == RID


def test_no_other_error_names_an_address() -> None:
    assert "203.0.113.9" not in str(error_for(-1, "invalid ip 203.0.113.9"))


@pytest.mark.parametrize("code", [40164, 9410005, 31337])
def test_a_code_means_what_its_error_says(code: int) -> None:
    assert error_for(code, "").message == meaning_of(code)
