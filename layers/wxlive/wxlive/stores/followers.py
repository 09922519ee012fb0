"""The Followers table: one conditional write a fact, so that any order of arrival agrees.

Rows are read by the million, so they are read as DynamoDB sends them: what boto3 would do to
each, in the resource layer and in the client's own parser, takes longer than all the rest.
"""

import json
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http import HTTPStatus
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wxlive.aws import PARALLEL_WRITES
from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.followers import ORDER_FIELDS, Follower, Source, Status
from wxlive.prefetch import prefetch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_INSERTS_A_BATCH = 25

_SEGMENTS = ("0", "1", "2", "3")
"""The table is read in these segments at once. Stored cursors name them, so they never change."""

_FIRST_PAGE = 500
"""Rows of a segment that are read first, and twice as many each time up to a whole page of 1 MB: so
the first chunk, and who sends it, wait for no scan."""

_WHOLE_PAGE = 16_000
"""More rows than 1 MB holds. DynamoDB refuses a limit beyond 2**31 - 1, so doubling has an end."""

_NOTHING_YET: Mapping[str, str] = MappingProxyType({})


class FollowerStore:
    """Reads and writes followers. May be used by several threads."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        client.meta.events.register(
            "before-parse.dynamodb.Scan", _take_as_sent, unique_id="wxlive-scan-as-sent"
        )
        self._client = client
        self._table = table

    def apply(self, fact: Follower) -> bool:
        """Store the fact unless something at least as new is known; says whether it was stored."""
        return self._put(fact, _UNKNOWN_OR_OLDER, _order_of(fact))

    def exchange(self, before: Follower, after: Follower) -> bool:
        """Replace a record that still stands as it was read; says whether it was replaced.

        ``after`` carries the mark of the sync run that writes it.
        """
        condition, values = _AS_READ, _order_of(before)
        if before.sync_mark:
            condition = f"{condition} AND sync_mark = :mark"
            values |= {":mark": {"S": before.sync_mark}}
        else:
            condition = f"{condition} AND attribute_not_exists(sync_mark)"
        return self._put(after, condition, values)

    def exchange_all(self, changes: Sequence[tuple[Follower, Follower]]) -> list[bool]:
        """Exchange the records of different openids at once; says of each whether it was done."""
        if not changes:
            return []
        with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
            return list(pool.map(lambda change: self.exchange(*change), changes))

    def _put(self, fact: Follower, condition: str, values: Mapping[str, Any]) -> bool:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_to_item(fact),
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD" if fact.sync_mark else "NONE",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            # A run marks what it writes and writes it once: if its own mark stands, an earlier
            # attempt was carried out, and its answer got lost.
            return bool(fact.sync_mark) and _stands(fact, error)
        return True

    def apply_all(self, facts: Sequence[Follower]) -> list[bool]:
        """Apply facts about different openids at once; says of each whether it was stored."""
        if not facts:
            return []
        with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
            return list(pool.map(self.apply, facts))

    def insert_all(self, facts: Sequence[Follower]) -> list[bool]:
        """Apply facts about different openids that are thought to be new, much faster.

        An insert fails for an openid that is known by now, and such a fact is written by a
        conditional put. So the outcome is the same as that of ``apply_all``.
        """
        if not facts:
            return []
        batches = [
            facts[start : start + _INSERTS_A_BATCH]
            for start in range(0, len(facts), _INSERTS_A_BATCH)
        ]
        with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
            return list(chain.from_iterable(pool.map(self._insert, batches)))

    def _insert(self, facts: Sequence[Follower]) -> list[bool]:
        answer = self._client.batch_execute_statement(
            Statements=[_insertion(self._table, fact) for fact in facts]
        )
        return [
            self.apply(fact) if "Error" in response else True
            for fact, response in zip(facts, answer["Responses"], strict=True)
        ]

    def get(self, openid: str) -> Follower | None:
        """Read one follower, consistently."""
        item = self._client.get_item(
            TableName=self._table, Key={"openid": {"S": openid}}, ConsistentRead=True
        ).get("Item")
        return _from_item(item) if item is not None else None

    def remove(self, openid: str) -> bool:
        """Remove a record, whatever it says; returns whether there was one."""
        answer = self._client.delete_item(
            TableName=self._table, Key={"openid": {"S": openid}}, ReturnValues="ALL_OLD"
        )
        return "Attributes" in answer

    def walk(self, status: Status | None = None, after: str | None = None) -> Iterator[Follower]:
        """Walk the followers, or those of one status, in the table's own order.

        Consistent; about a fortieth of a read unit each. The next page of the table is read while
        one is dealt with. ``after`` is an openid that an earlier walk returned: this one begins
        behind it.
        """
        chosen = {} if status is None else _filter("#status = :status", status=status.value)
        with prefetch(self._scan({**chosen, **_start_after(after)}), 1) as answers:
            for answer in answers:
                yield from map(_from_item, answer["Items"])

    def snapshot(
        self, audience: Audience, cursors: Mapping[str, str] = _NOTHING_YET
    ) -> Iterator[tuple[str, str, str | None]]:
        """Walk the openids of an audience, several segments of the table at once.

        Args:
            audience: who is wanted.
            cursors: the last key of each segment that an earlier walk returned, which this one
                resumes after.

        Returns:
            Triples of a segment's name, the key up to which it was read, and an openid of the
            audience. At the end of a page there is no openid: so who looks for few among many
            learns how far the table was read. Each segment keeps an order of its own.
        """
        chosen = {**_chosen(audience), "ProjectionExpression": "openid"}
        with ExitStack() as stack:
            waiting = deque(
                (segment, stack.enter_context(prefetch(self._openids(chosen, segment, after), 1)))
                for segment, after in ((name, cursors.get(name)) for name in _SEGMENTS)
            )
            while waiting:
                segment, pages = waiting.popleft()
                page = next(pages, None)
                if page is None:
                    continue
                openids, end = page
                yield from ((segment, openid, openid) for openid in openids)
                if end is not None:
                    yield segment, end, None
                waiting.append((segment, pages))

    def count(self) -> dict[Status, int]:
        """Count the followers of each status, exactly, without reading them over the wire."""
        subscribed, scanned = self._count(_chosen(EVERYBODY))
        return {Status.SUBSCRIBED: subscribed, Status.UNSUBSCRIBED: scanned - subscribed}

    def count_audience(self, audience: Audience) -> int:
        """Count an audience, exactly."""
        return self._count(_chosen(audience))[0]

    def _count(self, chosen: Mapping[str, Any]) -> tuple[int, int]:
        with ThreadPoolExecutor(len(_SEGMENTS)) as pool:
            counted = list(pool.map(lambda name: self._count_segment(chosen, name), _SEGMENTS))
        matching, scanned = map(sum, zip(*counted, strict=True))
        return matching, scanned

    def _count_segment(self, chosen: Mapping[str, Any], segment: str) -> tuple[int, int]:
        matching = scanned = 0
        for answer in self._scan({**chosen, "Select": "COUNT"}, segment):
            matching += answer["Count"]
            scanned += answer["ScannedCount"]
        return matching, scanned

    def _openids(
        self, chosen: Mapping[str, Any], segment: str, after: str | None
    ) -> Generator[tuple[list[str], str | None]]:
        request = {**chosen, **_start_after(after), "Limit": _FIRST_PAGE}
        for answer in self._scan(request, segment):
            end = answer.get("LastEvaluatedKey")
            openids = [item["openid"]["S"] for item in answer["Items"]]
            yield openids, end["openid"]["S"] if end else None

    def _scan(
        self, chosen: Mapping[str, Any], segment: str | None = None
    ) -> Generator[Mapping[str, Any]]:
        request: dict[str, Any] = {"TableName": self._table, "ConsistentRead": True, **chosen}
        if segment is not None:
            request |= {"Segment": _SEGMENTS.index(segment), "TotalSegments": len(_SEGMENTS)}
        while True:
            answer = self._client.scan(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            if "Limit" in request:
                request["Limit"] = min(2 * request["Limit"], _WHOLE_PAGE)
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _take_as_sent(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Read the answer of a scan here and leave botocore's parser nothing to do.

    It would walk the shape of each attribute to hand out the same values. Only for items without
    binary attributes, which it would decode.
    """
    if response_dict["status_code"] == HTTPStatus.OK:
        # Bytes that are no JSON are left to the parser, which says so as boto3 always does.
        with suppress(ValueError):
            customized_response_dict.update(json.loads(response_dict["body"]))
            response_dict["body"] = b"{}"


