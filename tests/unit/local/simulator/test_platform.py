"""The simulator's model of WeChat: what it accepts, refuses and records."""

import json
import re
from typing import Any

import pytest

from wxlive_local.simulator import (
    FOLLOWERS,
    LIVE,
    LIVE_INFO,
    PUSH,
    QUOTA_GET,
    STABLE_TOKEN,
    Account,
    ApiReply,
    FollowChange,
    Limit,
    Platform,
    PlatformSettings,
)
from wxlive_local.simulator.entities import is_openid

NOON = 1_700_020_800.0  # 12:00 in Beijing
MIDNIGHT = NOON + 12 * 3600
RID = re.compile(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$")


class World:
    """A platform with a manual clock, and a caller with a valid token."""

    def __init__(self, rules: PlatformSettings | None = None) -> None:
        self.time = NOON
        self.platform = Platform(Account(), lambda: self.time, rules)

    def raw(self, path: str, raw: bytes, method: str = "POST") -> ApiReply:
        token, _ = self.platform.tokens.issue()
        return self.platform.call(path, token, raw, method)

    def call(self, path: str, **body: Any) -> dict[str, Any]:
        return self.raw(path, json.dumps(body).encode()).body

    def push(self, openids: list[str], room_id: int = 7) -> int:
        return int(self.call(PUSH, room_id=room_id, user_openid=openids)["errcode"])

    def token(self, **changes: Any) -> dict[str, Any]:
        account = self.platform.account
        body = {
            "grant_type": "client_credential",
            "appid": account.appid,
            "secret": account.secret,
        } | changes
        return self.platform.call(STABLE_TOKEN, None, json.dumps(body).encode()).body


@pytest.fixture
def world() -> World:
    world = World()
    world.platform.set_room(7, LIVE)
    return world


# ------------------------------------------------------------------ every API


@pytest.mark.parametrize("path", [FOLLOWERS, PUSH, LIVE_INFO, QUOTA_GET])
@pytest.mark.parametrize(("token", "errcode"), [(None, 41001), ("dead", 40014), ("x" * 64, 40001)])
def test_every_api_requires_a_token(
    world: World, path: str, token: str | None, errcode: int
) -> None:
    body = world.platform.call(path, token, b"{}").body
    assert body["errcode"] == errcode
    assert RID.search(body["errmsg"])


def test_an_expired_token_is_refused_with_42001(world: World) -> None:
    token = world.token()["access_token"]
    world.time += 7200
    assert world.platform.call(LIVE_INFO, token, b"{}").errcode == 42001


@pytest.mark.parametrize(
    ("raw", "method", "errcode"),
    [
        (b"", "POST", 44002),
        (b"room_id=7", "POST", 47001),
        (b"[7]", "POST", 47001),
        (b"\xff", "POST", 47001),
        (b"{}", "GET", 43002),
    ],
)
def test_a_call_must_be_a_post_of_a_json_object(
    world: World, raw: bytes, method: str, errcode: int
) -> None:
    assert world.raw(PUSH, raw, method).errcode == errcode


def test_every_call_is_counted_by_its_errcode(world: World) -> None:
    world.call(LIVE_INFO, start=0, limit=1)
    world.call(LIVE_INFO, start=0, limit=1)
    world.call(LIVE_INFO, start=-1, limit=1)
    assert world.platform.ledger.summary()["calls"] == {LIVE_INFO: {"0": 2, "40097": 1}}


# --------------------------------------------------------------- stable_token


def test_an_issued_token_is_accepted(world: World) -> None:
    answer = world.token()
    assert answer.keys() == {"access_token", "expires_in"}
    assert answer == world.token()
    assert world.platform.call(LIVE_INFO, answer["access_token"], b"{}").errcode == 40097


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"grant_type": "client_credentials"}, 40002),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "wrong"}, 40125),
        ({"secret": None}, 41004),
        ({"force_refresh": "yes"}, 40097),
    ],
)
def test_a_token_is_refused_by_the_field_that_is_wrong(
    world: World, changes: dict[str, Any], errcode: int
) -> None:
    assert world.token(**changes)["errcode"] == errcode


def test_a_forced_refresh_is_counted(world: World) -> None:
    first = world.token()["access_token"]
    assert world.token(force_refresh=True)["access_token"] != first
    assert world.platform.tokens.forced == 1


# ---------------------------------------------------------- get_wxa_followers


def test_paging_lists_every_follower_and_ends_with_an_empty_page(world: World) -> None:
    openids = world.platform.add_followers(500, room_id=7, spread_s=100)
    seen: set[str] = set()
    page = world.call(FOLLOWERS)
    assert len(page["followers"]) == 200
    while page["followers"]:
        seen.update(row["openid"] for row in page["followers"])
        page = world.call(FOLLOWERS, limit=150, page_break=page["page_break"])
    assert seen == set(openids)
    assert page["page_break"] == 0


