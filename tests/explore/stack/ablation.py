"""Taking one condition of a write away, to see what it is for.

A condition is known by the store's method that makes the write, by the write's number where a
transaction has several, and by the part of the condition where several are joined by AND:
``LedgerStore.finish: claim = :claim``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from explore.engine.programs import Requests

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
        if "ConditionExpression" not in left:
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
