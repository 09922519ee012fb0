"""The Followers table: one conditional write a fact, so that any order of arrival agrees."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import chain
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import ClientError

from wxlive.aws import PARALLEL_WRITES
from wxlive.followers import ORDER_FIELDS, Follower, Source, Status
from wxlive.stores.dynamo import plain, present

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_KEYS_A_BATCH = 100
_INSERTS_A_BATCH = 25


class FollowerStore:
    """Reads and writes followers."""

    def __init__(self, table: "Table") -> None:
        self._table = table
        self._client = table.meta.client

    def apply(self, fact: Follower) -> bool:
        """Store the fact unless something at least as new is known; says whether it was stored."""
        try:
            self._client.put_item(
                TableName=self._table.name,
                Item=_to_item(fact),
                ConditionExpression=Attr("openid").not_exists() | _is_older_than(fact),  # type: ignore[arg-type]  # the resource's own client takes conditions
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def apply_all(self, facts: Sequence[Follower]) -> list[bool]:
        """Apply facts about different openids at once; says of each whether it was stored."""
        if not facts:
            return []
        with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
            return list(pool.map(self.apply, facts))

    def insert_all(self, facts: Sequence[Follower]) -> list[bool]:
        """Apply facts about different openids that are thought to be new, much faster.

        An insert fails for a known openid (whoever wrote it meanwhile), and such a fact takes
        the conditional way. So the outcome is the same as that of ``apply_all``.
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
            Statements=[_insertion(self._table.name, fact) for fact in facts]
        )
        return [
            self.apply(fact) if "Error" in response else True
            for fact, response in zip(facts, answer["Responses"], strict=True)
        ]

    def get(self, openid: str) -> Follower | None:
        """Read one follower, consistently."""
        item = self._table.get_item(Key={"openid": openid}, ConsistentRead=True).get("Item")
        return _from_item(plain(item)) if item is not None else None

    def get_all(self, openids: Iterable[str]) -> dict[str, Follower]:
        """Read those that are known, at half a read unit each.

        Eventually consistent: whoever writes on what was read does so on a condition.
        """
        keys = [{"openid": openid} for openid in dict.fromkeys(openids)]
        found: dict[str, Follower] = {}
        while keys:
            batch, keys = keys[:_KEYS_A_BATCH], keys[_KEYS_A_BATCH:]
            answer = self._client.batch_get_item(
                RequestItems={self._table.name: {"Keys": batch}},
            )
            for item in answer["Responses"].get(self._table.name, []):
                follower = _from_item(plain(item))
                found[follower.openid] = follower
            left = answer.get("UnprocessedKeys", {}).get(self._table.name)
            keys = [*(left["Keys"] if left else []), *keys]  # type: ignore[list-item]  # as sent
        return found

    def walk(self, status: Status, *, after: str | None = None) -> Iterator[Follower]:
        """Walk the followers of one status, consistently, in the table's own fixed order.

        ``after`` is the openid of a follower that an earlier walk ended with.
        """
        request: dict[str, Any] = {
            "FilterExpression": Attr("status").eq(status.value),
            "ConsistentRead": True,
        }
        if after is not None:
            request["ExclusiveStartKey"] = {"openid": after}
        while True:
            answer = self._table.scan(**request)
            yield from (_from_item(plain(item)) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def count(self, status: Status) -> int:
        """Count the followers of one status, exactly, without reading them over the wire."""
        request: dict[str, Any] = {
            "FilterExpression": Attr("status").eq(status.value),
            "Select": "COUNT",
            "ConsistentRead": True,
        }
        counted = 0
        while True:
            answer = self._table.scan(**request)
            counted += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                return counted
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _is_older_than(fact: Follower) -> ConditionBase:
    """Spell ``Follower.beats`` for the table: the stored order is lexicographically smaller."""

    def smaller(rest: ConditionBase | None, name: str) -> ConditionBase:
        value = getattr(fact, name)
        less: ConditionBase = Attr(name).lt(value)
        return less if rest is None else less | (Attr(name).eq(value) & rest)

    condition: ConditionBase | None = reduce(smaller, reversed(ORDER_FIELDS), None)
    assert condition is not None  # noqa: S101 - ORDER_FIELDS is not empty
    return condition


def _to_item(fact: Follower) -> dict[str, Any]:
    return present(
        {
            "openid": fact.openid,
            "status": fact.status.value,
            "changed_at": fact.changed_at,
            "precedence": fact.precedence,
            "subscribed_at": fact.subscribed_at,
            "room_id": fact.room_id,
            "room_status": fact.room_status,
            "source": fact.source.value,
            "expires_at": fact.expires_at,
        }
    )


def _insertion(table: str, fact: Follower) -> Any:
    item = _to_item(fact)
    fields = ", ".join(f"'{name}': ?" for name in item)
    return {
        "Statement": f'INSERT INTO "{table}" VALUE {{{fields}}}',
        "Parameters": list(item.values()),
    }


def _from_item(item: dict[str, Any]) -> Follower:
    return Follower(
        openid=item["openid"],
        status=Status(item["status"]),
        changed_at=item["changed_at"],
        subscribed_at=item["subscribed_at"],
        room_id=item["room_id"],
        room_status=item["room_status"],
        source=Source(item["source"]),
    )
