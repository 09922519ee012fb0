"""push_fanout: one chunk's way to WeChat, and what becomes of it when something goes wrong."""

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from werkzeug import Response

from wxlive.campaigns import CLAIM_STALE_S, Campaign, CampaignState, Chunk, ChunkState
from wxlive.pace import LATENESS_ALLOWED_MS, day_ends_at, interval_ms
from wxlive.stores import dynamo
from wxlive.telemetry import Metric
from wxlive_local.simulator import LIVE, PUSH, QUOTA_GET, STABLE_TOKEN, Kind, Rule
from wxlive_push_fanout import handler
from wxlive_push_fanout.fate import ATTEMPTS_ALLOWED
from wxlive_push_fanout.send import CLAIM_LEAD_MS, MAX_WAIT_MS, Ending, send

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer
    from tests.integration.conftest import Deployment, World
    from werkzeug import Request

CAMPAIGN, ROOM, DAY = "20261122T193000-1001", 1001, "2026-11-22"
INTERVAL_MS = interval_ms(2000, 2000)


def chunk(world: "World", number: int = 1) -> Chunk:
    row = world.campaigns.chunk(CAMPAIGN, number)
    assert row is not None
    return row


def campaign(world: "World") -> Campaign:
    kept = world.campaigns.get(CAMPAIGN)
    assert kept is not None
    return kept


def hold(world: "World", to: CampaignState = CampaignState.PAUSED) -> None:
    assert world.campaigns.move(CAMPAIGN, to, out_of=[CampaignState.SENDING])


def claim(world: "World", number: int = 1) -> None:
    """Another worker claims the chunk."""
    quota = world.quota.taking(DAY, world.clock())
    row = chunk(world, number)
    world.campaigns.claim(CAMPAIGN, row, claim="other", now_s=world.clock(), quota=quota)


def take_slots(world: "World", ahead_ms: int) -> None:
    """Have others reserve every slot of the next ``ahead_ms``."""
    now_ms = round(world.clock() * 1000)
    world.pace.reserve(now_ms=now_ms, interval_ms=ahead_ms, max_wait_ms=0)


# --------------------------------------------------------------------- accepted


def test_a_chunk_is_sent_once_and_written_down_with_its_message_id(world: "World") -> None:
    world.begin(3, 2)

    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.ACCEPTED

    assert world.pushed() == {"o1-0": 1, "o1-1": 1, "o1-2": 1}
    [call] = world.wechat.ask(lambda p: list(p.ledger.accepted_pushes))
    row = chunk(world)
    assert (row.state, row.message_id, row.attempts) == (ChunkState.ACCEPTED, call.message_id, 1)
    assert call.room_id == ROOM
    assert chunk(world, 2).state is ChunkState.QUEUED
    assert world.quota.used(DAY) == 1
    assert world.rings == []
    assert world.telemetry.counted == {Metric.CHUNK_ACCEPTED: 1, Metric.OPENIDS_ACCEPTED: 3}


def test_a_message_that_comes_twice_makes_one_call(world: "World") -> None:
    world.begin(3)
    parts = world.fanout_parts()

    assert [send(CAMPAIGN, 1, parts) for _ in range(3)] == [
        Ending.ACCEPTED, Ending.DRAINED, Ending.DRAINED,
    ]  # fmt: skip
    assert set(world.pushed().values()) == {1}
    assert world.quota.used(DAY) == 1


@pytest.mark.parametrize(
    "moment", ["GetItem", STABLE_TOKEN, QUOTA_GET, "PutItem", "TransactWriteItems", PUSH]
)
def test_two_workers_at_one_chunk_make_one_call_whenever_they_meet(
    world: "World", moment: str
) -> None:
    world.begin(3)
    other = world.fanout_parts()
    ends: list[Ending] = []
    world.steps.before(moment, lambda: ends.append(send(CAMPAIGN, 1, other)))

    ends.append(send(CAMPAIGN, 1, world.fanout_parts()))

    assert sorted(ends) == [Ending.ACCEPTED, Ending.DRAINED]
    assert set(world.pushed().values()) == {1}
    assert chunk(world).state is ChunkState.ACCEPTED


