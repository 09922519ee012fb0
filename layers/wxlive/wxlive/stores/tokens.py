"""The shared access token, in the State table."""

from typing import TYPE_CHECKING

from wxlive.errors import Conflict
from wxlive.stores.dynamo import attempt, get
from wxlive.wechat.access_token import AccessToken

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_PK = "token"


class TokenStore:
    """A ``TokenCache`` that all functions share; one token for each appid."""

    def __init__(self, table: "Table", appid: str) -> None:
        self._table = table
        self._appid = appid

    def load(self) -> AccessToken | None:
        """Return the shared token, if there is one."""
        item = get(self._table, _PK, self._appid)
        if item is None:
            return None
        return AccessToken(
            value=item["value"], fetched_at=item["fetched_at"], expires_at=item["expires_at"]
        )

    def save(self, token: AccessToken) -> None:
        """Share a token, unless one fetched later that lives longer is shared already."""
        try:
            attempt(
                "the shared token",
                lambda: self._table.put_item(
                    Item={
                        "pk": _PK,
                        "sk": self._appid,
                        "value": token.value,
                        "fetched_at": token.fetched_at,
                        "expires_at": token.expires_at,
                    },
                    ConditionExpression="attribute_not_exists(pk) OR expires_at <= :expires_at "
                    "OR fetched_at < :fetched_at",
                    ExpressionAttributeValues={
                        ":expires_at": token.expires_at,
                        ":fetched_at": token.fetched_at,
                    },
                ),
            )
        except Conflict:
            return