def _start_after(openid: str | None) -> dict[str, Any]:
    return {} if openid is None else {"ExclusiveStartKey": {"openid": {"S": openid}}}


def _chosen(audience: Audience) -> dict[str, Any]:
    """Spell ``Audience.includes`` for the table."""
    rooms = {f"room{number}": room for number, room in enumerate(audience.rooms)}
    clauses = ["#status = :status"]
    if rooms:
        clauses.append(f"room_id IN ({', '.join(f':{name}' for name in rooms)})")
    if audience.since:
        clauses.append("subscribed_at >= :since")
    if audience.before:
        clauses.append("subscribed_at < :before")
    if audience.room_status:
        clauses.append("room_status = :room_status")
    limits = {
        "since": audience.since,
        "before": audience.before,
        "room_status": audience.room_status,
    }
    values = {**rooms, **{name: limit for name, limit in limits.items() if limit}}
    return _filter(" AND ".join(clauses), status=Status.SUBSCRIBED.value, **values)


def _filter(expression: str, *, status: str, **numbers: int) -> dict[str, Any]:
    return {
        "FilterExpression": expression,
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":status": {"S": status},
            **{f":{name}": {"N": str(number)} for name, number in numbers.items()},
        },
    }


def _older_than_given(fields: Sequence[str]) -> str:
    """Spell ``Follower.beats`` for the table: the stored order is lexicographically smaller."""
    first, *rest = fields
    less = f"{first} < :{first}"
    return f"({less} OR ({first} = :{first} AND {_older_than_given(rest)}))" if rest else less


