"""Campaigns, their ledger of chunks, and the results, in the State table.

The ledger is the truth; the queue only rings. A chunk's openids stand apart from its ledger row,
so that a change of state does not rewrite them.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wxlive.campaigns import (
    CAMPAIGN_KEPT_S,
    OPENIDS_KEPT_S,
    Campaign,
    CampaignState,
    Chunk,
    ChunkState,
)
from wxlive.errors import Conflict
from wxlive.events import PushResult
from wxlive.followers import Audience
from wxlive.reports import Report, report
from wxlive.stores.dynamo import Item, attempt, from_wire, get, present, query, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_PK = "campaign"

FIRST_HALF = 500_000
"""Where the numbers of split chunks begin: a day's plan has 5000 at most."""


class CampaignStore:
    """Keeps campaigns, chunks and results."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    # ------------------------------------------------------------ campaigns

    def claimed_by(self, day: str) -> str | None:
        """Return the campaign that has claimed the day, if any."""
        item = get(self._table, "day", day)
        return item["campaign"] if item else None

    def open(self, campaign: Campaign, *, replacing: str | None = None) -> None:
        """Claim the day for the campaign and store it, in one transaction.

        ``replacing`` names the campaign that holds the day and gives it up.

        Raises:
            Conflict: the day is claimed by another.
        """
        free = (
            {"ConditionExpression": "attribute_not_exists(pk)"}
            if replacing is None
            else {
                "ConditionExpression": "campaign = :replaced",
                "ExpressionAttributeValues": {":replaced": replacing},
            }
        )
        day = {
            "pk": "day",
            "sk": campaign.day,
            "campaign": campaign.campaign,
            "expires_at": campaign.created_at + CAMPAIGN_KEPT_S,
        }
        transact(
            self._table,
            f"the room of {campaign.day}",
            {"Put": {"Item": day, **free}},
            {
                "Put": {
                    "Item": _campaign_item(campaign),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
        )

    def get(self, campaign: str) -> Campaign | None:
        """Return one campaign."""
        item = get(self._table, _PK, campaign)
        return _read_campaign(item) if item else None

    def newest(self) -> Campaign | None:
        """Return the campaign that was started last."""
        items = list(query(self._table, _PK, newest_first=True, limit=1))
        return _read_campaign(items[0]) if items else None

    def before(self, campaign: str) -> Campaign | None:
        """Return the campaign that was started last before this one."""
        items = list(query(self._table, _PK, before=campaign, newest_first=True, limit=1))
        return _read_campaign(items[0]) if items else None

    def move(
        self,
        campaign: str,
        to: CampaignState,
        *,
        out_of: Iterable[CampaignState],
        reason: str | None = None,
        held_since: int = 0,
        resume_at: int = 0,
    ) -> bool:
        """Change a campaign's state, if it is in one of ``out_of``; says whether it was."""
        sources = {f":out{number}": state.value for number, state in enumerate(out_of)}
        try:
            attempt(
                f"campaign {campaign}",
                lambda: self._table.update_item(
                    Key={"pk": _PK, "sk": campaign},
                    UpdateExpression="SET #state = :to, held_since = :since, resume_at = :at, "
                    "reason = :reason",
                    ConditionExpression=f"#state IN ({', '.join(sources)})",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={
                        **sources,
                        ":to": to.value,
                        ":since": held_since,
                        ":at": resume_at,
                        ":reason": reason,
                    },
                ),
            )
        except Conflict:
            return False
        return True

    # ------------------------------------------------------------ planning

    def add_chunk(
        self,
        campaign: Campaign,
        openids: Sequence[str],
        now_s: float,
        *,
        cursors: Mapping[str, str] | None = None,
    ) -> Campaign:
        """Plan one more chunk: its openids, its ledger row and the new cursors, all or nothing.

        Returns:
            The campaign as it stands after it.

        Raises:
            Conflict: another planner was quicker, or the campaign has ended.
        """
        number = campaign.chunks + 1
        progress: dict[str, Any] = {
            "chunks": number,
            "audience": campaign.audience + len(openids),
            "cursors": dict(cursors or {}),
            "planned_at": int(now_s),
        }
        transact(
            self._table,
            f"the plan of {campaign.campaign}",
            _putting_openids(campaign.campaign, number, openids, now_s),
            _queueing(campaign.campaign, number, len(openids), now_s),
            _planning(campaign, progress),
        )
        return replace(campaign, **progress)

    def finish_plan(self, campaign: Campaign, now_s: float) -> Campaign:
        """Record that nobody follows the last planned chunk.

        Raises:
            Conflict: another planner was quicker, or the campaign has ended.
        """
        progress: dict[str, Any] = {"fully_planned": True, "planned_at": int(now_s)}
        transact(self._table, f"the plan of {campaign.campaign}", _planning(campaign, progress))
        return replace(campaign, **progress)

    # ------------------------------------------------------------ the ledger

    def chunk(self, campaign: str, number: int) -> Chunk | None:
        """Return one ledger row."""
        key = _chunk_key(campaign, number)
        item = get(self._table, key["pk"], key["sk"])
        return _read_chunk(item) if item else None

    def chunks(self, campaign: str) -> Iterator[Chunk]:
        """Walk the ledger."""
        return map(_read_chunk, query(self._table, f"campaign#{campaign}", prefix="chunk#"))

    def openids(self, campaign: str, number: int) -> list[str]:
        """Return the openids of a chunk."""
        item = get(self._table, f"campaign#{campaign}", f"openids#{number:06d}")
        if item is None:
            raise Conflict(f"The openids of chunk {number} of {campaign} have expired")
        return zlib.decompress(item["openids"]).decode().split("\n")

    def claim(self, campaign: str, chunk: Chunk, *, claim: str, now_s: float, quota: Item) -> None:
        """Permit one call: the campaign is sending, the chunk is queued, the quota has room.

        All three are checked and the claim and the count are written in one transaction, so a
        pause takes effect before the next call and no chunk is ever claimed twice.

        Raises:
            Conflict: one of them is not so; look again which.
        """
        transact(
            self._table,
            f"chunk {chunk.number} of {campaign}",
            {
                "ConditionCheck": {
                    "Key": {"pk": _PK, "sk": campaign},
                    "ConditionExpression": "#state = :sending",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": {":sending": CampaignState.SENDING.value},
                }
            },
            {
                "Update": {
                    "Key": _chunk_key(campaign, chunk.number),
                    "UpdateExpression": "SET #state = :sending, claim = :claim, "
                    "claimed_at = :now ADD attempts :one",
                    "ConditionExpression": "#state = :queued",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": {
                        ":sending": ChunkState.SENDING.value,
                        ":queued": ChunkState.QUEUED.value,
                        ":claim": claim,
                        ":now": int(now_s),
                        ":one": 1,
                    },
                }
            },
            quota,
        )

    def finish(
        self,
        campaign: str,
        number: int,
        to: ChunkState,
        *,
        claim: str,
        message_id: str | None = None,
        errcode: int | None = None,
        rid: str | None = None,
        reason: str | None = None,
    ) -> bool:
        """Write down what became of a claimed chunk; says whether the claim still held."""
        facts = present(
            {"message_id": message_id, "errcode": errcode, "rid": rid, "reason": reason}
        )
        setting = ", ".join(["#state = :to", *(f"#{name} = :{name}" for name in facts)])
        try:
            attempt(
                f"chunk {number} of {campaign}",
                lambda: self._table.update_item(
                    Key=_chunk_key(campaign, number),
                    UpdateExpression=f"SET {setting}",
                    ConditionExpression="#state = :sending AND claim = :claim",
                    ExpressionAttributeNames={
                        "#state": "state",
                        **{f"#{name}": name for name in facts},
                    },
                    ExpressionAttributeValues={
                        ":to": to.value,
                        ":sending": ChunkState.SENDING.value,
                        ":claim": claim,
                        **{f":{name}": value for name, value in facts.items()},
                    },
                ),
            )
        except Conflict:
            return False
        return True

    def decide(self, campaign: str, chunk: Chunk, to: ChunkState, *, reason: str) -> bool:
        """Settle by hand what became of an unknown chunk; says whether it was still unknown."""
        try:
            attempt(
                f"chunk {chunk.number} of {campaign}",
                lambda: self._table.update_item(
                    Key=_chunk_key(campaign, chunk.number),
                    UpdateExpression="SET #state = :to, reason = :reason",
                    ConditionExpression="claim = :claim AND #state IN (:unknown, :sending)",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={
                        ":to": to.value,
                        ":reason": reason,
                        ":claim": chunk.claim,
                        ":unknown": ChunkState.UNKNOWN.value,
                        ":sending": ChunkState.SENDING.value,
                    },
                ),
            )
        except Conflict:
            return False
        return True

    def split(self, campaign: str, chunk: Chunk, *, claim: str, now_s: float) -> int:
        """Cut a claimed chunk in two queued ones, all or nothing; returns the new one's number.

        Numbers of halves are far above those of the plan, which goes on counting.

        Raises:
            Conflict: the claim no longer holds.
        """
        openids = self.openids(campaign, chunk.number)
        middle = len(openids) // 2
        counted = self._table.update_item(
            Key={"pk": f"campaign#{campaign}", "sk": "halves"},
            UpdateExpression="ADD halves :one SET expires_at = :expires_at",
            ExpressionAttributeValues={":one": 1, ":expires_at": int(now_s) + CAMPAIGN_KEPT_S},
            ReturnValues="UPDATED_NEW",
        )
        number = FIRST_HALF + int(str(counted["Attributes"]["halves"]))
        transact(
            self._table,
            f"chunk {chunk.number} of {campaign}",
            {
                "Update": {
                    "Key": _chunk_key(campaign, chunk.number),
                    "UpdateExpression": "SET #state = :queued, openids = :half",
                    "ConditionExpression": "#state = :sending AND claim = :claim",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": {
                        ":queued": ChunkState.QUEUED.value,
                        ":sending": ChunkState.SENDING.value,
                        ":half": middle,
                        ":claim": claim,
                    },
                }
            },
            _putting_openids(campaign, chunk.number, openids[:middle], now_s),
            _putting_openids(campaign, number, openids[middle:], now_s),
            _queueing(campaign, number, len(openids) - middle, now_s),
        )
        return number

    # ------------------------------------------------------------ results

    def add_result(self, result: PushResult, now_s: float) -> PushResult:
        """Store a result by its message_id; a repetition changes nothing.

        Returns:
            The result as it is stored: the first one that arrived.
        """
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
            return _read_result(from_wire(error.response["Item"]))  # type: ignore[typeddict-item]  # as asked for
        return result

    def results(self, room_id: int) -> Iterator[PushResult]:
        """Walk the results that name a room."""
        return map(_read_result, query(self._table, f"results#{room_id}"))

    def report(self, campaign: Campaign, now_s: float) -> Report:
        """Tell what became of a campaign, as it stands now."""
        ledger = (chunk.as_seen(now_s) for chunk in self.chunks(campaign.campaign))
        return report(campaign, ledger, self.results(campaign.room_id), now_s)


