"""The writes of the ledger, and how a row of it is read: see ``stores.ledger``.

A write is a part of a transaction, or the request of an update.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from wxlive.domain.campaigns import CAMPAIGN_KEPT_S, Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState, EarlierCall, RefusedCall
from wxlive.stores.chunk_openids import openids_put
from wxlive.stores.dynamo import CAMPAIGN_PK, Item, present


def new_chunk(
    campaign: str,
    number: int,
    openids: Sequence[str],
    now_s: float,
    *,
    was_called: bool = False,
    planned: int = 0,
) -> list[Item]:
    """Return the writes that add a queued chunk, as parts of a transaction."""
    facts = {"was_called": was_called, "planned": planned or None}
    return [
        openids_put(campaign, number, openids, now_s),
        _chunk_put(campaign, number, len(openids), now_s, facts),
    ]


def chunk_key(campaign: str, number: int) -> dict[str, str]:
    """Return the key of a chunk's row."""
    return {"pk": f"campaign#{campaign}", "sk": f"chunk#{number:06d}"}


def sending(campaign: Campaign) -> Item:
    """Return the condition that a campaign is sending, at the pace that was read."""
    pace = "per_second = :per_second"
    if not campaign.per_second:
        pace = f"(attribute_not_exists(per_second) OR {pace})"
    return {
        "ConditionCheck": {
            "Key": {"pk": CAMPAIGN_PK, "sk": campaign.campaign},
            "ConditionExpression": f"#state = :sending AND {pace}",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {
                ":sending": CampaignState.SENDING.value,
                ":per_second": campaign.per_second,
            },
        }
    }


def not_chosen_otherwise(day: str, room_id: int) -> Item:
    """Return the condition that no other room is chosen for a day."""
    return {
        "ConditionCheck": {
            "Key": {"pk": "choice", "sk": day},
            "ConditionExpression": "attribute_not_exists(room_id) OR room_id = :room",
            "ExpressionAttributeValues": {":room": room_id},
        }
    }


def chunk_claim(campaign: str, chunk: Chunk, claim: str, now_s: float, slot_ms: int) -> Item:
    """Claim a chunk that is queued as it was read."""
    facts: dict[str, Any] = {
        "state": ChunkState.SENDING.value,
        "claim": claim,
        "claimed_at": int(now_s),
        "slot_ms": slot_ms,
    }
    if chunk.all_refused_calls:
        facts["refused_calls"] = calls_item(chunk.all_refused_calls)
    return queued_update(campaign, chunk, facts)


def calls_item(calls: Sequence[RefusedCall]) -> list[list[int]]:
    """Return refused calls as they are stored."""
    return [list(call) for call in calls]


def chunk_update(
    campaign: str,
    number: int,
    facts: Mapping[str, Any],
    *,
    claim: str,
    out_of: Sequence[ChunkState],
    called: EarlierCall | None = None,
) -> Item:
    """Change a chunk that is still claimed by ``claim``, and remember that it was ``called``."""
    states = {f":in{number}": state.value for number, state in enumerate(out_of)}
    changes = ", ".join(f"#{name} = :{name}" for name in facts)
    calls: dict[str, Any] = {}
    if called is not None:
        changes += ", earlier_calls = list_append(if_not_exists(earlier_calls, :none), :called)"
        calls = {":none": [], ":called": [_call_item(called)]}
    return {
        "Update": {
            "Key": chunk_key(campaign, number),
            "UpdateExpression": f"SET {changes}",
            "ConditionExpression": f"claim = :claim AND #state IN ({', '.join(states)})",
            "ExpressionAttributeNames": {"#state": "state", **{f"#{name}": name for name in facts}},
            "ExpressionAttributeValues": {
                **states,
                **calls,
                ":claim": claim,
                **{f":{name}": value for name, value in facts.items()},
            },
        }
    }