@pytest.mark.parametrize("number", [1, 99])
@pytest.mark.parametrize("state", [None, *CampaignState])
def test_only_a_sending_campaigns_own_chunk_makes_a_call(
    world: "World", state: CampaignState | None, number: int
) -> None:
    if state is not None:
        world.begin(1, state=state)
    sent = (state, number) == (CampaignState.SENDING, 1)

    ending = send(CAMPAIGN, number, world.fanout_parts())

    assert ending is (Ending.ACCEPTED if sent else Ending.DRAINED)
    assert world.calls(PUSH) == int(sent)


# -------------------------------------------------------------- pace and waiting


def test_chunks_leave_one_interval_apart_however_many_ask(world: "World") -> None:
    world.begin(1, 1, 1)
    began = world.clock()

    for number in (1, 2, 3):
        assert send(CAMPAIGN, number, world.fanout_parts()) is Ending.ACCEPTED

    calls = world.wechat.ask(lambda p: [call.at for call in p.ledger.pushes])
    assert calls == pytest.approx([began + n * INTERVAL_MS / 1000 for n in range(3)])


def test_a_chunk_is_claimed_shortly_before_its_slot(world: "World") -> None:
    world.begin(1)
    take_slots(world, 5000)
    slot = world.clock() + 5

    send(CAMPAIGN, 1, world.fanout_parts())

    assert world.clock.slept == pytest.approx([5 - CLAIM_LEAD_MS / 1000, CLAIM_LEAD_MS / 1000])
    assert chunk(world).claimed_at == int(slot - CLAIM_LEAD_MS / 1000)


@pytest.mark.parametrize("held", [*{CampaignState.PAUSED, CampaignState.WAITING_LIVE},
                                  CampaignState.CANCELLED, CampaignState.FAILED])  # fmt: skip
def test_a_campaign_held_or_ended_while_a_chunk_waits_for_its_slot_makes_no_call(
    world: "World", held: CampaignState
) -> None:
    world.begin(1)
    take_slots(world, 5000)

    def sleep(seconds: float) -> None:
        hold(world, held)
        world.clock.sleep(seconds)

    assert send(CAMPAIGN, 1, world.fanout_parts(sleep=sleep)) is Ending.DRAINED

    assert world.calls(PUSH) == 0
    assert chunk(world) == Chunk(1, ChunkState.QUEUED, 1)
    assert world.quota.used(DAY) == 0
    assert world.rings == []


@pytest.mark.parametrize(
    ("ahead_ms", "delay_s"), [(MAX_WAIT_MS, None), (MAX_WAIT_MS + 1, 13), (60_000, 60),
                              (60_001, 61), (2_000_000, 900)]
)  # fmt: skip
def test_a_slot_too_far_ahead_is_left_to_a_later_message_at_no_cost(
    world: "World", ahead_ms: int, delay_s: int | None
) -> None:
    world.begin(1)
    take_slots(world, ahead_ms)

    ending = send(CAMPAIGN, 1, world.fanout_parts())

    if delay_s is None:
        assert ending is Ending.ACCEPTED
        return
    assert ending is Ending.HANDED_BACK
    assert world.rings == [(CAMPAIGN, 1, delay_s)]
    assert chunk(world) == Chunk(1, ChunkState.QUEUED, 1)
    assert (world.quota.used(DAY), world.calls(PUSH), world.clock.slept) == (0, 0, [])


@pytest.mark.parametrize(("late_ms", "again"), [(LATENESS_ALLOWED_MS, False), (500, True)])
def test_a_missed_slot_is_given_up_for_a_new_one(
    *, world: "World", late_ms: int, again: bool
) -> None:
    world.begin(1)
    began = world.clock()

    def stumble() -> None:
        world.clock.now_s += late_ms / 1000

    world.steps.before("TransactWriteItems", stumble)

    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.ACCEPTED

    [call] = world.wechat.ask(lambda p: list(p.ledger.pushes))
    assert call.at == pytest.approx(began + (INTERVAL_MS if again else late_ms) / 1000)