def test_a_row_shows_when_and_where_a_follower_subscribed(world: World) -> None:
    world.platform.apply(FollowChange("o" * 28, "add_follow", room_id=7))
    (row,) = world.call(FOLLOWERS)["followers"]
    assert row == {
        "openid": "o" * 28,
        "subscribe_time": int(NOON),
        "room_id": 7,
        "room_status": 101,
    }


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"limit": 2001}, 40097),
        ({"limit": 0}, 40097),
        ({"limit": "200"}, 40097),
        ({"limit": True}, 40097),
        ({"page_break": "1"}, 40097),
        ({"page_break": -1}, 40097),
        ({"page_break": 0}, -1),
        ({"limit": 2000}, 0),
    ],
)
def test_limit_and_cursor_must_be_numbers_within_bounds(
    world: World, body: dict[str, Any], errcode: int
) -> None:
    assert world.call(FOLLOWERS, **body)["errcode"] == errcode


def test_a_zero_cursor_can_be_allowed_as_the_first_page() -> None:
    world = World(PlatformSettings(zero_cursor_is_an_error=False))
    world.platform.add_followers(3)
    assert len(world.call(FOLLOWERS, page_break=0)["followers"]) == 3


# --------------------------------------------------------------- push_message


def test_an_accepted_push_has_a_message_id_and_counts_each_openid(world: World) -> None:
    first = world.call(PUSH, room_id=7, user_openid=["a", "b"])
    second = world.call(PUSH, room_id=7, user_openid=["b"])
    assert re.fullmatch(r"[0-9]{19}", first["message_id"])
    assert first["message_id"] != second["message_id"]
    assert world.platform.ledger.times_pushed == {"a": 1, "b": 2}
    push = world.platform.ledger.summary()["push"]
    assert push["most_often"] == 2
    assert push["accepted_openids"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {"room_id": 7, "user_openid": []},
        {"room_id": 7, "user_openid": ["o"] * 2001},
        {"room_id": 7, "user_openid": "o"},
        {"room_id": 7, "user_openid": [1]},
        {"room_id": "7", "user_openid": ["o"]},
        {"user_openid": ["o"]},
    ],
)
def test_a_push_needs_a_room_and_one_to_2000_openids(world: World, body: dict[str, Any]) -> None:
    assert world.call(PUSH, **body)["errcode"] == 40097
    assert world.platform.ledger.times_pushed == {}


@pytest.mark.parametrize("status", [102, 103, 104, 105, 106, 107])
def test_only_a_live_room_can_be_pushed(world: World, status: int) -> None:
    world.platform.set_room(7, status)
    assert world.push(["a"]) == 9410006
    world.platform.set_room(7, LIVE)
    assert world.push(["a"]) == 0


def test_an_unknown_room_is_not_live(world: World) -> None:
    assert world.push(["a"], room_id=8) == 9410006


def test_one_room_a_day_can_be_pushed_and_the_day_begins_at_midnight_in_beijing(
    world: World,
) -> None:
    world.platform.set_room(8, LIVE)
    assert world.push(["a"], room_id=7) == 0
    world.time = MIDNIGHT - 1
    assert world.push(["a"], room_id=8) == 9410005
    assert world.push(["b"], room_id=7) == 0
    world.time = MIDNIGHT
    assert world.push(["a"], room_id=8) == 0


def test_a_refused_push_does_not_claim_the_day(world: World) -> None:
    world.platform.set_room(8, 102)
    assert world.push(["a"], room_id=8) == 9410006
    assert world.push(["a"], room_id=7) == 0


def test_2000_openids_are_accepted_in_any_second_not_in_a_second_of_the_clock(world: World) -> None:
    world.time = NOON + 0.9
    assert world.push(["a"] * 1500) == 0
    world.time = NOON + 1.1
    assert world.push(["b"] * 500) == 0
    assert world.push(["c"]) == 45011
    world.time = NOON + 1.9
    assert world.push(["c"] * 1500) == 0
    busiest = world.platform.ledger.summary()["push"]["busiest_second"]
    assert busiest == {"arrived": 2001, "accepted": 2000}


def test_the_ledger_has_every_push_accepted_or_refused(world: World) -> None:
    world.push(["a"])
    world.push(["b"], room_id=8)
    world.platform.call(PUSH, "x" * 64, b'{"room_id": 7, "user_openid": ["c"]}')
    world.raw(PUSH, b"junk")
    kept = [(p.at, p.room_id, p.openids, p.errcode) for p in world.platform.ledger.pushes]
    assert kept == [
        (NOON, 7, ("a",), 0),
        (NOON, 8, ("b",), 9410006),
        (NOON, 7, ("c",), 40001),
        (NOON, None, (), 47001),
    ]


def test_a_result_counts_followers_other_users_and_invalid_openids(world: World) -> None:
    openids = world.platform.add_followers(3)
    world.platform.apply(FollowChange(openids[2], "del_follow"))
    body = json.dumps({"room_id": 7, "user_openid": [*openids, "invalid"]}).encode()
    result = world.raw(PUSH, body).result
    assert result is not None
    assert result.total_count == 4
    assert result.success_count == 2
    assert result.relation_error_count == 1
    assert result.openid_error_count == 1
    assert result.message_id == world.platform.ledger.pushes[0].message_id