def replacement(campaign: str, row: Chunk, new: Chunk) -> Item:
    """Change a chunk that is as it was read."""
    was, becomes = _corrigible(row), _corrigible(new)
    facts = {name: value for name, value in becomes.items() if value != was[name]}
    as_read = {name: was[name] for name in ("state", "claim", "openids")}
    if row.earlier_calls:
        as_read["earlier_calls"] = was["earlier_calls"]
    return {
        "Update": {
            "Key": chunk_key(campaign, row.number),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            "ConditionExpression": " AND ".join(f"#{name} = :was_{name}" for name in as_read),
            "ExpressionAttributeNames": {f"#{name}": name for name in {**facts, **as_read}},
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in facts.items()},
                **{f":was_{name}": value for name, value in as_read.items()},
            },
        }
    }


def _corrigible(chunk: Chunk) -> dict[str, Any]:
    """Return the fields that a late outcome may change, as they are stored."""
    return {
        "state": chunk.state.value,
        "openids": chunk.openids,
        "claim": chunk.claim,
        "claimed_at": chunk.claimed_at,
        "slot_ms": chunk.slot_ms,
        "message_id": chunk.message_id,
        "errcode": chunk.errcode,
        "rid": chunk.rid,
        "reason": chunk.reason,
        "earlier_calls": [_call_item(call) for call in chunk.earlier_calls],
    }


def call_of(chunk: Chunk) -> EarlierCall:
    """Return the call that was made under a chunk's claim."""
    return EarlierCall(chunk.claimed_at, chunk.openids, chunk.claim, slot_ms=chunk.slot_ms)


def _call_item(call: EarlierCall) -> Item:
    return present(asdict(call))


def queued_update(campaign: str, chunk: Chunk, facts: Mapping[str, Any]) -> Item:
    """Change a chunk that is still queued as it was read: not cut, and not called, since."""
    same_claim = "claim = :was_claimed"
    if not chunk.claim:
        same_claim = f"(attribute_not_exists(claim) OR {same_claim})"
    return {
        "Update": {
            "Key": chunk_key(campaign, chunk.number),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            "ConditionExpression": f"#state = :queued AND #openids = :as_read AND {same_claim}",
            "ExpressionAttributeNames": {
                "#state": "state",
                "#openids": "openids",
                **{f"#{name}": name for name in facts},
            },
            "ExpressionAttributeValues": {
                ":queued": ChunkState.QUEUED.value,
                ":as_read": chunk.openids,
                ":was_claimed": chunk.claim,
                **{f":{name}": value for name, value in facts.items()},
            },
        }
    }


def chunk_as_read(campaign: str, chunk: Chunk) -> Item:
    """Return the condition that a chunk's state and claim are as they were read."""
    same_claim = "(attribute_not_exists(claim) OR claim = :claim)"
    return {
        "ConditionCheck": {
            "Key": chunk_key(campaign, chunk.number),
            "ConditionExpression": f"#state = :state AND {same_claim}",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":state": chunk.state.value, ":claim": chunk.claim},
        }
    }


def _chunk_put(
    campaign: str, number: int, openids: int, now_s: float, facts: Mapping[str, Any]
) -> Item:
    return {
        "Put": {
            "Item": {
                **chunk_key(campaign, number),
                "number": number,
                "state": ChunkState.QUEUED.value,
                "openids": openids,
                "queued_at": int(now_s),
                **present(facts),
                "expires_at": int(now_s) + CAMPAIGN_KEPT_S,
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def read_chunk(item: Mapping[str, Any]) -> Chunk:
    """Read a row."""
    kept = {name: item[name] for name in Chunk.__dataclass_fields__ if name in item}
    calls = tuple(EarlierCall(**call) for call in item.get("earlier_calls", ()))
    refused = tuple(RefusedCall(*call) for call in item.get("refused_calls", ()))
    state = ChunkState(item["state"])
    return Chunk(**{**kept, "state": state, "earlier_calls": calls, "refused_calls": refused})