def test_a_missed_slot_with_none_near_hands_the_claimed_chunk_back(world: "World") -> None:
    world.begin(1)

    def stumble() -> None:
        world.clock.now_s += 5
        take_slots(world, 20_000)

    world.steps.before("TransactWriteItems", stumble)

    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.HANDED_BACK

    assert world.rings == [(CAMPAIGN, 1, 20)]
    assert chunk(world).state is ChunkState.QUEUED
    assert world.calls(PUSH) == 0


# ------------------------------------------------------------------- the claim


def test_a_chunk_claimed_by_another_while_waiting_makes_no_call(world: "World") -> None:
    world.begin(1)
    world.steps.before("TransactWriteItems", lambda: claim(world))

    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.DRAINED
    assert world.calls(PUSH) == 0
    assert chunk(world).claim == "other"


@pytest.mark.parametrize(("collisions", "ending"), [(1, Ending.ACCEPTED), (99, Ending.HANDED_BACK)])
def test_a_claim_that_only_collides_is_tried_again_now_and_then_soon(
    world: "World", monkeypatch: pytest.MonkeyPatch, collisions: int, ending: Ending
) -> None:
    world.begin(1)
    monkeypatch.setattr(dynamo, "time", SimpleNamespace(sleep=lambda _: None))

    def collide() -> None:
        error: Any = {"Error": {"Code": "TransactionConflictException"}}
        raise ClientError(error, "TransactWriteItems")

    world.steps.before("TransactWriteItems", *[collide] * collisions)

    assert send(CAMPAIGN, 1, world.fanout_parts()) is ending

    if ending is Ending.HANDED_BACK:
        assert world.rings == [(CAMPAIGN, 1, 1)]
        assert chunk(world) == Chunk(1, ChunkState.QUEUED, 1)


def test_a_used_up_day_pauses_the_campaign_until_it_turns(world: "World") -> None:
    world.begin(1, 1)
    parts = world.fanout_parts(quota=world.counter("push_message", 1))

    assert send(CAMPAIGN, 1, parts) is Ending.ACCEPTED
    assert send(CAMPAIGN, 2, parts) is Ending.NOT_SENT

    assert world.calls(PUSH) == 1
    assert chunk(world, 2) == Chunk(2, ChunkState.QUEUED, 1)
    kept = campaign(world)
    assert kept.state is CampaignState.PAUSED
    assert kept.resume_at == day_ends_at(world.clock(), 8)
    assert "used up" in str(kept.reason)
    assert world.telemetry.counted[Metric.CAMPAIGN_HELD] == 1


# --------------------------------------------------------- what WeChat answers


def test_what_surely_did_not_arrive_is_sent_again_later(world: "World", unused_port: int) -> None:
    world.begin(3)
    parts = world.fanout_parts()
    parts.wechat.quota(PUSH)
    away = replace(parts, wechat=world.client(f"http://127.0.0.1:{unused_port}"))

    assert send(CAMPAIGN, 1, away) is Ending.NOT_SENT
    assert send(CAMPAIGN, 1, away) is Ending.NOT_SENT

    assert world.rings == [(CAMPAIGN, 1, 2), (CAMPAIGN, 1, 4)]
    assert (chunk(world).state, chunk(world).attempts) == (ChunkState.QUEUED, 2)
    assert campaign(world).state is CampaignState.SENDING
    assert send(CAMPAIGN, 1, parts) is Ending.ACCEPTED
    assert set(world.pushed().values()) == {1}


