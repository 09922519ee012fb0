"""The local AWS, with scans that cost what they return, and layers that are unpacked once.

Runs with the local AWS's own Python.

Unchanged, the local AWS copies, sorts and hashes the whole table for each page of a scan, so that
reading a whole table takes time quadratic in its rows. DynamoDB does not. This program sorts the
segments' keys when a scan begins, keeps them between pages, and passes only the page's part of
the table to the original code. Rows that are added during a scan may be missed, as at DynamoDB.

It also checks the syntax of a filter for each item, and unpacks the layers anew for each process of
a function, while it serves nobody. Here it does so once for a filter, and once for a layer.

The functions' processes find the AWS SDK of ``requirements/runtime.txt``, not the local AWS's.
"""

import hashlib
import os
import sys
from bisect import bisect_right
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Any
from zipfile import ZipFile

from ministack.app import main
from ministack.core.lambda_runtime import Worker
from ministack.services import dynamodb
from ministack.services.lambda_svc import _resolve_layer_zip

PAGE = 10_000
"""The most items of a page: as many as 1 MB holds of ours. DynamoDB may end a page early, too."""

_original_scan = dynamodb._scan
_keys: dict[tuple[str, int], list[list[str]]] = {}
"""The sorted keys of each segment, by table and number of segments."""
_begun: dict[tuple[str, int], set[int]] = {}
"""The segments whose scan began with these keys. Each begins once: the next scan needs new ones."""


def _scan(data: dict[str, Any]) -> Any:
    name = dynamodb._normalize_table_name(data.get("TableName"))
    table = dynamodb._tables.get(name)
    if not table or table.get("sk_name") or data.get("IndexName"):
        return _original_scan(data)
    segment, segments = data.pop("Segment", 0), data.pop("TotalSegments", 1)
    after = data.get("ExclusiveStartKey")
    if (name, segments) not in _keys or (not after and segment in _begun[name, segments]):
        _keys[name, segments], _begun[name, segments] = _sorted_keys(table, segments), set()
    if not after:
        _begun[name, segments].add(segment)
    keys = _keys[name, segments][segment]
    begin = bisect_right(keys, after[table["pk_name"]]["S"]) if after else 0
    # With a limit the original names the key to go on from, even if it has seen no further item.
    data["Limit"] = min(PAGE, data.get("Limit", PAGE))
    window = keys[begin : begin + data["Limit"]]
    items = table["items"]
    dynamodb._tables[name] = {**table, "items": {key: items[key] for key in window if key in items}}
    try:
        return _original_scan(data)
    finally:
        dynamodb._tables[name] = table


def _sorted_keys(table: dict[str, Any], segments: int) -> list[list[str]]:
    if segments == 1:
        return [sorted(table["items"])]
    keys: list[list[str]] = [[] for _ in range(segments)]
    for key in sorted(table["items"]):
        keys[_segment_of(key, segments)].append(key)
    return keys


def _segment_of(key: str, segments: int) -> int:
    return int.from_bytes(hashlib.sha1(key.encode()).digest()[:4], "big") % segments  # noqa: S324 - spreads keys, protects nothing


_original_spawn = Worker._spawn
_unpacked: dict[str, str] = {}
_unpacking = Lock()


def _spawn(worker: Worker) -> None:
    """Start a function's process with the layers that are unpacked already."""
    config = worker.config
    environment = config.get("Environment", {})
    layers = os.pathsep.join(_unpack(layer["Arn"]) for layer in config.get("Layers", []))
    variables = {**environment.get("Variables", {}), "_LAMBDA_LAYERS_DIRS": layers}
    worker.config = {
        **config,
        "Environment": {**environment, "Variables": variables},
        "Layers": [],
    }
    try:
        _original_spawn(worker)
    finally:
        worker.config = config


def _unpack(arn: str) -> str:
    with _unpacking:
        if arn not in _unpacked:
            _unpacked[arn] = mkdtemp(prefix="layer-")
            ZipFile(BytesIO(_resolve_layer_zip(arn))).extractall(_unpacked[arn])
        return _unpacked[arn]


Worker._spawn = _spawn
dynamodb._scan = _scan
dynamodb._condition_syntax_error = lru_cache(dynamodb._condition_syntax_error)
os.environ["PYTHONPATH"] = str(Path(sys.prefix) / "runtime")  # this process has its own already
main()
