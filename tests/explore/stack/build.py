"""A scenario becomes a world that can be explored."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

from explore.aws.backend import MemoryAws
from explore.aws.store import Item, Key, Tables
from explore.engine.kernel import Kernel, ids_in
from explore.engine.programs import Answers, Program, Requests, Rewrite
from explore.engine.search import Exploration, Invariants, explore
from explore.engine.values import Budget, Part, Parts
from explore.engine.world import (
    DIED,
    Changes,
    Ending,
    Kind,
    Position,
    World,
)
from explore.stack import invariants, shipped, sync_invariants
from explore.stack.dependencies import FAST, Setting
from explore.stack.dynamodb import SCHEMAS, DynamoDbService, LocalReads, Written
from explore.stack.follower_list import FollowChanges, Notices
from explore.stack.places import (
    APPID,
    CAMPAIGN,
    DAY,
    FOLLOWER_SYNC,
    FOLLOWERS_TABLE,
    INVOCATIONS,
    LIVE_WATCH,
    NOTES,
    NOW_S,
    PUSH_START,
    QUEUE,
    ROOM,
    STATE_TABLE,
    TABLES,
    Call,
    Invocation,
    Lambda,
    Message,
    Notice,
    Queue,
    Timer,
    Wechat,
)
from explore.stack.queue import (
    Deliveries,
    Invocations,
    LambdaService,
    SqsService,
    invocation_done,
    message_done,
    timers_at_last,
    timers_renewed,
    what_of,
)
from explore.stack.scenario import Command, Scenario
from explore.stack.wechat import Results, RoomChanges, WechatService
from wxlive.aws import FAIL_FAST
from wxlive.digests import digest_of
from wxlive.domain.campaigns import Campaign, CampaignState, Trial
from wxlive.domain.followers import Follower, Source, Status
from wxlive.domain.rooms import RoomStatus
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.tokens import TokenStore
from wxlive.wechat.access_token import AccessToken

MINUTE_MS = 60_000

CONTINUE_MS = 15 * MINUTE_MS
"""How often a schedule continues with a sync: ``template.yaml``."""

_FUNCTIONS = {
    PUSH_START: shipped.push_start,
    LIVE_WATCH: shipped.live_watch,
    FOLLOWER_SYNC: shipped.follower_sync,
}


class Built(NamedTuple):
    """A world ready to be explored."""

    kernel: Kernel
    first: World
    invariants: Invariants


def build(
    scenario: Scenario,
    rewrite: Rewrite | None = None,
    written: set[Key] | None = None,
    *,
    thorough: bool = False,
) -> Built:
    """Build a world.

    Args:
        scenario: what it is like.
        rewrite: changes the requests of the shipped code.
        written: the items that are ever written, as far as is known (``LocalReads``); None
            to have each read take its turn.
        thorough: whether each run of the shipped code is compared with what is known of it.
    """
    parts, answers = Parts(), Answers()
    requests = Requests(shipped.ORIGINS, rewrite)
    setting = replace(scenario.setting, warm_token=_token(scenario) if scenario.is_warm else None)
    sending = Kind(
        "sender", limit=scenario.senders, timeout_ms=60_000, ended=partial(_message, parts)
    )
    starting = Kind("start", limit=2, timeout_ms=900_000, ended=partial(_invocation, parts))
    watching = Kind("watch", limit=2, timeout_ms=60_000, ended=partial(_invocation, parts))
    syncing = Kind("sync", limit=2, timeout_ms=900_000, ended=partial(_invocation, parts))
    kinds = {PUSH_START: starting, LIVE_WATCH: watching, FOLLOWER_SYNC: syncing}
    calling = Kind("callback", limit=2)

    private = frozenset(
        (STATE_TABLE, "command", json.loads(payload)["command"])
        for payloads in _commands(scenario)
        for payload in payloads
    )
    local = None if written is None else LocalReads(written, private)

    def worker(body: str) -> Program:
        tag = what_of(body).replace(" ", "")
        return kernel.program(f"send {body}", shipped.sender(body, setting), tag)

    def function(name: str, payload: str) -> Program:
        return kernel.program(f"{name} {payload}", _FUNCTIONS[name](payload, setting))

    def follow(notice: Notice) -> Program:
        return kernel.program(f"callback {notice}", shipped.follow_callback(notice, setting))

    def ingest(call: Call) -> Program:
        failing = scenario.rules.failing
        return kernel.program(f"callback {call}", shipped.callback(call, setting, failing))

    kernel = Kernel(
        parts,
        answers,
        requests,
        services={
            "dynamodb": DynamoDbService(answers, scenario.aws_fates, local),
            f"dynamodb{FAST}": DynamoDbService(
                answers, scenario.aws_fates, local, config=FAIL_FAST
            ),
            "sqs": SqsService(parts, answers, scenario.aws_fates),
            f"sqs{FAST}": SqsService(parts, answers, scenario.aws_fates, FAIL_FAST),
            "lambda": LambdaService(parts, answers, scenario.aws_fates),
            "wechat": WechatService(parts, answers, scenario.rules),
        },
        sources=(
            Deliveries(parts, sending, worker),
            Invocations(parts, kinds, function),
            RoomChanges(parts),
            Results(parts, calling, ingest),
            FollowChanges(parts),
            Notices(parts, calling, follow),
        ),
        horizon_ms=(scenario.begins_s + scenario.seconds) * 1000,
        jumps=scenario.jumps,
        mentions=_mentioned,
        notes=NOTES,
        thorough=thorough,
        renewed=lambda world: timers_renewed(parts, world.shared, world.now.value),
        at_last=lambda world: timers_at_last(parts, world.shared, world.now.value),
        grain_ms=1000,
    )
    shared: tuple[Any, ...] = (
        scenario.prepare(_tables(scenario)),
        parts.of("queue", Queue(tuple(sorted(map(_message_of, scenario.messages))))),
        parts.of("invocations", _lambda(scenario)),
        parts.of("wechat", _wechat(scenario)),
        parts.of("notes", frozenset()),
    )
    budget = Budget(scenario.faults, scenario.ticks, scenario.copies)
    humans = [_human(kernel, setting, asked, n) for n, asked in enumerate(_commands(scenario), 1)]
    first = kernel.world(scenario.begins_s * 1000, budget, shared, humans)
    audience = [openid for chunk in scenario.chunks for openid in chunk]
    must_hold = (
        sync_invariants.usual(scenario)
        if scenario.syncs
        else invariants.usual(
            rate=scenario.rate,
            daily_calls=scenario.rules.daily_calls,
            audience=[*audience, *scenario.followers],
            with_decisions=scenario.decides,
            brake_percent=scenario.setting.brake_percent,
        )
    )
    return Built(kernel, first, must_hold)


def explored(
    scenario: Scenario,
    rewrite: Rewrite | None = None,
    *,
    known: Collection[str] = (),
    thorough: bool = False,
    **limits: Any,
) -> tuple[Built, Exploration]:
    """Build a world and explore it.

    Args:
        scenario: what it is like.
        rewrite: changes the requests of the shipped code.
        known: names of invariants that are not asked about.
        thorough: as for ``build``.
        limits: those of ``explore``.
    """
    written: set[Key] = set()
    began = time.monotonic()
    how = {"rewrite": rewrite, "thorough": thorough, "limits": limits}
    for fewer in range(min(2, scenario.faults)):  # learn cheaply what is written
        _explored(scenario.bounded(faults=fewer), written, known, **how)
    built, found = _explored(scenario, written, known, **how)
    return built, replace(found, seconds=time.monotonic() - began)


def _explored(
    scenario: Scenario,
    written: set[Key],
    known: Collection[str],
    **how: Any,
) -> tuple[Built, Exploration]:
    """Explore; anew, whenever an item is written whose reads were thought to be local."""
    while True:
        built = build(scenario, how["rewrite"], written, thorough=how["thorough"])
        try:
            asked = built.invariants.but(known)
            return built, explore(built.kernel, built.first, asked, **how["limits"])
        except Written:
            continue


# ------------------------------------------------------------------ the start


def _payload(command: Command, command_id: str = "") -> str:
    if isinstance(command, str):
        command = {"action": command, "campaign": CAMPAIGN}
    return json.dumps(dict(command) | ({"command": command_id} if command_id else {}))


def _commands(scenario: Scenario) -> list[list[str]]:
    """Return what each human asks for, one after the other; each command has an id of its own."""
    asked = [[one] if isinstance(one, str | Mapping) else list(one) for one in scenario.humans]
    return [
        [_payload(command, f"command-{number}-{turn}") for turn, command in enumerate(commands, 1)]
        for number, commands in enumerate(asked, 1)
    ]


def _human(kernel: Kernel, setting: Setting, payloads: Sequence[str], number: int) -> Position:
    program = kernel.program(f"human {number}", shipped.operator(payloads, setting))
    kind = Kind("operator", is_human=True, stays=True)
    return Position(f"operator{number}", kind, program, program.first, 0)


def _message_of(chunk: int) -> Message:
    return Message(json.dumps({"campaign": CAMPAIGN, "chunk": chunk}))


def _token(scenario: Scenario) -> AccessToken:
    """Return the token that has just been fetched when the world begins."""
    began_s = scenario.begins_s
    return AccessToken("t1", fetched_at=began_s, expires_at=began_s + scenario.token_life_s)


def _wechat(scenario: Scenario) -> Wechat:
    expires_ms = _token(scenario).expires_at * 1000
    rooms = ((ROOM, RoomStatus.LIVE.value),)
    return Wechat(
        rooms,
        token_expires_ms=expires_ms,
        to_come=scenario.rooms,
        followers=tuple(sorted(scenario.listed)),
        follows=scenario.follows,
    )


def _timer(scenario: Scenario, function: str, payload: str, often: int, every_ms: int) -> Timer:
    next_ms = (scenario.begins_s * 1000 // every_ms + 1) * every_ms
    return Timer(function, payload, next_ms, every_ms, often, often)


def _lambda(scenario: Scenario) -> Lambda:
    waiting = [Invocation(PUSH_START, _payload(command)) for command in scenario.invocations]
    for delay_s, command in scenario.syncs:
        not_before_ms = (scenario.begins_s + delay_s) * 1000 if delay_s else 0
        waiting.append(Invocation(FOLLOWER_SYNC, _payload(command), not_before_ms))
    timers = []
    if not scenario.syncs:
        reconcile = _payload({"action": "reconcile"})
        timers.append(_timer(scenario, PUSH_START, reconcile, scenario.minutes, MINUTE_MS))
    if scenario.polls:
        timers.append(_timer(scenario, LIVE_WATCH, "{}", scenario.polls, MINUTE_MS))
    if scenario.turns:
        go_on = _payload({"action": "continue"})
        timers.append(_timer(scenario, FOLLOWER_SYNC, go_on, scenario.turns, CONTINUE_MS))
    return Lambda(tuple(sorted(waiting)), tuple(timers))


def _tables(scenario: Scenario) -> Tables:
    """Write what is there already, by the shipped stores."""
    aws = MemoryAws()
    aws.tables = Tables.empty(*SCHEMAS)
    state = aws.dynamodb().Table(STATE_TABLE)
    campaigns = CampaignStore(state)
    TokenStore(state, APPID).save(_token(scenario))
    if scenario.chunks or any(isinstance(command, str) for command in scenario.invocations):
        campaign = Campaign(
            campaign=CAMPAIGN,
            room_id=ROOM,
            day=DAY,
            state=CampaignState.PLANNED,
            created_at=NOW_S,
            trial=_trial(scenario, ExceptListStore(state)),
        )
        campaigns.open(campaign, before=None, release=None)
        for number, openids in enumerate(scenario.chunks):
            campaign = campaigns.add_chunk(
                campaign, openids, NOW_S, plan_id=f"p{number}", cursors={}
            )
        if scenario.chunks and not scenario.trial:
            campaigns.finish_plan(campaign, NOW_S, plan_id="p")
        if scenario.chunks:
            campaigns.activate(CAMPAIGN)
    followers = FollowerStore(aws.dynamodb_client(), FOLLOWERS_TABLE)
    for openid in scenario.followers:
        since_s = scenario.since(openid)
        followers.apply(
            Follower(
                openid=openid,
                status=Status.SUBSCRIBED,
                changed_at=since_s,
                subscribed_at=since_s,
                room_id=ROOM,
                room_status=RoomStatus.LIVE.value,
                source=Source.CALLBACK,
            )
        )
    return aws.tables


def _trial(scenario: Scenario, lists: ExceptListStore) -> Trial | None:
    """Return the trial of the campaign; the list of its openids is stored."""
    if scenario.trial is None or not scenario.trial.members:
        return scenario.trial
    (openids,) = scenario.chunks
    return replace(scenario.trial, members=lists.save(map(digest_of, openids), NOW_S))


# -------------------------------------------------------------------- the ends


def _with_claims(parts: Parts, ending: Ending, changes: Changes) -> Changes:
    """Remember the claims of whoever died: nobody can know what became of their calls."""
    if ending.how != DIED or not ending.ids:
        return changes
    tables: Tables = ending.shared[TABLES]
    claims = {item.attributes.get("claim") for item in tables.items}
    notes = frozenset(
        note
        for note in ending.shared[NOTES].value | set(ending.ids)
        if note in claims or not note.startswith("id-")
    )
    return (*changes, (NOTES, parts.of("notes", notes)))


def _message(parts: Parts, ending: Ending) -> Changes:
    return _with_claims(parts, ending, message_done(parts, ending))


def _invocation(parts: Parts, ending: Ending) -> Changes:
    return _with_claims(parts, ending, invocation_done(parts, ending))


def _mentioned(world: World) -> frozenset[str]:
    """Return the ids that anything that is shared still speaks of."""
    tables: Tables = world.shared[TABLES]
    found = world.shared[NOTES].value.union(*map(_ids_of, tables.items))
    return frozenset(found.union(*(_ids_of_part(world.shared[n]) for n in (QUEUE, INVOCATIONS))))


@lru_cache(1 << 16)
def _ids_of(item: Item) -> frozenset[str]:
    return ids_in(repr(item))


@lru_cache(1 << 12)
def _ids_of_part(part: Part[Any]) -> frozenset[str]:
    return ids_in(repr(part))
