"""Who was forgotten, in the State table: pseudonyms, whose key is in the secret.

A cold callback asks this of its first event, so it is done with DynamoDB's plain client.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wxlive.domain.followers import Follower
from wxlive.domain.forgotten import Forgotten, begins_anew, pseudonym_of
from wxlive.errors import Misconfigured
from wxlive.stores.dynamo import Item, attempt, from_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOBODY_KEPT_S = 2
"""That nobody was ever forgotten is asked anew after so long: the first time takes effect then."""

KEY_IS_MISSING = (
    "Somebody was forgotten, and the secret has no pseudonym_key, so nobody knows who; put the "
    "former version of the secret back, then try again"
)

_PK = "forgotten"
_SOMEBODY = "somebody"
"""The item that is there from when somebody is forgotten first."""


class ForgottenStore:
    """Keeps who was forgotten, for as long as they do not subscribe again.

    ``key`` returns the key of the pseudonyms, "" if there is none; it is told whether it is needed,
    so that one that was made just now is found.
    """

    def __init__(self, client: "DynamoDBClient", table: str, key: Callable[[bool], str]) -> None:
        self._client = client
        self._table = table
        self._key = key
        self._nobody_until = 0.0

    def load(self) -> Forgotten:
        """Return everybody who was forgotten: some 50 of them a read unit.

        The key comes with them even if all have begun anew: calls may still have their pseudonyms.

        Raises:
            Misconfigured: there are some, and no key by which they could be recognised.
            StoreBusy: the table is busy.
        """
        items = self._items()
        since = {
            item["sk"]: item["forgotten_at"]
            for item in items
            if item["sk"] != _SOMEBODY and "lifted_at" not in item
        }
        key = self._key(bool(items))
        if since and not key:
            raise Misconfigured(KEY_IS_MISSING)
        return Forgotten(since, key)

    def is_anybody(self) -> bool:
        """Whether somebody was ever forgotten."""
        return bool(self._get(_SOMEBODY))

    def forgotten_at(self, openid: str) -> int:
        """Return when somebody was forgotten (Unix s), 0 if never or if they have begun anew.

        It takes one small read; where nobody was ever forgotten, one now and then. It is not
        repeated if the table is busy.
        """
        key = self._key(False) or self._new_key()
        if not key:
            return 0
        item = self._get(pseudonym_of(openid, key))
        return 0 if "lifted_at" in item else int(item.get("forgotten_at", 0))

    def admits(self, fact: Follower) -> bool:
        """Whether a fact may be stored: not about somebody who was forgotten after it.

        A later subscription ends the forgetting.
        """
        forgotten_at = self.forgotten_at(fact.openid)
        if not forgotten_at:
            return True
        if not begins_anew(fact.subscribed_at, forgotten_at):
            return False
        self.lift(fact.openid, forgotten_at, fact.subscribed_at)
        return True

    def lift(self, openid: str, forgotten_at: int, now_s: int) -> None:
        """Record that somebody has begun anew, unless they were forgotten again meanwhile."""
        facts = {"forgotten_at": forgotten_at, "lifted_at": now_s, "expires_at": now_s}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_to_item(self._pseudonym(openid), facts),
                ConditionExpression="forgotten_at = :as_read",
                ExpressionAttributeValues={":as_read": {"N": str(forgotten_at)}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def begin(self) -> None:
        """Record that somebody will be forgotten: from ``NOBODY_KEPT_S`` on everybody asks who."""
        self._put(_SOMEBODY, {})

    def add(self, openid: str, now_s: float) -> str:
        """Record that somebody is forgotten from now on; returns the pseudonym."""
        pseudonym = self._pseudonym(openid)
        self._put(pseudonym, {"forgotten_at": int(now_s)})
        return pseudonym

    def _pseudonym(self, openid: str) -> str:
        return pseudonym_of(openid, self._key(True))

    def _new_key(self) -> str:
        """Return a key that others have made since the secret was read, "" if none."""
        if time.time() < self._nobody_until:
            return ""
        key = self._key(True) if self.is_anybody() else ""
        if not key:
            self._nobody_until = time.time() + NOBODY_KEPT_S
        return key

    def _get(self, sk: str) -> Item:
        answer = self._client.get_item(
            TableName=self._table, Key=_to_item(sk, {}), ConsistentRead=True
        )
        return from_wire(answer.get("Item", {}))

    def _put(self, sk: str, facts: dict[str, int]) -> None:
        item = _to_item(sk, facts)
        attempt(
            "who was forgotten", lambda: self._client.put_item(TableName=self._table, Item=item)
        )

    def _items(self) -> list[Item]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": _PK}},
            "ConsistentRead": True,
        }
        items: list[Item] = []
        while True:
            answer = attempt("who was forgotten", lambda: self._client.query(**request))
            items += map(from_wire, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return items
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _to_item(sk: str, facts: dict[str, int]) -> Any:
    numbers = {name: {"N": str(value)} for name, value in facts.items()}
    return {"pk": {"S": _PK}, "sk": {"S": sk}, **numbers}
