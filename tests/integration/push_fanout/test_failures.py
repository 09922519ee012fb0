"""What WeChat answers instead of an acceptance, and what follows for chunk and campaign."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from factories import CAMPAIGN, DAY, ROOM
from support.clients import wechat_client
from support.push_fanout import fanout_deps
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.calendar import calls_resume_at
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.wechat.apis import Api
from wxlive_local.simulator import LIVE, PUSH, QUOTA_GET, STABLE_TOKEN, Fault, FaultRule
from wxlive_push_fanout.dependencies import Dependencies
from wxlive_push_fanout.failure_decision import ACCESS_RETRY_S, ATTEMPTS_ALLOWED, BUSY_AGAIN_S
from wxlive_push_fanout.send import SendResult, send

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer
    from werkzeug import Request

TOKEN = {"access_token": "T" * 64, "expires_in": 7200}
UNUSED_DAY = {"errcode": 0, "quota": {"daily_limit": 5000, "used": 0, "remain": 5000}}


@pytest.fixture
def unused_port() -> Iterator[int]:
    """Return a port that refuses connections while the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_what_surely_did_not_arrive_is_sent_again_later(world: World, unused_port: int) -> None:
    world.put_campaign(3)
    deps = fanout_deps(world)
    deps.wechat.quota(Api.PUSH_MESSAGE)
    unreachable = replace(deps, wechat=wechat_client(world, f"http://127.0.0.1:{unused_port}"))

    assert send(CAMPAIGN, 1, unreachable) is SendResult.NOT_SENT
    assert send(CAMPAIGN, 1, unreachable) is SendResult.NOT_SENT

    assert world.enqueued == [(CAMPAIGN, 1, 2), (CAMPAIGN, 1, 4)]
    assert (world.chunk().state, world.chunk().attempts) == (ChunkState.QUEUED, 2)
    assert world.campaign().state is CampaignState.SENDING
    assert send(CAMPAIGN, 1, deps) is SendResult.ACCEPTED
    assert set(world.pushed().values()) == {1}


def test_a_cold_worker_learns_the_days_count_before_it_takes_a_slot(world: World) -> None:
    world.put_campaign(1, 1)
    world.at_wechat(lambda p: p.quotas.set_used(PUSH, 70))
    deps = fanout_deps(world)

    send(CAMPAIGN, 1, deps)
    send(CAMPAIGN, 2, deps)

    assert world.quota.used(DAY) == 72
    assert world.calls(QUOTA_GET) == 1
    made = world.steps.calls()
    assert made.index(QUOTA_GET) < made.index("TransactWriteItems")


def test_without_a_token_nothing_was_sent(world: World) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(STABLE_TOKEN, Fault.GARBAGE))

    assert send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.NOT_SENT
    assert world.enqueued == [(CAMPAIGN, 1, 2)]
    assert send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.ACCEPTED


def test_a_chunk_that_never_arrives_holds_the_campaign_for_a_while(
    world: World, unused_port: int
) -> None:
    world.put_campaign(1)
    unreachable = fanout_deps(world, wechat=wechat_client(world, f"http://127.0.0.1:{unused_port}"))

    for _ in range(ATTEMPTS_ALLOWED):
        assert world.campaign().state is CampaignState.SENDING
        assert send(CAMPAIGN, 1, unreachable) is SendResult.NOT_SENT

    assert world.campaign().state is CampaignState.PAUSED
    assert "could not be reached" in str(world.campaign().reason)
    assert world.campaign().hold_kind is HoldKind.ACCESS
    assert world.campaign().resume_at == int(world.clock()) + ACCESS_RETRY_S
    assert len(world.enqueued) == ATTEMPTS_ALLOWED - 1


@pytest.mark.parametrize(
    ("rule", "pushed"),
    [
        ({"kind": Fault.DROP_BEFORE}, 0),
        ({"kind": Fault.DROP_AFTER}, 1),
        ({"kind": Fault.GARBAGE}, 0),
        ({"kind": Fault.GARBAGE, "processed": True}, 1),
        ({"kind": Fault.HTTP_500}, 0),
        ({"kind": Fault.HTTP_500, "processed": True}, 1),
        ({"kind": Fault.ERRCODE, "errcode": -1}, 0),
    ],
    ids=["cut before", "cut after", "garbage", "done, garbage", "500", "done, 500", "busy"],
)
def test_a_call_with_an_unknown_outcome_is_never_made_again(
    world: World, rule: dict[str, Any], pushed: int
) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(PUSH, **rule))
    deps = fanout_deps(world)

    assert send(CAMPAIGN, 1, deps) is SendResult.UNKNOWN

    row = world.chunk()
    assert (row.state, row.message_id) == (ChunkState.UNKNOWN, None)
    assert row.reason
    assert world.enqueued == []
    world.clock.now_s += 3600
    assert send(CAMPAIGN, 1, deps) is SendResult.DRAINED
    assert sum(world.pushed().values()) == pushed
    assert world.campaign().state is CampaignState.SENDING