_UNKNOWN_OR_OLDER = f"attribute_not_exists(openid) OR {_older_than_given(ORDER_FIELDS)}"
_AS_READ = " AND ".join(f"{name} = :{name}" for name in ORDER_FIELDS)


def _order_of(fact: Follower) -> dict[str, Any]:
    return {f":{name}": {"N": str(getattr(fact, name))} for name in ORDER_FIELDS}


def _stands(fact: Follower, error: ClientError) -> bool:
    item: Any = error.response.get("Item")
    return item is not None and _from_item(item) == fact


def _to_item(fact: Follower) -> dict[str, Any]:
    item = {
        "openid": {"S": fact.openid},
        "status": {"S": fact.status.value},
        "changed_at": {"N": str(fact.changed_at)},
        "precedence": {"N": str(fact.precedence)},
        "subscribed_at": {"N": str(fact.subscribed_at)},
        "room_id": {"N": str(fact.room_id)},
        "room_status": {"N": str(fact.room_status)},
        "source": {"S": fact.source.value},
    }
    if fact.expires_at is not None:
        item["expires_at"] = {"N": str(fact.expires_at)}
    if fact.sync_mark:
        item["sync_mark"] = {"S": fact.sync_mark}
    return item


def _insertion(table: str, fact: Follower) -> Any:
    item = _to_item(fact)
    fields = ", ".join(f"'{name}': ?" for name in item)
    return {
        "Statement": f'INSERT INTO "{table}" VALUE {{{fields}}}',
        "Parameters": list(item.values()),
    }


def _from_item(item: Mapping[str, Any]) -> Follower:
    return Follower(
        openid=item["openid"]["S"],
        status=_STATUS[item["status"]["S"]],
        changed_at=int(item["changed_at"]["N"]),
        subscribed_at=int(item["subscribed_at"]["N"]),
        room_id=int(item["room_id"]["N"]),
        room_status=int(item["room_status"]["N"]),
        source=_SOURCE[item["source"]["S"]],
        sync_mark=item["sync_mark"]["S"] if "sync_mark" in item else "",
    )


_STATUS = {status.value: status for status in Status}
_SOURCE = {source.value: source for source in Source}