def test_a_cold_worker_learns_the_days_count_before_it_takes_a_slot(world: "World") -> None:
    world.begin(1, 1)
    world.at_wechat(lambda p: p.quotas.set_used(PUSH, 70))
    parts = world.fanout_parts()

    send(CAMPAIGN, 1, parts)
    send(CAMPAIGN, 2, parts)

    assert world.quota.used(DAY) == 72
    assert world.calls(QUOTA_GET) == 1
    made = [call for call, _ in world.steps.made]
    assert made.index(QUOTA_GET) < made.index("TransactWriteItems")


def test_without_a_token_nothing_was_sent(world: "World") -> None:
    world.begin(1)
    world.wechat.misbehave(Rule(STABLE_TOKEN, Kind.GARBAGE, times=2))

    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.NOT_SENT
    assert world.rings == [(CAMPAIGN, 1, 2)]
    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.ACCEPTED


def test_a_chunk_that_never_arrives_calls_a_human(world: "World", unused_port: int) -> None:
    world.begin(1)
    away = world.fanout_parts(wechat=world.client(f"http://127.0.0.1:{unused_port}"))

    for _ in range(ATTEMPTS_ALLOWED):
        assert campaign(world).state is CampaignState.SENDING
        assert send(CAMPAIGN, 1, away) is Ending.NOT_SENT

    assert campaign(world).state is CampaignState.PAUSED
    assert "could not be reached" in str(campaign(world).reason)
    assert campaign(world).resume_at == 0
    assert len(world.rings) == ATTEMPTS_ALLOWED - 1


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"kind": Kind.DROP_BEFORE}, 0),
        ({"kind": Kind.DROP_AFTER}, 1),
        ({"kind": Kind.GARBAGE}, 0),
        ({"kind": Kind.GARBAGE, "processed": True}, 1),
        ({"kind": Kind.HTTP_500}, 0),
        ({"kind": Kind.HTTP_500, "processed": True}, 1),
        ({"kind": Kind.ERRCODE, "errcode": -1}, 0),
    ],
    ids=["cut before", "cut after", "garbage", "done, garbage", "500", "done, 500", "busy"],
)
def test_a_call_with_an_unknown_outcome_is_never_made_again(
    world: "World", rule: dict[str, Any], told: int
) -> None:
    world.begin(1)
    world.wechat.misbehave(Rule(PUSH, **rule))
    parts = world.fanout_parts()

    assert send(CAMPAIGN, 1, parts) is Ending.UNKNOWN

    row = chunk(world)
    assert (row.state, row.message_id) == (ChunkState.UNKNOWN, None)
    assert row.reason
    assert world.rings == []
    assert world.telemetry.counted == {Metric.CHUNK_UNKNOWN: 1}
    world.clock.now_s += 3600
    assert send(CAMPAIGN, 1, parts) is Ending.DRAINED
    assert sum(world.pushed().values()) == told
    assert campaign(world).state is CampaignState.SENDING


def test_an_acceptance_without_a_message_id_is_unknown(
    world: "World", httpserver: "HTTPServer"
) -> None:
    world.begin(1)
    httpserver.expect_request(STABLE_TOKEN).respond_with_json(
        {"access_token": "T" * 64, "expires_in": 7200}
    )
    httpserver.expect_oneshot_request(PUSH).respond_with_json({"errcode": 0, "errmsg": "ok"})
    parts = world.fanout_parts(wechat=world.client(httpserver.url_for("")))

    assert send(CAMPAIGN, 1, parts) is Ending.UNKNOWN


def test_a_busy_wechat_is_asked_again_where_that_is_configured(world: "World") -> None:
    world.begin(1)
    world.wechat.misbehave(Rule(PUSH, Kind.ERRCODE, errcode=-1))
    parts = world.fanout_parts(retry_busy=True)

    assert send(CAMPAIGN, 1, parts) is Ending.NOT_SENT
    assert world.rings == [(CAMPAIGN, 1, 2)]
    assert (chunk(world).state, chunk(world).errcode) == (ChunkState.QUEUED, -1)
    assert send(CAMPAIGN, 1, parts) is Ending.ACCEPTED