def test_an_acceptance_without_a_message_id_is_unknown(
    world: World, httpserver: "HTTPServer"
) -> None:
    world.put_campaign(1)
    httpserver.expect_request(STABLE_TOKEN).respond_with_json(TOKEN)
    httpserver.expect_request(QUOTA_GET).respond_with_json(UNUSED_DAY)
    httpserver.expect_oneshot_request(PUSH).respond_with_json({"errcode": 0, "errmsg": "ok"})
    deps = fanout_deps(world, wechat=wechat_client(world, httpserver.url_for("")))

    assert send(CAMPAIGN, 1, deps) is SendResult.UNKNOWN


def send_again(world: World, deps: Dependencies) -> SendResult:
    """Process a chunk when its last message is due."""
    world.clock.now_s += world.enqueued[-1].delay_s if world.enqueued else 0
    return send(CAMPAIGN, 1, deps)


def test_a_busy_wechat_is_called_again_where_that_is_configured(world: World) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=-1))
    deps = fanout_deps(world, retry_busy=True)

    assert send(CAMPAIGN, 1, deps) is SendResult.NOT_SENT
    assert world.enqueued == [(CAMPAIGN, 1, BUSY_AGAIN_S)]
    assert (world.chunk().state, world.chunk().errcode) == (ChunkState.QUEUED, -1)
    assert send_again(world, deps) is SendResult.ACCEPTED


def test_a_used_up_minute_is_left_to_the_next(world: World) -> None:
    world.put_campaign(1)
    world.clock.now_s += 20
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=45011))

    assert send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.NOT_SENT
    assert world.enqueued == [(CAMPAIGN, 1, 40)]
    assert world.campaign().state is CampaignState.SENDING


@pytest.mark.parametrize(
    ("errcode", "to", "kind", "words"),
    [
        (45009, CampaignState.PAUSED, HoldKind.QUOTA, "quota"),
        (40164, CampaignState.PAUSED, HoldKind.ACCESS, "allow-list"),
        (48001, CampaignState.PAUSED, HoldKind.ACCESS, "not granted"),
        (777, CampaignState.PAUSED, HoldKind.ACCESS, "does not know"),
        (9410006, CampaignState.WAITING_LIVE, HoldKind.ROOM, "not live"),
    ],
)
def test_a_refusal_that_concerns_every_chunk_holds_the_campaign(
    world: World, errcode: int, to: CampaignState, kind: HoldKind, words: str
) -> None:
    world.put_campaign(1, 1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=errcode))
    deps = fanout_deps(world)

    assert send(CAMPAIGN, 1, deps) is SendResult.NOT_SENT

    campaign, row = world.campaign(), world.chunk()
    assert (campaign.state, campaign.hold_kind, row.state) == (to, kind, ChunkState.QUEUED)
    assert words in str(campaign.reason)
    assert f"errcode {errcode}, rid {row.rid}" in str(campaign.reason)
    assert row.errcode == errcode
    due = {
        HoldKind.QUOTA: calls_resume_at(world.clock(), DAY_OFFSET_HOURS),
        HoldKind.ACCESS: int(world.clock()) + ACCESS_RETRY_S,
        HoldKind.ROOM: 0,
    }
    assert (campaign.held_since, campaign.resume_at) == (int(world.clock()), due[kind])
    assert campaign.hold_id
    assert world.enqueued == []
    assert send(CAMPAIGN, 2, deps) is SendResult.DRAINED
    assert (world.calls(PUSH), world.quota.used(DAY)) == (1, 1)


def test_a_day_that_another_room_has_at_wechat_ends_the_campaign(world: World) -> None:
    world.put_campaign(1, 1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=9410005))
    deps = fanout_deps(world)

    assert send(CAMPAIGN, 1, deps) is SendResult.REFUSED

    campaign, row = world.campaign(), world.chunk()
    assert (campaign.state, row.state) == (CampaignState.FAILED, ChunkState.REFUSED)
    assert f"errcode 9410005, rid {row.rid}" in str(campaign.reason)
    assert send(CAMPAIGN, 2, deps) is SendResult.DRAINED
    assert world.calls(PUSH) == 1


