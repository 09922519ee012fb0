"""What was announced of each campaign, in the State table; and EventBridge, where it is announced.

A campaign has a record here from its start until its end has been announced.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from wxlive.domain.announcements import Announcement
from wxlive.domain.campaigns import CAMPAIGN_KEPT_S
from wxlive.errors import Conflict, RetryLater
from wxlive.stores.dynamo import Item, attempt, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_events import EventBridgeClient

SOURCE = "wxlive"

_PK = "announced"
_BATCH = 10
"""EventBridge takes so many events in one request."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What has been announced of a campaign: the names of the happenings."""

    campaign: str
    names: tuple[str, ...] = ()


class AnnouncementStore:
    """Keeps what was announced of the campaigns whose end was not."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def pending(self) -> list[Announced]:
        """Return what was announced of the campaigns whose end was not, the earliest first."""
        return [Announced(item["sk"], tuple(item["names"])) for item in query(self._table, _PK)]

    def save(self, before: Announced, names: Sequence[str]) -> None:
        """Record what has been announced, unless somebody else has recorded something since."""
        with suppress(Conflict):
            attempt(
                f"what was announced of {before.campaign}",
                lambda: self._table.update_item(
                    Key=_key(before.campaign),
                    UpdateExpression="SET #names = :names",
                    ConditionExpression="#names = :before",
                    ExpressionAttributeNames={"#names": "names"},
                    ExpressionAttributeValues={
                        ":names": list(names),
                        ":before": list(before.names),
                    },
                ),
            )

    def reopen(self, campaign: str, names: Sequence[str], created_at: int) -> None:
        """Have a campaign announced whose end was, because it goes on. ``names`` were announced."""
        put = announcement_put(campaign, created_at, names)["Put"]
        put["ConditionExpression"] = "attribute_not_exists(pk)"
        with suppress(Conflict):  # its end was not announced yet
            attempt(f"what was announced of {campaign}", lambda: self._table.put_item(**put))

    def finish(self, campaign: str) -> None:
        """Forget a campaign: its end has been announced."""
        attempt(
            f"what was announced of {campaign}",
            lambda: self._table.delete_item(Key=_key(campaign)),
        )


class EventBus:
    """EventBridge's default bus; each event names the stack that it is from."""

    def __init__(self, client: "EventBridgeClient", stack: str) -> None:
        self._client = client
        self._stack = stack

    def publish(self, *announcements: Announcement) -> None:
        """Publish events.

        Raises:
            RetryLater: EventBridge did not accept one of them.
        """
        rest: Iterator[Announcement] = iter(announcements)
        while batch := list(islice(rest, _BATCH)):
            entries = [
                {
                    "Source": SOURCE,
                    "DetailType": one.detail_type,
                    "Detail": json.dumps({"stack": self._stack, **one.detail}, ensure_ascii=False),
                }
                for one in batch
            ]
            if self._client.put_events(Entries=entries)["FailedEntryCount"]:  # type: ignore[arg-type]  # plain dicts
                raise RetryLater("EventBridge did not accept an event; it is sent again")


def announcement_put(campaign: str, created_at: int, names: Sequence[str] = ()) -> Item:
    """Return the write after which a campaign is announced, as a part of a transaction."""
    facts = {"names": list(names), "expires_at": created_at + CAMPAIGN_KEPT_S}
    return {"Put": {"Item": {**_key(campaign), **facts}}}


def _key(campaign: str) -> dict[str, str]:
    return {"pk": _PK, "sk": campaign}
