"""The Followers table keeps the register's rules, whatever order the writes arrive in."""

import io
import json
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.retries.adaptive import ClientRateLimiter

from factories import NOW_S, a_follower
from support.backends import LOCAL, MOTO, Backend, Tables
from wxlive import aws
from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.followers import TOMBSTONE_KEPT_S, Follower, Mark, Source, Status, mark_of
from wxlive.stores.followers import FollowerStore

SEEDS = range(6)

Writes = Callable[[FollowerStore, list[Follower]], list[bool]]


def a_fact(openid: str = "o-1", **changes: Any) -> Follower:
    """Return the fact that somebody subscribed just now."""
    return a_follower(openid, **{"changed_at": NOW_S, "subscribed_at": NOW_S, **changes})


def any_fact(dice: random.Random, openid: str) -> Follower:
    """A fact from a world so small that equal seconds, kinds and rooms are common."""
    return Follower(
        openid=openid,
        status=dice.choice(list(Status)),
        changed_at=NOW_S + dice.randrange(3),
        subscribed_at=dice.choice([0, NOW_S]),
        room_id=dice.randrange(3),
        room_status=dice.choice([101, 103]),
        source=dice.choice(list(Source)),
    )


def registered(facts: list[Follower]) -> Follower | None:
    """What the pure register makes of the facts."""
    known: Follower | None = None
    for fact in facts:
        known = fact if fact.beats(known) else known
    return known


def everybody(store: FollowerStore) -> dict[str, Follower]:
    return {follower.openid: follower for follower in store.walk()}


@pytest.fixture
def store(tables: Tables) -> FollowerStore:
    return FollowerStore(tables.client, tables.followers.name)


@pytest.fixture
def partiql(backend: Backend) -> None:
    """Ask for it where a store inserts by PartiQL."""
    if backend.name == MOTO:
        pytest.xfail("moto 5.2.5 can't read an INSERT with parameters")


@pytest.mark.parametrize("backend", [MOTO], indirect=True)
def test_moto_still_reads_no_insert_with_parameters(store: FollowerStore) -> None:
    """When this fails, moto reads them: the fixture ``partiql`` can go."""
    with pytest.raises(TypeError):
        store.insert_all([a_fact()])


def test_a_stored_fact_is_read_back_whole(store: FollowerStore) -> None:
    assert store.apply(a_fact())
    assert store.get("o-1") == a_fact()


def test_an_unknown_openid_has_no_record(store: FollowerStore) -> None:
    assert store.get("o-nobody") is None


def test_a_repeated_fact_changes_nothing_and_says_so(store: FollowerStore) -> None:
    store.apply(a_fact())
    assert not store.apply(a_fact())
    assert store.get("o-1") == a_fact()


def test_a_late_older_fact_changes_nothing(store: FollowerStore) -> None:
    store.apply(a_fact())
    assert not store.apply(a_fact(changed_at=NOW_S - 1, status=Status.UNSUBSCRIBED))
    assert store.get("o-1") == a_fact()


def test_leaving_wins_within_the_same_second(store: FollowerStore) -> None:
    left = a_fact(status=Status.UNSUBSCRIBED, subscribed_at=0)
    store.apply(left)
    assert not store.apply(a_fact())
    assert store.get("o-1") == left


def test_only_a_tombstone_expires(store: FollowerStore, tables: Tables) -> None:
    store.apply(a_fact("o-in"))
    store.apply(a_fact("o-out", status=Status.UNSUBSCRIBED))
    kept = tables.followers.get_item(Key={"openid": "o-in"})["Item"]
    tombstone = tables.followers.get_item(Key={"openid": "o-out"})["Item"]
    assert "expires_at" not in kept
    assert tombstone["expires_at"] == NOW_S + TOMBSTONE_KEPT_S


def test_who_comes_back_loses_the_expiry(store: FollowerStore, tables: Tables) -> None:
    store.apply(a_fact(status=Status.UNSUBSCRIBED))
    store.apply(a_fact(changed_at=NOW_S + 1))
    assert "expires_at" not in tables.followers.get_item(Key={"openid": "o-1"})["Item"]


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_and_repetition_ends_as_the_pure_register(
    store: FollowerStore, seed: int
) -> None:
    dice = random.Random(seed)
    facts = [any_fact(dice, "o-1") for _ in range(8)]
    arrivals = [*facts, *dice.choices(facts, k=6)]
    for _ in range(3):
        dice.shuffle(arrivals)
        known: Follower | None = store.get("o-1")
        for fact in arrivals:
            assert store.apply(fact) is fact.beats(known)
            known = fact if fact.beats(known) else known
        assert store.get("o-1") == registered(facts)