def test_a_used_up_minute_is_left_to_the_next(world: "World") -> None:
    world.begin(1)
    world.clock.now_s += 20
    world.wechat.misbehave(Rule(PUSH, Kind.ERRCODE, errcode=45011))

    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.NOT_SENT
    assert world.rings == [(CAMPAIGN, 1, 40)]
    assert campaign(world).state is CampaignState.SENDING


@pytest.mark.parametrize(
    ("errcode", "to", "of_chunk", "words", "metric"),
    [
        (45009, "paused", "queued", "quota", Metric.CAMPAIGN_HELD),
        (40164, "paused", "queued", "allow-list", Metric.CAMPAIGN_HELD),
        (48001, "paused", "queued", "not granted", Metric.CAMPAIGN_HELD),
        (777, "paused", "queued", "does not know", Metric.CAMPAIGN_HELD),
        (9410006, "waiting_live", "queued", "not live", Metric.CAMPAIGN_HELD),
        (9410005, "failed", "refused", "Another room", Metric.CAMPAIGN_FAILED),
    ],
)
def test_a_refusal_that_concerns_every_chunk_holds_or_ends_the_campaign(
    world: "World", errcode: int, to: str, of_chunk: str, words: str, metric: Metric
) -> None:
    world.begin(1, 1)
    world.wechat.misbehave(Rule(PUSH, Kind.ERRCODE, errcode=errcode))
    parts = world.fanout_parts()

    ending = send(CAMPAIGN, 1, parts)

    assert ending is (Ending.REFUSED if of_chunk == "refused" else Ending.NOT_SENT)
    kept, row = campaign(world), chunk(world)
    assert (kept.state, row.state) == (CampaignState(to), ChunkState(of_chunk))
    assert words in str(kept.reason)
    assert f"errcode {errcode}, rid {row.rid}" in str(kept.reason)
    assert row.errcode == errcode
    assert kept.held_since == int(world.clock())
    assert kept.resume_at == (day_ends_at(world.clock(), 8) if errcode == 45009 else 0)
    assert world.rings == []
    assert world.telemetry.counted[metric] == 1
    assert send(CAMPAIGN, 2, parts) is Ending.DRAINED
    assert world.calls(PUSH) == 1


def test_a_room_that_closed_is_refused_by_wechat_and_waited_for(world: "World") -> None:
    world.begin(1)
    world.wechat.set_room(ROOM, 105)

    send(CAMPAIGN, 1, world.fanout_parts())
    assert campaign(world).state is CampaignState.WAITING_LIVE

    world.wechat.set_room(ROOM, LIVE)
    world.campaigns.move(CAMPAIGN, CampaignState.SENDING, out_of=[CampaignState.WAITING_LIVE])
    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.ACCEPTED


@pytest.mark.parametrize("errcode", [40003, 47001, 40097])
def test_a_refusal_that_concerns_one_chunk_lets_the_others_go_on(
    world: "World", errcode: int
) -> None:
    world.begin(1, 1)
    world.wechat.misbehave(Rule(PUSH, Kind.ERRCODE, errcode=errcode))
    parts = world.fanout_parts()

    assert send(CAMPAIGN, 1, parts) is Ending.REFUSED
    assert send(CAMPAIGN, 2, parts) is Ending.ACCEPTED
    assert (chunk(world).state, chunk(world).errcode) == (ChunkState.REFUSED, errcode)
    assert world.telemetry.counted[Metric.CHUNK_REFUSED] == 1