def _chunk_key(campaign: str, number: int) -> Item:
    return {"pk": f"campaign#{campaign}", "sk": f"chunk#{number:06d}"}


def _putting_openids(campaign: str, number: int, openids: Sequence[str], now_s: float) -> Item:
    return {
        "Put": {
            "Item": {
                "pk": f"campaign#{campaign}",
                "sk": f"openids#{number:06d}",
                "openids": zlib.compress("\n".join(openids).encode()),
                "expires_at": int(now_s) + OPENIDS_KEPT_S,
            }
        }
    }


def _queueing(campaign: str, number: int, openids: int, now_s: float) -> Item:
    return {
        "Put": {
            "Item": {
                **_chunk_key(campaign, number),
                "number": number,
                "state": ChunkState.QUEUED.value,
                "openids": openids,
                "expires_at": int(now_s) + CAMPAIGN_KEPT_S,
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _planning(campaign: Campaign, progress: Mapping[str, Any]) -> Item:
    """Move the plan on, if it stands where this planner saw it and the campaign has not ended."""
    return {
        "Update": {
            "Key": {"pk": _PK, "sk": campaign.campaign},
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in progress),
            "ConditionExpression": "#chunks = :known AND #state IN (:s1, :s2, :s3, :s4)",
            "ExpressionAttributeNames": {
                "#state": "state",
                "#chunks": "chunks",
                **{f"#{name}": name for name in progress},
            },
            "ExpressionAttributeValues": {
                ":known": campaign.chunks,
                ":s1": CampaignState.PLANNED.value,
                ":s2": CampaignState.SENDING.value,
                ":s3": CampaignState.PAUSED.value,
                ":s4": CampaignState.WAITING_LIVE.value,
                **{f":{name}": value for name, value in progress.items()},
            },
        }
    }


def _campaign_item(campaign: Campaign) -> Item:
    return present(
        {
            "pk": _PK,
            "sk": campaign.campaign,
            **asdict(campaign),
            "state": campaign.state.value,
            "target": {**asdict(campaign.target), "rooms": list(campaign.target.rooms)},
            "expires_at": campaign.created_at + CAMPAIGN_KEPT_S,
        }
    )


def _read_campaign(item: Mapping[str, Any]) -> Campaign:
    kept = {name: item[name] for name in Campaign.__dataclass_fields__ if name in item}
    target = {**item["target"], "rooms": tuple(item["target"]["rooms"])}
    return Campaign(**{**kept, "state": CampaignState(item["state"]), "target": Audience(**target)})


def _read_chunk(item: Mapping[str, Any]) -> Chunk:
    kept = {name: item[name] for name in Chunk.__dataclass_fields__ if name in item}
    return Chunk(**{**kept, "state": ChunkState(item["state"])})


def _read_result(item: Mapping[str, Any]) -> PushResult:
    return PushResult(**{name: item[name] for name in PushResult.__dataclass_fields__})
