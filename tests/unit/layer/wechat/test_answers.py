"""Reading answers: what is tolerated, and what leaves the outcome open."""

import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from factories import NOW_S
from wxlive.domain.followers import ListedRow
from wxlive.domain.rooms import Room
from wxlive.errors import NotAllowed, OutcomeUnknown, RoomTaken, WxliveError
from wxlive.wechat.access_token import AccessToken
from wxlive.wechat.answers import (
    ApiQuota,
    FollowerPage,
    RoomPage,
    read_addresses,
    read_answer,
    read_followers,
    read_int,
    read_message_id,
    read_quota,
    read_rooms,
    read_token,
)

RID = "6234f2a1-4b3e5d2c-1a2b3c4d"


def refused(answer: Any, *, status: int = 200) -> WxliveError:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    with pytest.raises(WxliveError) as caught:
        read_answer(status, body)
    return caught.value


def assert_unreadable(read: Callable[[dict[str, Any]], object], answer: dict[str, Any]) -> None:
    with pytest.raises(WxliveError) as caught:
        read(answer)
    assert type(caught.value) is OutcomeUnknown


# ---------------------------------------------------------------- any answer


def test_an_errcode_is_the_error_it_stands_for() -> None:
    error = refused({"errcode": 48001, "errmsg": f"no good, rid: {RID}"})
    assert type(error) is NotAllowed
    assert (error.errcode, error.rid) == (48001, RID)


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


@pytest.mark.parametrize("errmsg", [{}, {"errmsg": None}, {"errmsg": 7}, {"errmsg": ["rid"]}])
def test_an_error_may_come_without_a_message(errmsg: dict[str, Any]) -> None:
    error = refused({"errcode": 48001, **errmsg})
    assert type(error) is NotAllowed
    assert error.rid is None


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


# ---------------------------------------------------------------- whole numbers


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), (-1, -1), ("0", 0), ("-7", -7), ("007", 7), (2**63 - 1, 2**63 - 1)],
)
def test_a_whole_number_may_be_digits_in_a_text(value: object, number: int) -> None:
    assert read_int(value) == number


@pytest.mark.parametrize("value", ["", "1.0", 1.0, True, None, "+1", "1_0", "9" * 19, 2**63, b"1"])
def test_nothing_else_is_a_whole_number(value: object) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        read_int(value)


# ---------------------------------------------------------------- followers


def read_page(answer: dict[str, Any]) -> FollowerPage:
    return read_followers(answer, NOW_S)


def test_a_page_of_followers_is_read() -> None:
    row = {"openid": "o-1", "subscribe_time": "5", "room_id": 7, "room_status": 101, "x": None}
    answer = {"followers": [row, {"openid": "o-2"}], "page_break": 1606270612}
    assert read_page(answer) == FollowerPage(
        rows=(ListedRow("o-1", 5, 7, 101), ListedRow("o-2", 0, 0, 0)), cursor=1606270612
    )


@pytest.mark.parametrize(
    ("answer", "cursor"),
    [
        ({"followers": []}, None),
        ({"page_break": 0}, 0),
        ({"followers": None, "page_break": 5}, 5),
        ({"followers": [], "page_break": 0}, 0),
        ({"followers": [], "page_break": "abc"}, "abc"),
    ],
)
def test_an_empty_page_is_read(answer: dict[str, Any], cursor: int | str | None) -> None:
    assert read_page(answer) == FollowerPage(rows=(), cursor=cursor)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"followers": None, "page_break": None},
        {"followers": 7},
        {"followers": 0, "page_break": 5},
        {"followers": False, "page_break": 5},
        {"followers": "", "page_break": 5},
        {"followers": {}, "page_break": 5},
        {"followers": "o-1"},
        {"followers": {"openid": "o-1"}},
        {"followers": [], "page_break": 1.5},
        {"followers": [], "page_break": ["16"]},
    ],
)
def test_an_answer_that_is_no_page_is_not_used(answer: dict[str, Any]) -> None:
    assert_unreadable(read_page, answer)


@pytest.mark.parametrize(
    "row",
    [
        {"openid": "o-1", "subscribe_time": None, "room_id": None, "room_status": None},
        {"openid": "o-1", "subscribe_time": "", "room_id": "", "room_status": ""},
        {"openid": " o-1\n", "room_id": "0"},
        {"openid": "![CDATA[o-1]]"},
    ],
)
def test_a_row_is_read_by_the_rules_of_the_callback(row: dict[str, Any]) -> None:
    assert read_page({"followers": [row]}).rows == (ListedRow("o-1", 0, 0, 0),)


