"""The local AWS, with scans that cost what they return. Runs with the local AWS's own Python.

Unchanged, the local AWS copies, sorts and hashes the whole table for each page of a scan, so that
reading a whole table takes time quadratic in its rows. DynamoDB does not. This program sorts a
segment's keys when its scan begins, keeps them between pages, and passes only the page's part of
the table to the original code. Rows that are added during a scan may be missed, as at DynamoDB.

The functions' processes find the AWS SDK of ``requirements/runtime.txt``, not the local AWS's.
"""

import hashlib
import os
import sys
from bisect import bisect_right
from pathlib import Path
from typing import Any

from ministack.app import main
from ministack.services import dynamodb

WINDOW = 20_000
"""More items than a page of 1 MB can hold of our tables."""

_original_scan = dynamodb._scan
_keys: dict[tuple[str, int, int], list[str]] = {}


def _scan(data: dict[str, Any]) -> Any:
    name = dynamodb._normalize_table_name(data.get("TableName"))
    table = dynamodb._tables.get(name)
    if not table or table.get("sk_name") or data.get("IndexName"):
        return _original_scan(data)
    segment = (name, data.pop("Segment", 0), data.pop("TotalSegments", 1))
    after = data.get("ExclusiveStartKey")
    if not after or segment not in _keys:
        _keys[segment] = _keys_of(table, *segment[1:])
    keys = _keys[segment]
    begin = bisect_right(keys, after[table["pk_name"]]["S"]) if after else 0
    window = keys[begin : begin + min(WINDOW, data.get("Limit", WINDOW) + 1)]
    items = table["items"]
    dynamodb._tables[name] = {**table, "items": {key: items[key] for key in window if key in items}}
    try:
        return _original_scan(data)
    finally:
        dynamodb._tables[name] = table


def _keys_of(table: dict[str, Any], segment: int, segments: int) -> list[str]:
    return [key for key in sorted(table["items"]) if _segment_of(key, segments) == segment]


def _segment_of(key: str, segments: int) -> int:
    return int.from_bytes(hashlib.sha1(key.encode()).digest()[:4], "big") % segments  # noqa: S324 - spreads keys, protects nothing


dynamodb._scan = _scan
os.environ["PYTHONPATH"] = str(Path(sys.prefix) / "runtime")  # this process has its own already
main()
