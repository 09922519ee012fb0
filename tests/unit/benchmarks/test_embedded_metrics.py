"""Metrics are found in a function's log, wherever its lines break."""

import json

from bench_costs.embedded_metrics import metrics_in


def test_each_metric_is_found_with_its_dimensions() -> None:
    emitted = {
        "_aws": {
            "CloudWatchMetrics": [
                {"Dimensions": [["service"]], "Metrics": [{"Name": "Stored"}, {"Name": "Queued"}]}
            ]
        },
        "service": "callback",
    }
    log = f"START {{not JSON\n{json.dumps({'level': 'INFO'})}{json.dumps(emitted)}END"

    found = list(metrics_in(log))

    assert found == [("Stored", "service=callback"), ("Queued", "service=callback")]