GOOD = {"openid": "o-1", "subscribe_time": 5}
SKIPPED: list[tuple[object, str | None]] = [
    ("o-2", None),
    (None, None),
    ({}, None),
    ({"openid": ""}, None),
    ({"openid": 7}, None),
    ({"openid": "x" * 129}, None),
    ({"openid": "x" * 2049}, None),
    ({"openid": "o 2"}, None),
    ({"openid": "\ud800"}, None),
    ({"openid": "o-2", "subscribe_time": "soon"}, "o-2"),
    ({"openid": "o-2", "subscribe_time": 10**40}, "o-2"),
    ({"openid": "o-2", "subscribe_time": -1}, "o-2"),
    ({"openid": "o-2", "subscribe_time": True}, "o-2"),
    ({"openid": "o-2", "subscribe_time": NOW_S + 86_401}, "o-2"),
    ({"openid": "o-2", "room_id": [1]}, "o-2"),
    ({"openid": "o-2", "room_status": 1.5}, "o-2"),
]


@pytest.mark.parametrize(("row", "openid"), SKIPPED)
def test_a_row_that_makes_no_sense_is_skipped_and_the_others_are_read(
    row: object, openid: str | None
) -> None:
    page = read_page({"followers": [row, GOOD], "page_break": 0})
    assert page.rows == (ListedRow("o-1", 5, 0, 0),)
    assert [skipped.openid for skipped in page.skipped] == [openid]


@pytest.mark.parametrize(
    "row",
    [b'{"openid": "o-\xff\xfe"}', b'{"openid": "o-2", "subscribe_time": ' + b"9" * 5000 + b"}"],
    ids=["no UTF-8", "more digits than Python reads"],
)
def test_a_row_that_spoils_the_json_spoils_no_other_row(row: bytes) -> None:
    body = b'{"followers": [' + row + b', {"openid": "o-1"}], "page_break": 0}'
    page = read_page(read_answer(200, body))
    assert [row.openid for row in page.rows] == ["o-1"]
    assert len(page.skipped) == 1


# ---------------------------------------------------------------- message ids


@pytest.mark.parametrize("message_id", ["1622047360795164673", 1622047360795164673])
def test_a_message_id_keeps_all_its_digits(message_id: object) -> None:
    assert read_message_id({"message_id": message_id}) == "1622047360795164673"


@pytest.mark.parametrize(
    "message_id", [None, "", 0, True, 1.5, ["1"], {}, "1\ufffd2", "\ud83d", "1" * 65]
)
def test_a_push_accepted_without_a_usable_message_id_has_an_unknown_outcome(
    message_id: object,
) -> None:
    assert_unreadable(read_message_id, {"message_id": message_id})


def test_a_missing_message_id_has_an_unknown_outcome() -> None:
    assert_unreadable(read_message_id, {"errcode": 0})


# ---------------------------------------------------------------- rooms

ROW: dict[str, Any] = {
    "name": "直播",
    "roomid": 7,
    "live_status": 101,
    "start_time": 1_790_000_000,
    "end_time": 1_790_003_600,
    "goods": [],
}


def the_room(row: dict[str, Any]) -> Room:
    [room] = read_rooms({"errcode": 0, "total": 1, "room_info": [row]}).rooms
    return room


def test_a_room_is_read() -> None:
    assert the_room(ROW) == Room(
        room_id=7, name="直播", status=101, starts_at=1_790_000_000, ends_at=1_790_003_600
    )


def test_rooms_keep_their_order() -> None:
    rows = [{**ROW, "roomid": number} for number in (9, 7, 8)]
    assert [room.room_id for room in read_rooms({"room_info": rows}).rooms] == [9, 7, 8]


def test_the_id_of_a_room_may_be_named_as_elsewhere() -> None:
    assert the_room({"room_id": 8, "live_status": 102}).room_id == 8


def test_the_numbers_of_a_room_may_be_text() -> None:
    room = the_room({"roomid": "8", "live_status": "102", "start_time": "5"})
    assert (room.room_id, room.status, room.starts_at) == (8, 102, 5)


def test_what_is_missing_of_a_room_is_unknown() -> None:
    room = the_room({"roomid": 8, "live_status": 102, "end_time": None})
    assert (room.name, room.starts_at, room.ends_at) == ("", 0, 0)


