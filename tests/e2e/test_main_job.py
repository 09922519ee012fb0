"""The main job on the deployed stack: wxlive's counts and WeChat's agree."""

import json
import time

import pytest
import requests

from support.deployed_stack import Operator
from support.stack_jobs import IN_VAIN, ROOM, Campaigns, Listing
from wxlive_local.simulator import FollowChange, Simulator
from wxlive_local.up import LocalStack


# ------------------------------------------------------------------- callbacks
@pytest.fixture
def forged() -> dict[str, str]:
    """The query of a request without a valid signature."""
    return {
        "signature": "0" * 40,
        "msg_signature": "0" * 40,
        "timestamp": str(int(time.time())),
        "nonce": "1",
        "echostr": "1",
        "openid": "oForged",
        "encrypt_type": "aes",
    }


def test_the_console_can_verify_the_callback_url(wechat: Simulator) -> None:
    verification = wechat.verify_url()
    assert (verification.ok, verification.status) == (True, 200)


def test_a_forged_verification_is_refused_without_a_reason(
    stack: LocalStack, forged: dict[str, str]
) -> None:
    response = requests.get(stack.callback_url, params=forged, timeout=30)
    assert (response.status_code, response.text) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(
            "<xml><FromUserName>oForged</FromUserName><MsgType>event</MsgType>"
            "<Event>wxalive_follow_notify</Event><FollowNotify><room_id>1</room_id>"
            "<user_openid>oForged</user_openid><time>1700000000</time><live_status>101"
            "</live_status><action>add_follow</action></FollowNotify></xml>",
            400,
            id="plaintext to a secure deployment",
        ),
        pytest.param("<xml><Encrypt>AAAA</Encrypt></xml>", 403, id="unsigned envelope"),
        pytest.param("<xml><", 400, id="broken XML"),
        pytest.param('{"Encrypt": 1}', 400, id="Encrypt is no text"),
        pytest.param("", 400, id="empty"),
        pytest.param("x" * 200_000, 413, id="too large"),
    ],
)
def test_forged_and_malformed_callbacks_get_a_4xx_and_change_nothing(
    stack: LocalStack, forged: dict[str, str], body: str, status: int
) -> None:
    response = requests.post(stack.callback_url, params=forged, data=body, timeout=30)
    assert response.status_code == status
    assert "Traceback" not in response.text
    stored = stack.client("dynamodb").get_item(
        TableName=stack.outputs["FollowersTable"], Key={"openid": {"S": "oForged"}}
    )
    assert "Item" not in stored


def test_a_follow_and_an_unfollow_are_stored(operator: Operator, wechat: Simulator) -> None:
    subscribed = "oCallback000000000000000stay"
    wechat.deliver(FollowChange(subscribed, "add_follow", room_id=7), doubled=True)
    stored = operator("followers", "get", subscribed)
    assert stored.exit_code == 0
    assert (stored.json["status"], stored.json["room_id"]) == ("subscribed", 7)
    assert stored.json["source"] == "callback"
    unsubscribed = "oCallback000000000000000gone"
    now_s = int(time.time())  # a tombstone of long ago expires at once
    wechat.deliver(FollowChange(unsubscribed, "add_follow", time=now_s - 200))
    wechat.deliver(FollowChange(unsubscribed, "del_follow", time=now_s - 100))
    assert operator("followers", "get", unsubscribed).json["status"] == "unsubscribed"


# -------------------------------------------------------------------- commands
def test_an_unknown_openid_has_the_status_unknown(operator: Operator) -> None:
    output = operator("followers", "get", "oNobody")
    assert (output.exit_code, output.json) == (1, {"openid": "oNobody", "status": "unknown"})


def test_the_status_of_an_unknown_campaign_is_refused(operator: Operator) -> None:
    output = operator("status", "20200101T000000-1")
    assert (output.exit_code, "no campaign" in output.stderr) == (2, True)


