"""Taking one condition of a write away, to see what it is for.

A condition is known by the store's method that makes the write, by the write's number where a
transaction has several, and by the part of the condition where several are joined by AND:
``LedgerStore.finish: claim = :claim``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from explore.engine.programs import Requests

_COMMANDS = "a command is looked up before; this is for two deliveries of it at the same moment"
_SPLITS = "a split is claimed before; this is for a worker that is late in the middle of one"
_LIVING = "a campaign that is replaced has nothing queued; this is for records of version 0.1"
_PLANS = "several refuse the same planner; each is for followers that change between two planners"

UNSHOWN: Mapping[str, str] = {
    "CampaignStore.add_chunk": _PLANS,
    "CampaignStore.end: ": "a hold is read before; this is for one that ends at the same moment",
    "CampaignStore.finish_plan": _PLANS,
    "CampaignStore.move_cursors": _PLANS,
    "CampaignStore.note_": "a record that has expired must not come back in part",
    "CampaignStore.open[1]": "the pointer refuses the same start; this is for an id given twice",
    "CampaignStore.open[2]": _COMMANDS,
    "CampaignStore.resume[0]: (": "version 0.1 gave holds no id",
    "CampaignStore.resume[1]": _LIVING,
    "CampaignStore.resume[2]": _COMMANDS,
    "CommandStore.record": _COMMANDS,
    "LedgerStore.accept": "an operator decides once; this is for two at the same moment",
    "LedgerStore.claim[0]": _LIVING,
    "LedgerStore.claim[2]: openids": "a chunk is cut only where no worker waits, or by its claimer",
    "LedgerStore.claim[4]": "a start checks the day before; this is for pushes by other programs",
    "LedgerStore.finish[1]": _LIVING,
    "LedgerStore.resend[0]: claim": "an operator decides once; this is for two at the same moment",
    "LedgerStore.resend[1]": _LIVING,
    "LedgerStore.split": _SPLITS,
    "LedgerStore.unclaim[0]: #state": "a claim is undone once; this is for a doubled message",
    "LedgerStore.unclaim[1]": _LIVING,
    "LivingStore.finish": _LIVING,
    "QuotaStore.consume": "the calls that list rooms have a quota that no world uses up",
    "ResultStore.add": "a doubled result is the same; this keeps the first one's time",
    "TokenStore.save": "a push never fetches a token; this is for two that fetch at the same time",
}
"""Conditions, by how they begin, whose use no world shows within its bound, and why they stay."""


def why_unshown(condition: str) -> str | None:
    """Return why a condition stays although no world shows its use; None if one must."""
    return next((why for name, why in UNSHOWN.items() if condition.startswith(name)), None)


_TRANSACTION = "TransactWriteItems"
_NEEDS = re.compile(r"[#:]\w+")


def conditions_of(requests: Requests) -> list[str]:
    """Return the conditions of all requests that were made."""
    found = {
        f"{where}: {part}" if part else where
        for request in requests
        if request.service.startswith("dynamodb")
        for where, write in _writes(request.operation, request.body, request.origin)
        if "ConditionExpression" in write
        for part in _parts_of(write)
    }
    return sorted(found)


def _parts_of(write: Mapping[str, Any]) -> list[str]:
    """Return "" for the whole condition, and its parts if it has several."""
    parts = _conjuncts(write["ConditionExpression"])
    return ["", *parts] if len(parts) > 1 else [""]


class Without:
    """A rewrite of requests that takes one condition away."""

    def __init__(self, condition: str) -> None:
        self._where, _, self._part = condition.partition(": ")

    def __call__(
        self, service: str, operation: str, body: Mapping[str, Any], origin: str
    ) -> Mapping[str, Any]:
        """Return the request without the condition; the given one is not changed."""
        method = self._where.partition("[")[0]
        if not service.startswith("dynamodb") or origin != method:
            return body
        if operation != _TRANSACTION:
            return self._stripped(body) if "ConditionExpression" in body else body
        actions = []
        for number, action in enumerate(body["TransactItems"]):
            ((kind, write),) = action.items()
            if self._where == f"{origin}[{number}]" and "ConditionExpression" in write:
                write = self._stripped(write)
                if kind == "ConditionCheck" and "ConditionExpression" not in write:
                    continue
            actions.append({kind: write})
        return {**body, "TransactItems": actions}

    def _stripped(self, write: Mapping[str, Any]) -> dict[str, Any]:
        left = {name: value for name, value in write.items() if name != "ConditionExpression"}
        if self._part:
            parts = _conjuncts(write["ConditionExpression"])
            if self._part not in parts:
                return dict(write)
            left["ConditionExpression"] = " AND ".join(p for p in parts if p != self._part)
        used = set(
            _NEEDS.findall(
                " ".join(
                    str(left.get(name, "")) for name in ("UpdateExpression", "ConditionExpression")
                )
            )
        )
        for name in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            if name in left:
                kept = {key: value for key, value in left[name].items() if key in used}
                left[name] = kept
                if not kept:
                    del left[name]
        left.pop("ReturnValuesOnConditionCheckFailure", None)
        return left


def _writes(
    operation: str, body: Mapping[str, Any], origin: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if operation != _TRANSACTION:
        yield origin, body
        return
    for number, action in enumerate(body["TransactItems"]):
        yield f"{origin}[{number}]", next(iter(action.values()))


def _conjuncts(condition: str) -> list[str]:
    """Split a condition at the ANDs outside of parentheses; ORs keep it whole."""
    parts, depth, current = [], 0, ""
    for word in re.split(r"(\(|\)|\bAND\b|\bOR\b)", condition):
        if word == "OR" and not depth:
            return [condition]
        depth += (word == "(") - (word == ")")
        if word == "AND" and not depth:
            parts.append(current.strip())
            current = ""
        else:
            current += word
    return [*parts, current.strip()]