def test_a_room_that_closed_is_refused_by_wechat_and_waited_for(world: World) -> None:
    world.put_campaign(1)
    world.wechat.set_room(ROOM, 105)

    send(CAMPAIGN, 1, fanout_deps(world))
    assert world.campaign().state is CampaignState.WAITING_LIVE

    world.wechat.set_room(ROOM, LIVE)
    world.change_campaign(state=CampaignState.SENDING)
    assert send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.ACCEPTED


@pytest.mark.parametrize("errcode", [40003, 47001, 40097])
def test_a_refusal_that_concerns_one_chunk_lets_the_others_be_sent(
    world: World, errcode: int
) -> None:
    world.put_campaign(1, 1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=errcode))
    deps = fanout_deps(world)

    assert send(CAMPAIGN, 1, deps) is SendResult.REFUSED
    assert send(CAMPAIGN, 2, deps) is SendResult.ACCEPTED
    assert (world.chunk().state, world.chunk().errcode) == (ChunkState.REFUSED, errcode)


def test_one_bad_openid_does_not_keep_the_others_from_being_notified(
    world: World, httpserver: "HTTPServer"
) -> None:
    world.put_campaign(9)
    bad, notified, calls = "o1-5", [], []

    def answer(request: "Request") -> "Response":
        openids = request.get_json()["user_openid"]
        calls.append(openids)
        if bad in openids:
            return Response('{"errcode": 40003, "errmsg": "invalid openid"}')
        notified.extend(openids)
        return Response(f'{{"errcode": 0, "message_id": "m{len(calls)}"}}')

    httpserver.expect_request(STABLE_TOKEN).respond_with_json(TOKEN)
    httpserver.expect_request(QUOTA_GET).respond_with_json(UNUSED_DAY)
    httpserver.expect_request(PUSH).respond_with_handler(answer)
    deps = fanout_deps(world, wechat=wechat_client(world, httpserver.url_for("")))

    send(CAMPAIGN, 1, deps)
    received = 0
    while received < len(world.enqueued):
        send(CAMPAIGN, world.enqueued[received].chunk, deps)
        received += 1

    assert sorted(notified) == sorted({f"o1-{i}" for i in range(9)} - {bad})
    ledger = list(world.ledger.chunks(CAMPAIGN))
    assert sum(row.openids for row in ledger) == 9
    [refused] = [row for row in ledger if row.state is not ChunkState.ACCEPTED]
    assert (refused.state, refused.openids, refused.errcode) == (ChunkState.REFUSED, 1, 40003)
    assert world.ledger.openids(CAMPAIGN, refused.number) == [bad]
    assert len(calls) <= 9
    on_record = [call.openids for row in ledger for call in row.refused_calls]
    assert sorted(on_record) == sorted(len(call) for call in calls if bad in call and len(call) > 1)


def test_a_hold_by_the_operator_is_not_overwritten_by_a_later_refusal(world: World) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40164))
    world.steps.before(PUSH, lambda: world.change_campaign(state=CampaignState.CANCELLED))

    assert send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.NOT_SENT
    assert world.campaign().state is CampaignState.CANCELLED


def test_a_dead_token_is_replaced_and_the_chunk_sent_again_in_a_slot_of_its_own(
    world: World,
) -> None:
    world.put_campaign(3)
    world.wechat.inject(FaultRule(PUSH, Fault.TOKEN_DEAD))
    deps = fanout_deps(world)

    assert send(CAMPAIGN, 1, deps) is SendResult.NOT_SENT
    assert world.enqueued == [(CAMPAIGN, 1, 2)]
    assert send_again(world, deps) is SendResult.ACCEPTED
    assert world.wechat.ledger()["push"]["errcodes"] == {"40001": 1, "0": 1}
    assert set(world.pushed().values()) == {1}


def test_a_token_that_stays_dead_holds_the_campaign_after_one_call(world: World) -> None:
    world.put_campaign(3)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40001, times=9))
    deps = fanout_deps(world)

    for _ in range(ATTEMPTS_ALLOWED):
        assert world.campaign().state is CampaignState.SENDING
        assert send_again(world, deps) is SendResult.NOT_SENT

    assert world.campaign().state is CampaignState.PAUSED
    assert "the access token it just handed out" in str(world.campaign().reason)
    assert world.calls(PUSH) == 1
    assert world.wechat.ledger()["tokens"]["forced"] == 0