# ----------------------------------------------------------------------- syncs
def test_a_sync_stores_exactly_the_followers_that_wechat_lists(listing: Listing) -> None:
    assert (listing.first_sync.exit_code, listing.first_sync.json["state"]) == (0, "done")
    assert listing.first_sync.json["listed"] == len(listing.followers)
    assert listing.count.json["subscribed"] == len(listing.followers)
    assert listing.exported == listing.followers


def test_the_next_syncs_change_only_the_follower_who_left(listing: Listing) -> None:
    counts = [
        (sync.json["added"], sync.json["changed"], sync.json["missing"], sync.json["removed"])
        for sync in (listing.second_sync, listing.third_sync)
    ]
    assert counts == [(0, 0, 1, 0), (0, 0, 0, 1)]


def test_a_follower_who_left_counts_as_unsubscribed(listing: Listing, operator: Operator) -> None:
    assert operator("followers", "get", listing.left).json["status"] == "unsubscribed"


# ---------------------------------------------------------------------- pushes
def test_a_room_that_is_unknown_or_not_live_is_not_pushed(campaigns: Campaigns) -> None:
    assert campaigns.unknown_room.exit_code == 2
    unknown = "Room 424242 is not among the rooms that WeChat lists"
    assert unknown in campaigns.unknown_room.stderr
    assert campaigns.closed_room.exit_code == 2
    assert "not started (102), not live" in campaigns.closed_room.stderr


def test_a_dry_run_counts_and_sends_nothing(listing: Listing, campaigns: Campaigns) -> None:
    counted = campaigns.dry_run.json
    assert (counted["audience"], counted["calls"]) == (len(listing.followers) - 1, 3)
    assert campaigns.calls_before == 0


def test_a_planned_push_that_wechat_refuses_leaves_the_day_to_another_room(
    campaigns: Campaigns,
) -> None:
    refused = campaigns.refused.json
    assert (refused["state"], refused["openids"]["accepted"]) == ("failed", 0)
    assert refused["room_id"] == IN_VAIN
    assert campaigns.pushed.json["room_id"] == ROOM


def test_every_follower_is_notified_exactly_once(listing: Listing, campaigns: Campaigns) -> None:
    pushed, ledger = campaigns.pushed, campaigns.ledger
    audience = len(listing.followers) - 1
    assert pushed.exit_code == 0, "the result of the call without an answer resolves it"
    assert pushed.json["audience"] == pushed.json["openids"]["accepted"] == audience
    assert pushed.json["refusals"] == []
    assert (ledger["accepted_calls"], ledger["most_often"]) == (3, 1)
    assert ledger["distinct_openids"] == audience
    assert ledger["busiest_second"]["arrived"] <= 2000


def test_the_status_has_all_results(campaigns: Campaigns) -> None:
    status = campaigns.status.json
    assert status["state"] == "settled"
    assert status["results"]["total"] == campaigns.pushed.json["openids"]["accepted"]
    assert status["orphans"] == []


def test_a_day_has_one_campaign(
    campaigns: Campaigns, operator: Operator, wechat: Simulator
) -> None:
    campaign, calls = campaigns.pushed.json["campaign"], wechat.ledger()["push"]["calls"]
    assert operator("push", "--room", str(ROOM)).json["campaign"] == campaign
    other = operator("push", "--room", "77")
    assert other.exit_code == 2
    assert campaign in other.stderr
    assert operator("cancel", campaign).exit_code == 2
    assert wechat.ledger()["push"]["calls"] == calls


def test_a_schedule_looks_after_the_living_campaign_each_minute(stack: LocalStack) -> None:
    schedule = stack.client("scheduler").get_schedule(Name=f"{stack.stack_name}-push-reconcile")
    target = schedule["Target"]

    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)")
    reply = stack.client("lambda").invoke(FunctionName=target["Arn"], Payload=target["Input"])
    payload = reply["Payload"].read()
    assert "FunctionError" not in reply, payload
    assert "campaign" in json.loads(payload)