def test_one_bad_openid_does_not_sink_its_chunk(world: "World", httpserver: "HTTPServer") -> None:
    world.begin(9)
    bad, told, calls = "o1-5", [], []

    def answer(request: "Request") -> "Response":
        openids = request.get_json()["user_openid"]
        calls.append(openids)
        if bad in openids:
            return Response('{"errcode": 40003, "errmsg": "invalid openid"}')
        told.extend(openids)
        return Response(f'{{"errcode": 0, "message_id": "m{len(calls)}"}}')

    httpserver.expect_request(STABLE_TOKEN).respond_with_json(
        {"access_token": "T" * 64, "expires_in": 7200}
    )
    httpserver.expect_request(PUSH).respond_with_handler(answer)
    parts = world.fanout_parts(wechat=world.client(httpserver.url_for("")))

    send(CAMPAIGN, 1, parts)
    served = 0
    while served < len(world.rings):
        ring = world.rings[served]
        served += 1
        send(CAMPAIGN, ring.chunk, parts)

    told_once = sorted(f"o1-{i}" for i in range(9) if f"o1-{i}" != bad)
    assert sorted(told) == told_once
    ledger = list(world.campaigns.chunks(CAMPAIGN))
    assert sum(row.openids for row in ledger) == 9
    [refused] = [row for row in ledger if row.state is not ChunkState.ACCEPTED]
    assert (refused.state, refused.openids, refused.errcode) == (ChunkState.REFUSED, 1, 40003)
    assert world.campaigns.openids(CAMPAIGN, refused.number) == [bad]
    assert len(calls) <= 9


def test_a_hold_by_the_operator_is_not_overwritten_by_a_later_refusal(world: "World") -> None:
    world.begin(1)
    world.wechat.misbehave(Rule(PUSH, Kind.ERRCODE, errcode=40164))
    world.steps.before(PUSH, lambda: hold(world, CampaignState.CANCELLED))

    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.NOT_SENT
    assert campaign(world).state is CampaignState.CANCELLED
    assert Metric.CAMPAIGN_HELD not in world.telemetry.counted


def test_a_dead_token_is_replaced_and_the_chunk_sent_again_in_a_slot_of_its_own(
    world: "World",
) -> None:
    world.begin(3)
    world.wechat.misbehave(Rule(PUSH, Kind.TOKEN_DEAD))
    parts = world.fanout_parts()

    assert send(CAMPAIGN, 1, parts) is Ending.NOT_SENT
    assert world.rings == [(CAMPAIGN, 1, 2)]
    assert send(CAMPAIGN, 1, parts) is Ending.ACCEPTED
    assert world.wechat.ledger()["push"]["errcodes"] == {"40001": 1, "0": 1}
    assert set(world.pushed().values()) == {1}


def test_a_token_that_stays_dead_pauses_the_campaign_without_a_loop(world: "World") -> None:
    world.begin(3)
    world.wechat.misbehave(Rule(PUSH, Kind.ERRCODE, errcode=40001, times=9))

    assert send(CAMPAIGN, 1, world.fanout_parts()) is Ending.NOT_SENT
    assert campaign(world).state is CampaignState.PAUSED
    assert world.calls(PUSH) == 1
    assert world.wechat.ledger()["tokens"]["forced"] == 0


# --------------------------------------------------------- a worker that died


@pytest.mark.parametrize("state", list(CampaignState))
@pytest.mark.parametrize(
    ("age_s", "abandoned"), [(CLAIM_STALE_S, False), (CLAIM_STALE_S + 1, True)]
)
def test_a_claim_without_a_worker_becomes_unknown_and_a_fresh_one_is_left_alone(
    *, world: "World", age_s: int, abandoned: bool, state: CampaignState
) -> None:
    world.begin(1)
    claim(world)
    world.campaigns.move(CAMPAIGN, state, out_of=[CampaignState.SENDING])
    world.clock.now_s += age_s

    ending = send(CAMPAIGN, 1, world.fanout_parts())

    assert ending is (Ending.UNKNOWN if abandoned else Ending.DRAINED)
    assert chunk(world).state is (ChunkState.UNKNOWN if abandoned else ChunkState.SENDING)
    assert world.calls(PUSH) == 0
    assert world.telemetry.counted[Metric.CHUNK_UNKNOWN] == int(abandoned)