def test_a_share_of_the_followers_can_fail_always_the_same_ones() -> None:
    def counts() -> tuple[int, int, int]:
        world = World(PlatformSettings(user_recv_limit_share=0.1, internal_error_share=0.2))
        world.platform.set_room(7, LIVE)
        body = {"room_id": 7, "user_openid": world.platform.add_followers(2000)}
        result = world.raw(PUSH, json.dumps(body).encode()).result
        assert result is not None
        return (result.user_recv_limit_count, result.internal_error_count, result.success_count)

    limited, internal, success = counts()
    assert counts() == (limited, internal, success)
    assert limited + internal + success == 2000
    assert 150 < limited < 250
    assert 330 < internal < 470


def test_a_refused_push_has_no_result(world: World) -> None:
    assert world.raw(PUSH, b'{"room_id": 8, "user_openid": ["a"]}').result is None


# ---------------------------------------------------------------- getliveinfo


def test_an_empty_room_list_has_its_own_errcode() -> None:
    assert World().call(LIVE_INFO, start=0, limit=10)["errcode"] == 9410000


def test_rooms_are_listed_latest_first_and_fifty_at_most(world: World) -> None:
    for roomid in range(100, 160):
        world.platform.set_room(roomid, 103, start_time=roomid)
    page = world.call(LIVE_INFO, start=0, limit=100)
    assert page["total"] == 61
    assert [room["roomid"] for room in page["room_info"]] == [7, *range(159, 110, -1)]
    rest = world.call(LIVE_INFO, start=50, limit=100)
    assert [room["roomid"] for room in rest["room_info"]] == list(range(110, 99, -1))


def test_only_the_given_fields_of_a_room_change(world: World) -> None:
    world.platform.set_room(9, 102, name="spring", start_time=5, end_time=6)
    room = world.platform.set_room(9, LIVE)
    assert (room.name, room.start_time, room.end_time, room.live_status) == ("spring", 5, 6, 101)


# --------------------------------------------------------------------- quotas


def test_a_used_up_quota_is_reported_and_refuses_calls_until_midnight() -> None:
    world = World(PlatformSettings(limits={**PlatformSettings().limits, PUSH: Limit(per_day=2)}))
    world.platform.set_room(7, LIVE)
    assert [world.push(["a"]), world.push(["b"]), world.push(["c"])] == [0, 0, 45009]
    shown = world.call(QUOTA_GET, cgi_path=PUSH)
    assert shown["quota"] == {"daily_limit": 2, "used": 2, "remain": 0}
    world.time = MIDNIGHT
    assert world.call(QUOTA_GET, cgi_path=PUSH)["quota"]["remain"] == 2
    assert world.push(["c"]) == 0


def test_the_published_quota_is_5000_for_listing_and_pushing(world: World) -> None:
    for path in (FOLLOWERS, PUSH):
        assert world.call(QUOTA_GET, cgi_path=path)["quota"]["daily_limit"] == 5000


def test_each_api_has_its_own_quota(world: World) -> None:
    world.platform.quotas.set_used(PUSH, 5000)
    assert world.push(["a"]) == 45009
    assert world.call(FOLLOWERS)["errcode"] == 0


def test_an_api_limits_the_calls_of_a_minute(world: World) -> None:
    codes = [world.call(LIVE_INFO, start=0, limit=1)["errcode"] for _ in range(201)]
    assert codes == [0] * 200 + [45011]
    world.time += 60
    assert world.call(LIVE_INFO, start=0, limit=1)["errcode"] == 0


@pytest.mark.parametrize("path", ["/wxa/nothing", "", None, 5])
def test_the_quota_of_an_unknown_api_is_refused(world: World, path: object) -> None:
    assert world.call(QUOTA_GET, cgi_path=path)["errcode"] == 76003


# -------------------------------------------------------------------- changes


def test_made_up_openids_are_well_formed_and_unique(world: World) -> None:
    openids = world.platform.add_followers(10) + world.platform.add_followers(10)
    assert len(set(openids)) == 20
    assert all(is_openid(openid) for openid in openids)


def test_a_change_becomes_an_event(world: World) -> None:
    event = world.platform.apply(FollowChange("o" * 28, "add_follow", room_id=7, time=5))
    assert (event.openid, event.action, event.room_id, event.time, event.live_status) == (
        "o" * 28,
        "add_follow",
        7,
        5,
        101,
    )
    assert "o" * 28 in world.platform.followers
    world.platform.apply(FollowChange("o" * 28, "del_follow"))
    assert "o" * 28 not in world.platform.followers


@pytest.mark.parametrize(
    "raw",
    [
        {"action": "add_follow"},
        {"openid": "", "action": "add_follow"},
        {"openid": "o", "action": "follow"},
        {"openid": "o", "action": "add_follow", "room_id": "7"},
        {"openid": "o", "action": "add_follow", "typo": 1},
    ],
)
def test_a_malformed_change_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="event"):
        FollowChange.from_json(raw)


def test_secrets_are_not_in_the_repr_of_an_account(world: World) -> None:
    account = world.platform.account
    for secret in (account.secret, account.token, account.aes_key):
        assert secret not in repr(account)