def test_facts_that_arrive_at_once_end_as_the_pure_register(store: FollowerStore) -> None:
    dice = random.Random(0)
    facts = [any_fact(dice, f"o-{i % 4}") for i in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.apply, facts))
    for openid in {fact.openid for fact in facts}:
        assert store.get(openid) == registered([f for f in facts if f.openid == openid])


def test_nothing_to_write_writes_nothing(store: FollowerStore) -> None:
    assert store.apply_all([]) == []
    assert store.insert_all([]) == []


@pytest.mark.parametrize("writes", [FollowerStore.apply_all, FollowerStore.insert_all])
def test_a_batch_says_of_each_fact_whether_it_was_stored(
    store: FollowerStore, request: pytest.FixtureRequest, writes: Writes
) -> None:
    if writes is FollowerStore.insert_all:
        request.getfixturevalue("partiql")
    newer = a_fact("o-3", changed_at=NOW_S + 9, status=Status.UNSUBSCRIBED)
    older = a_fact("o-5", changed_at=NOW_S - 9, room_id=1)
    store.apply_all([newer, older])
    page = [a_fact(f"o-{i}", source=Source.SYNC) for i in range(60)]
    stored = writes(store, page)
    assert [i for i, was_stored in enumerate(stored) if not was_stored] == [3]
    assert len(stored) == 60
    assert store.get("o-3") == newer
    assert store.get("o-5") == page[5]
    assert everybody(store) == {
        **{fact.openid: fact for fact in page},
        "o-3": newer,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_inserting_ends_as_applying_does(partiql: None, store: FollowerStore, seed: int) -> None:
    dice = random.Random(seed)
    before = [any_fact(dice, f"o-{i}") for i in range(0, 40, 2)]
    page = [any_fact(dice, f"o-{i}") for i in range(40)]
    store.apply_all(before)
    store.insert_all(page)
    known = {fact.openid: fact for fact in before}
    expected = {
        fact.openid: fact if fact.beats(known.get(fact.openid)) else known[fact.openid]
        for fact in page
    }
    assert everybody(store) == expected


def test_an_openid_with_quotes_is_inserted_as_it_is(partiql: None, store: FollowerStore) -> None:
    quoted = a_fact("o-'1\"")
    assert store.insert_all([quoted]) == [True]
    assert store.get(quoted.openid) == quoted


def test_walk_and_count_distinguish_the_two_kinds(
    store: FollowerStore, in_pages: Callable[[str, int], None]
) -> None:
    subscribed = {f"in-{i}" for i in range(23)}
    store.apply_all([a_fact(openid) for openid in sorted(subscribed)])
    store.apply_all([a_fact(f"out-{i}", status=Status.UNSUBSCRIBED) for i in range(11)])
    in_pages("Scan", 4)
    walked = [follower.openid for follower in store.walk(Status.SUBSCRIBED)]
    assert len(walked) == 23
    assert set(walked) == subscribed
    assert len(everybody(store)) == 34
    assert store.count() == {Status.SUBSCRIBED: 23, Status.UNSUBSCRIBED: 11}


def test_an_empty_table_is_walked_and_counted(store: FollowerStore) -> None:
    assert everybody(store) == {}
    assert list(store.walk(Status.SUBSCRIBED)) == []
    assert store.count() == {Status.SUBSCRIBED: 0, Status.UNSUBSCRIBED: 0}


def read_up_to(walked: Iterable[tuple[str, str, str | None]]) -> dict[str, str]:
    """Return the cursors after a walk."""
    return {segment: key for segment, key, _ in walked}


def openids_of(walked: Iterable[tuple[str, str, str | None]]) -> list[str]:
    """Return whom a walk found, in order of their openids."""
    return sorted(openid for _, _, openid in walked if openid is not None)


@pytest.mark.parametrize("stop", [0, 1, 2, 7, 8, 29, 30, 40])
def test_a_snapshot_resumes_exactly_after_where_it_stopped(
    store: FollowerStore, in_pages: Callable[[str, int], None], stop: int
) -> None:
    store.apply_all([a_fact(f"o-{i:02}") for i in range(30)])
    store.apply_all([a_fact(f"x-{i:02}", status=Status.UNSUBSCRIBED) for i in range(15)])
    in_pages("Scan", 3)
    first = list(islice(store.snapshot(EVERYBODY), stop))
    rest = list(store.snapshot(EVERYBODY, read_up_to(first)))
    assert openids_of(first + rest) == [f"o-{i:02}" for i in range(30)]


def test_a_snapshot_resumes_after_somebody_who_has_left_since(store: FollowerStore) -> None:
    store.apply_all([a_fact(f"o-{i}") for i in range(9)])
    first = list(islice(store.snapshot(EVERYBODY), 4))
    store.apply(a_fact(first[-1][1], status=Status.UNSUBSCRIBED, changed_at=NOW_S + 1))
    rest = list(store.snapshot(EVERYBODY, read_up_to(first)))
    assert openids_of(first + rest) == [f"o-{i}" for i in range(9)]


def test_a_walk_that_finds_nobody_says_at_each_page_how_far_it_was(
    store: FollowerStore, in_pages: Callable[[str, int], None]
) -> None:
    store.apply_all([a_fact(f"x-{i:02}", status=Status.UNSUBSCRIBED) for i in range(40)])
    in_pages("Scan", 3)
    walked = list(store.snapshot(EVERYBODY))
    assert openids_of(walked) == []
    assert len(walked) >= 40 // 3 - 4
    ends = [(segment, key) for segment, key, _ in walked]
    assert len(set(ends)) == len(ends)
    store.apply_all([a_fact(f"x-{i:02}", changed_at=NOW_S + 1) for i in range(40)])
    middle = read_up_to(walked[: len(walked) // 2])
    found = openids_of(store.snapshot(EVERYBODY, middle))
    assert 0 < len(found) < 40, "what was read is not read again"
    assert not set(found) & set(middle.values())


@pytest.mark.parametrize(
    "audience",
    [
        EVERYBODY,
        Audience(rooms=(1,)),
        Audience(rooms=(1, 2, 5)),
        Audience(since=NOW_S + 2),
        Audience(before=NOW_S + 2),
        Audience(rooms=(2, 3), since=NOW_S + 1, before=NOW_S + 3),
        Audience(since=NOW_S + 9),
        Audience(room_status=101),
        Audience(rooms=(2,), room_status=103),
    ],
)
def test_the_table_filters_an_audience_as_the_rule_does(
    store: FollowerStore, audience: Audience
) -> None:
    facts = [
        a_fact(
            f"o-{room}-{after}-{status}",
            room_id=room,
            subscribed_at=NOW_S + after,
            status=status,
            room_status=101 + after,
        )
        for room in range(1, 4)
        for after in range(4)
        for status in Status
    ]
    store.apply_all(facts)
    expected = {fact.openid for fact in facts if audience.includes(fact)}
    assert set(openids_of(store.snapshot(audience))) == expected
    assert store.count_audience(audience) == len(expected)


def gone(tables: Tables) -> FollowerStore:
    return FollowerStore(tables.client, tables.state.name)  # other keys: every request is malformed


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.apply(a_fact()),
        lambda store: store.get("o-1"),
    ],
    ids=["apply", "get"],
)
def test_a_failure_of_dynamodb_is_no_answer(
    tables: Tables, use: Callable[[FollowerStore], object]
) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        use(gone(tables))


# --------------------------------------------------------------- throttling


@pytest.mark.local_aws
@pytest.mark.parametrize("backend", [LOCAL], indirect=True)  # moto would write all the same
def test_a_table_that_can_not_keep_up_is_written_to_in_the_end(
    tables: Tables, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new table takes 4000 writes a second, and an import has more."""
    monkeypatch.setattr(ClientRateLimiter, "on_sending_request", lambda *_, **__: None)
    client = backend.dynamodb_client(aws.ADAPTIVE)
    refusals = iter(range(6))

    def refuse(request: Any, **_: object) -> Any:
        if next(refusals, None) is None:
            return None
        said = {"__type": "ProvisionedThroughputExceededException", "message": "slower"}
        body = io.BytesIO(json.dumps(said).encode())
        headers: Any = {}
        return AWSResponse(
            request.url, 400, headers, urllib3.HTTPResponse(body, preload_content=False)
        )

    events: Any = client.meta.events
    events.register_first("before-send.dynamodb.PutItem", refuse)
    pauses_s: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=pauses_s.append))
    store = FollowerStore(client, tables.followers.name)

    assert store.apply_all([a_fact()]) == [True]

    assert len(pauses_s) == 6
    assert set(everybody(store)) == {"o-1"}


# ------------------------------------------------------------------ a sync's marks

MARK = mark_of(Mark.MISSING, "r1")


def test_a_mark_is_kept_until_another_fact_wins(store: FollowerStore) -> None:
    store.apply(a_fact(sync_mark=MARK))
    assert store.get("o-1") == a_fact(sync_mark=MARK)
    assert not store.apply(a_fact(changed_at=NOW_S - 1))
    assert store.get("o-1") == a_fact(sync_mark=MARK)
    assert store.apply(a_fact(changed_at=NOW_S + 1))
    assert store.get("o-1") == a_fact(changed_at=NOW_S + 1)


@pytest.mark.parametrize("mark", ["", MARK])
def test_a_record_is_exchanged_as_it_was_read(store: FollowerStore, mark: str) -> None:
    before = a_fact(sync_mark=mark)
    store.apply(before)
    marked = replace(before, sync_mark=mark_of(Mark.MISSING, "r2"))
    assert store.exchange_all([(before, marked), (a_fact("o-2"), a_fact("o-2"))]) == [True, False]
    assert everybody(store) == {"o-1": marked}


@pytest.mark.parametrize(
    "newer", [{"changed_at": NOW_S + 1}, {"room_id": 99}, {"sync_mark": MARK}], ids=str
)
def test_a_record_that_was_written_meanwhile_is_not_exchanged(
    store: FollowerStore, newer: dict[str, Any]
) -> None:
    store.apply(a_fact(**newer))
    tombstone = Follower.unlisted("o-1", NOW_S + 9, mark_of(Mark.REMOVED, "r2"))
    assert not store.exchange(a_fact(), tombstone)
    assert store.get("o-1") == a_fact(**newer)


def test_a_sync_knows_its_own_write_whose_answer_was_lost(store: FollowerStore) -> None:
    added = a_fact(sync_mark=mark_of(Mark.ADDED, "r1"))
    assert store.apply(added)
    assert store.apply(added), "the client's own repetition of a lost answer"
    missing = replace(added, sync_mark=MARK)
    assert store.exchange(added, missing)
    assert store.exchange(added, missing)
    assert not store.apply(a_fact()), "an event that is repeated changes nothing"


def test_a_walk_goes_on_behind_an_openid(
    store: FollowerStore, in_pages: Callable[[str, int], None]
) -> None:
    store.apply_all([a_fact(f"o-{number:02}") for number in range(20)])
    order = [follower.openid for follower in store.walk()]
    in_pages("Scan", 3)
    for place in (0, 7, 19):
        assert [f.openid for f in store.walk(after=order[place])] == order[place + 1 :]


# ------------------------------------------------------------------ reading


def test_an_audience_is_read_in_pages_that_double_up_to_a_whole_one(
    store: FollowerStore, tables: Tables, in_pages: Callable[[str, int], None]
) -> None:
    """DynamoDB refuses a limit beyond 2**31 - 1, which doubling passes at a million followers."""
    asked: dict[str, list[int]] = {}
    events: Any = tables.client.meta.events

    def note(params: dict[str, Any], **_: object) -> None:
        asked.setdefault(str(params["Segment"]), []).append(params["Limit"])

    store.apply_all([a_fact(f"o-{number}") for number in range(60)])
    events.register_first("provide-client-params.dynamodb.Scan", note)
    in_pages("Scan", 1)

    assert len(openids_of(store.snapshot(EVERYBODY))) == 60

    doubling = [500, 1000, 2000, 4000, 8000, 16000, 16000, 16000]
    assert len(asked) == 4
    assert all(limits[:8] == doubling[: len(limits)] for limits in asked.values())
    assert {limit for limits in asked.values() for limit in limits[8:]} <= {16000}
    assert max(map(len, asked.values())) > 8


def test_a_scan_is_read_as_it_was_sent(store: FollowerStore, tables: Tables) -> None:
    left_to_parse: list[bytes] = []
    events: Any = tables.client.meta.events
    store.apply(a_fact())
    events.register_last(
        "before-parse.dynamodb.Scan",
        lambda response_dict, **_: left_to_parse.append(response_dict["body"]),
    )

    assert list(store.walk()) == [a_fact()]

    assert left_to_parse == [b"{}"]


def test_a_record_is_removed_whatever_it_says(tables: Tables) -> None:
    store = FollowerStore(tables.client, tables.followers.name)
    store.apply(a_follower("a"))
    assert store.remove("a")
    assert store.get("a") is None
    assert not store.remove("a")