def test_an_unknown_status_of_a_room_is_kept() -> None:
    assert the_room({**ROW, "live_status": 199}).status == 199


@pytest.mark.parametrize(
    "change",
    [
        {"roomid": None},
        {"live_status": None},
        {"roomid": "seven"},
        {"live_status": "live"},
        {"roomid": float("inf")},
        {"live_status": float("nan")},
        {"roomid": []},
    ],
)
def test_a_room_without_usable_numbers_is_not_used(change: dict[str, Any]) -> None:
    assert_unreadable(read_rooms, {"room_info": [{**ROW, **change}]})


@pytest.mark.parametrize("odd", [7, None, {}, {**ROW, "roomid": 10**40}, {"roomid": 8}])
def test_an_odd_row_does_not_hide_the_other_rooms(odd: object) -> None:
    page = read_rooms({"room_info": [odd, ROW]})
    assert [room.room_id for room in page.rooms] == [7]
    assert (len(page.skipped), page.rows) == (1, 2)


@pytest.mark.parametrize("time", ["soon", float("inf"), -1, 1_790_000_000_000, [], True])
def test_a_time_of_a_room_that_is_none_is_unknown(time: object) -> None:
    room = the_room({**ROW, "start_time": time, "end_time": time})
    assert (room.starts_at, room.ends_at) == (0, 0)


def test_a_name_that_is_cut_in_the_middle_of_a_character_can_be_stored() -> None:
    answer = read_answer(
        200, b'{"room_info": [{"roomid": 7, "live_status": 101, "name": "a\\ud83d"}]}'
    )
    [room] = read_rooms(answer).rooms
    assert room.name == "a?"


@pytest.mark.parametrize("answer", [{"room_info": []}, {"room_info": None}, {}])
def test_a_room_list_may_be_empty(answer: dict[str, Any]) -> None:
    assert read_rooms(answer) == RoomPage()


@pytest.mark.parametrize(
    "rooms",
    [7, "room", [7], [None], [{}], [{"roomid": [], "live_status": 1}], {"roomid": 7}],
)
def test_a_room_list_that_makes_no_sense_is_not_used(rooms: object) -> None:
    assert_unreadable(read_rooms, {"room_info": rooms})


def test_a_room_with_a_number_beyond_all_bounds_is_not_used() -> None:
    body = b'{"room_info": [{"roomid": 1e999, "live_status": 101}]}'
    assert_unreadable(read_rooms, read_answer(200, body))


# ---------------------------------------------------------------- quota, addresses, token


def test_a_quota_is_read() -> None:
    answer = {"quota": {"daily_limit": 5000, "used": "12", "remain": 4988}}
    assert read_quota(answer) == ApiQuota(daily_limit=5000, used=12)


@pytest.mark.parametrize(
    "quota", [None, 7, [], {}, {"daily_limit": 5}, {"daily_limit": 1, "used": "?"}]
)
def test_a_quota_that_makes_no_sense_is_not_used(quota: object) -> None:
    assert_unreadable(read_quota, {"quota": quota})


def test_callback_addresses_are_addresses_and_networks() -> None:
    answer = {"ip_list": ["203.0.113.7", "198.51.100.0/24"]}
    assert read_addresses(answer) == ("203.0.113.7", "198.51.100.0/24")


@pytest.mark.parametrize("answer", [{}, {"ip_list": "203.0.113.7"}, {"ip_list": [1]}])
def test_callback_addresses_that_make_no_sense_are_not_used(answer: dict[str, Any]) -> None:
    assert_unreadable(read_addresses, answer)


@pytest.mark.parametrize("expires_in", [7200, "7200"])
def test_a_token_expires_so_long_after_it_was_requested(expires_in: object) -> None:
    token = read_token({"access_token": "t", "expires_in": expires_in}, NOW_S)
    assert token == AccessToken("t", fetched_at=NOW_S, expires_at=NOW_S + 7200)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": "t"},
        {"expires_in": 7200},
        {"access_token": "t", "expires_in": "soon"},
        {"access_token": None, "expires_in": 7200},
        {"access_token": "", "expires_in": 7200},
        {"access_token": 7, "expires_in": 7200},
    ],
)
def test_a_token_answer_that_makes_no_sense_is_not_used(answer: dict[str, Any]) -> None:
    assert_unreadable(lambda each: read_token(each, NOW_S), answer)
