"""How campaigns are written in the State table, and the conditions of their updates."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from wxlive.domain.campaigns import (
    CAMPAIGN_KEPT_S,
    HELD,
    UNENDED,
    Campaign,
    CampaignState,
    HoldKind,
    PastHold,
    Trial,
)
from wxlive.stores.audiences import audience_item, read_audience
from wxlive.stores.dynamo import CAMPAIGN_PK, Item, present


def in_one_of(states: Iterable[CampaignState]) -> tuple[str, dict[str, str]]:
    """Return the condition that a campaign is in one of some states, and its values."""
    values = {f":in{number}": state.value for number, state in enumerate(sorted(states))}
    return f"#state IN ({', '.join(values)})", values


def held_by(hold_id: str) -> str:
    """Return the condition that the hold of an id stands. Version 0.1 gave holds no id."""
    return "hold_id = :hold" if hold_id else "(attribute_not_exists(hold_id) OR hold_id = :hold)"


def resumed_at(campaign: Campaign) -> tuple[str, dict[str, int]]:
    """Return the condition that nobody has resumed a campaign since it was read, and its value."""
    unchanged = "resumed_at = :known_resumed_at"
    if not campaign.resumed_at:
        unchanged = f"(attribute_not_exists(resumed_at) OR {unchanged})"
    return unchanged, {":known_resumed_at": campaign.resumed_at}


def planning(campaign: Campaign, progress: Mapping[str, Any]) -> Item:
    """Advance the plan, if it is where this planner read it and the campaign has not ended."""
    condition, states = in_one_of(UNENDED)
    same_step = (
        "#plan_id = :known_id"
        if campaign.plan_id
        else "(attribute_not_exists(#plan_id) OR #plan_id = :known_id)"
    )
    return {
        "Update": {
            "Key": {"pk": CAMPAIGN_PK, "sk": campaign.campaign},
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in progress),
            "ConditionExpression": f"#chunks = :known AND {same_step} AND {condition}",
            "ExpressionAttributeNames": {
                "#state": "state",
                "#chunks": "chunks",
                "#plan_id": "plan_id",
                **{f"#{name}": name for name in progress},
            },
            "ExpressionAttributeValues": {
                ":known": campaign.chunks,
                ":known_id": campaign.plan_id,
                **states,
                **{f":{name}": value for name, value in progress.items()},
            },
        }
    }


def campaign_item(campaign: Campaign) -> Item:
    """Return a campaign as it is written."""
    return present(
        {
            "pk": CAMPAIGN_PK,
            "sk": campaign.campaign,
            **asdict(campaign),
            "state": campaign.state.value,
            "hold_kind": campaign.hold_kind.value if campaign.hold_kind else None,
            "target": audience_item(campaign.target),
            "past_holds": _holds_item(campaign.past_holds),
            "expires_at": campaign.created_at + CAMPAIGN_KEPT_S,
        }
    )


def read_campaign(item: Mapping[str, Any]) -> Campaign:
    """Read a campaign, of this version or an earlier one."""
    kept = {name: item[name] for name in Campaign.__dataclass_fields__ if name in item}
    state = CampaignState(item["state"])
    past_holds = tuple(
        PastHold(**{**hold, "kind": HoldKind(hold["kind"])}) for hold in item.get("past_holds", ())
    )
    return Campaign(
        **{
            **kept,
            "state": state,
            "hold_kind": _hold_kind(item),
            "target": read_audience(item["target"]),
            "past_holds": past_holds,
            "trial": Trial(**item["trial"]) if item.get("trial") else None,
        }
    )


def history_facts(past_holds: Iterable[PastHold] | None) -> Item:
    """Return what an update writes of the holds that have ended: nothing if they stay."""
    return {} if past_holds is None else {"past_holds": _holds_item(past_holds)}


def _holds_item(holds: Iterable[PastHold]) -> list[Item]:
    return [{**asdict(hold), "kind": hold.kind.value} for hold in holds]


def _hold_kind(item: Mapping[str, Any]) -> HoldKind | None:
    """Read why a campaign is held. Version 0.1 held without a kind."""
    state = CampaignState(item["state"])
    if state not in HELD:
        return None
    if item.get("hold_kind"):
        return HoldKind(item["hold_kind"])
    if state is CampaignState.WAITING_LIVE:
        return HoldKind.ROOM
    return HoldKind.QUOTA if item.get("resume_at") else HoldKind.OPERATOR
