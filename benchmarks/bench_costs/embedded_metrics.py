"""The metrics in a function's log, in CloudWatch's embedded metric format."""

import json
from collections.abc import Iterator
from typing import Any


def metrics_in(log: str) -> Iterator[tuple[str, ...]]:
    """Yield the name and the dimensions of each emitted metric: AWS charges for each of them."""
    for emitted in _documents(log):
        for directive in emitted.get("_aws", {}).get("CloudWatchMetrics", ()):
            for dimensions in directive["Dimensions"]:
                values = [f"{name}={emitted[name]}" for name in dimensions]
                for metric in directive["Metrics"]:
                    yield (metric["Name"], *values)


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a log; the runtime client does not put each on its own line."""
    decoder, at = json.JSONDecoder(), 0
    while (at := text.find("{", at)) >= 0:
        try:
            found, at = decoder.raw_decode(text, at)
        except ValueError:
            at += 1
        else:
            yield found