def test_a_worker_killed_at_any_step_tells_nobody_twice_and_hides_nothing(
    world: "World",
) -> None:
    step, survived, unknown = 0, False, 0
    while not survived:
        step += 1
        world.clear()
        world.at_wechat(lambda p: p.ledger.times_pushed.clear())
        world.begin(2)
        world.steps.revive()
        world.steps.kill_at = step
        try:
            survived = send(CAMPAIGN, 1, world.fanout_parts()) is Ending.ACCEPTED
        except BaseException as death:  # noqa: BLE001 - Killed is none of Exception's
            assert type(death).__name__ == "Killed"  # noqa: PT017 - or all is void
        world.steps.revive()
        for _ in range(2):  # the queue delivers it again, and once more
            world.clock.now_s += 360
            send(CAMPAIGN, 1, world.fanout_parts())
        told = set(world.pushed().values())
        state = chunk(world).state
        assert told in (set(), {1}), step
        assert state in {ChunkState.ACCEPTED, ChunkState.UNKNOWN}, step
        assert state is ChunkState.UNKNOWN or told == {1}, step
        unknown += state is ChunkState.UNKNOWN
    assert step > 15
    assert 0 < unknown < step / 2


# --------------------------------------------------------------- the handler


def batch(*bodies: str) -> dict[str, Any]:
    records = [
        {"messageId": f"m{n}", "body": body, "eventSource": "aws:sqs", "attributes": {}}
        for n, body in enumerate(bodies)
    ]
    return {"Records": records}


def test_the_file_of_events_sends_its_chunk(
    deployment: "Deployment", capsys: pytest.CaptureFixture[str]
) -> None:
    context: Any = deployment.context
    deployment.world.begin(2)

    answer = handler.lambda_handler(deployment.event("push_fanout/one_chunk.json"), context)

    assert answer == {"batchItemFailures": []}
    assert deployment.world.pushed() == {"o1-0": 1, "o1-1": 1}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [logged] = [line for line in lines if line.get("message") == "chunk"]
    assert (logged["campaign"], logged["chunk"], logged["ending"]) == (CAMPAIGN, 1, "accepted")
    assert any("OpenidsAccepted" in line for line in lines)


def test_a_warm_worker_takes_up_a_secret_that_was_mended(
    deployment: "Deployment", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wxlive.stores.secrets.KEPT_S", 0)
    context: Any = deployment.context
    world, account = deployment.world, deployment.world.wechat.account
    fields = {"appid": account.appid, "token": account.token, "aes_key": account.aes_key}
    event = deployment.event("push_fanout/one_chunk.json")
    world.begin(2)

    deployment.store_secret(**fields, secret="wrong")
    handler.lambda_handler(event, context)
    held = campaign(world)
    assert (held.state, "40125" in str(held.reason)) == (CampaignState.PAUSED, True)

    deployment.store_secret(**fields, secret=account.secret)
    world.campaigns.move(CAMPAIGN, CampaignState.SENDING, out_of=[CampaignState.PAUSED])
    handler.lambda_handler(event, context)
    assert world.pushed() == {"o1-0": 1, "o1-1": 1}


@pytest.mark.parametrize(
    "garbage",
    ["", "{", "[]", "null", "7", "{}", '{"campaign": 1, "chunk": 1}', '{"campaign": "c"}',
     '{"campaign": "c", "chunk": "1"}'],
)  # fmt: skip
def test_a_garbage_message_comes_back_alone(deployment: "Deployment", garbage: str) -> None:
    context: Any = deployment.context
    deployment.world.begin(1)
    good = json.dumps({"campaign": CAMPAIGN, "chunk": 1})

    answer = handler.lambda_handler(batch(garbage, good), context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert deployment.world.pushed() == {"o1-0": 1}


def test_a_message_whose_store_fails_comes_back(deployment: "Deployment") -> None:
    context: Any = deployment.context
    deployment.world.begin(1)
    deployment.world.steps.fail_at = 3

    answer = handler.lambda_handler(deployment.event("push_fanout/one_chunk.json"), context)

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == [
        "059f36b4-87a3-44ab-83d2-661975830a7d"
    ]
    assert deployment.world.calls(PUSH) == 0


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that refuses connections for as long as the test runs."""
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
