"""Campaigns and the day's claim, in the State table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from wxlive.domain.audience import Audience
from wxlive.domain.campaigns import CAMPAIGN_KEPT_S, Campaign, CampaignState
from wxlive.errors import Conflict
from wxlive.stores.dynamo import Item, attempt, get, present, query, transact
from wxlive.stores.ledger import CAMPAIGN_PK, new_chunk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class CampaignStore:
    """Keeps campaigns, and which of them holds which day."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def claimed_by(self, day: str) -> str | None:
        """Return the campaign that has claimed the day, if any."""
        item = get(self._table, "day", day)
        return item["campaign"] if item else None

    def open(self, campaign: Campaign, *, replacing: str | None = None) -> None:
        """Claim the day for the campaign and store it, in one transaction.

        ``replacing`` names the campaign that holds the day and loses it.

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
        item = get(self._table, CAMPAIGN_PK, campaign)
        return _read_campaign(item) if item else None

    def newest(self) -> Campaign | None:
        """Return the campaign that was started last."""
        items = list(query(self._table, CAMPAIGN_PK, newest_first=True, limit=1))
        return _read_campaign(items[0]) if items else None

    def before(self, campaign: str) -> Campaign | None:
        """Return the campaign that was started last before this one."""
        items = list(query(self._table, CAMPAIGN_PK, before=campaign, newest_first=True, limit=1))
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
        """Change a campaign's state, if it is in one of ``out_of``; returns whether it was."""
        sources = {f":out{number}": state.value for number, state in enumerate(out_of)}
        try:
            attempt(
                f"campaign {campaign}",
                lambda: self._table.update_item(
                    Key={"pk": CAMPAIGN_PK, "sk": campaign},
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
            The campaign with the chunk.

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
            *new_chunk(campaign.campaign, number, openids, now_s),
            _planning(campaign, progress),
        )
        return replace(campaign, **progress)

    def finish_plan(self, campaign: Campaign, now_s: float) -> Campaign:
        """Record that the audience ends with the last planned chunk.

        Raises:
            Conflict: another planner was quicker, or the campaign has ended.
        """
        progress: dict[str, Any] = {"fully_planned": True, "planned_at": int(now_s)}
        transact(self._table, f"the plan of {campaign.campaign}", _planning(campaign, progress))
        return replace(campaign, **progress)


def _planning(campaign: Campaign, progress: Mapping[str, Any]) -> Item:
    """Advance the plan, if it is where this planner read it and the campaign has not ended."""
    return {
        "Update": {
            "Key": {"pk": CAMPAIGN_PK, "sk": campaign.campaign},
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
            "pk": CAMPAIGN_PK,
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
