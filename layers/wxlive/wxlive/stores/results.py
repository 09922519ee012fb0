"""The results of pushes, as WeChat reported them, in the State table."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wxlive.domain.campaigns import CAMPAIGN_KEPT_S
from wxlive.domain.events import PushResult
from wxlive.stores.dynamo import from_wire, get, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class ResultStore:
    """Keeps results under their room, each once."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def add(self, result: PushResult, now_s: float) -> PushResult:
        """Store a result by its message_id; a repetition changes nothing.

        Returns:
            The result as it is stored: the first one that arrived.
        """
        result = replace(result, received_at=int(now_s))
        item = {
            "pk": f"results#{result.room_id}",
            "sk": result.message_id,
            **asdict(result),
            "expires_at": int(now_s) + CAMPAIGN_KEPT_S,
        }
        try:
            self._table.meta.client.put_item(
                TableName=self._table.name,
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return read_result(from_wire(error.response["Item"]))  # type: ignore[typeddict-item]  # as asked for
        return result

    def get(self, room_id: int, message_id: str) -> PushResult | None:
        """Return the result of one call, if it has come."""
        item = get(self._table, f"results#{room_id}", message_id)
        return read_result(item) if item else None

    def of_room(self, room_id: int) -> Iterator[PushResult]:
        """Walk the results that name a room."""
        return map(read_result, query(self._table, f"results#{room_id}"))


def read_result(item: Mapping[str, Any]) -> PushResult:
    """Read a result."""
    kept = {name: item[name] for name in PushResult.__dataclass_fields__ if name in item}
    return PushResult(**kept)
