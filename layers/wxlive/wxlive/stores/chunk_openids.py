"""The openids of a chunk, compressed, in the State table.

They are large, and one partition takes a thousand write units a second, so each chunk's are kept in
a partition of their own, apart from the chunk's row.
"""

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wxlive.domain.campaigns import CAMPAIGN_KEPT_S
from wxlive.stores.dynamo import Item, get

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


def find_openids(table: "Table", campaign: str, number: int) -> Item | None:
    """Return the item that has a chunk's openids, None if it has expired."""
    return get(table, **_key(campaign, number)) or get(
        # Where version 0.1 kept them.
        table,
        f"campaign#{campaign}",
        f"openids#{number:06d}",
    )


def read_openids(item: Item) -> list[str]:
    """Return the openids that an item has."""
    return zlib.decompress(item["openids"]).decode().split("\n")


def openids_put(campaign: str, number: int, openids: Sequence[str], now_s: float) -> Item:
    """Store the openids of a chunk."""
    return {
        "Put": {
            "Item": {
                **_key(campaign, number),
                "openids": _packed(openids),
                "expires_at": int(now_s) + CAMPAIGN_KEPT_S,
            }
        }
    }


def openids_replacement(item: Item, openids: Sequence[str]) -> Item:
    """Replace the openids that an item has, if they are as they were read."""
    return {
        "Update": {
            "Key": {"pk": item["pk"], "sk": item["sk"]},
            "UpdateExpression": "SET openids = :openids",
            "ConditionExpression": "openids = :as_read",
            "ExpressionAttributeValues": {
                ":openids": _packed(openids),
                ":as_read": item["openids"],
            },
        }
    }


def _key(campaign: str, number: int) -> dict[str, str]:
    return {"pk": f"openids#{campaign}#{number:06d}", "sk": "openids"}


def _packed(openids: Sequence[str]) -> bytes:
    return zlib.compress("\n".join(openids).encode())
