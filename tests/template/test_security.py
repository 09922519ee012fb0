"""Scanners of others on the templates and on the roles: `make security` installs and runs them.

What they find and we accept is in ``.checkov.yaml`` and in ``ACCEPTED``, with the reasons.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.template import DeployedTemplate, ParsedTemplate, sub_text
from wxlive_local.paths import ROOT, TEMPLATE

BIN = ROOT / ".venv-security" / "bin"

ACCEPTED = {
    # AWS asks for all resources: a network interface has no name before it exists, and the
    # subnets may be shared by another account.
    ("RESOURCE_STAR", "ec2"),
}
"""Findings of the policy linter: the issue, and the service of the actions."""

ARNS = {
    "dynamodb": "arn:aws:dynamodb:us-east-1:123456789012:table/{}",
    "lambda": "arn:aws:lambda:us-east-1:123456789012:function:{}",
    "logs": "arn:aws:logs:us-east-1:123456789012:log-group:{}:*",
    "sqs": "arn:aws:sqs:us-east-1:123456789012:{}",
    "wafv2": "arn:aws:wafv2:us-east-1:123456789012:regional/ipset/{}/1",
}
"""What ``Fn::GetAtt`` gives as the ARN of a service's resource."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (BIN / ".." / ".installed").exists(), reason="make security installs the scanners"
    ),
]


def scan(*command: str | Path) -> str:
    """Run a scanner, which must not call home."""
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, "LOG_LEVEL": "ERROR", "CHECKOV_RUN_SCA_PACKAGE_SCAN": "false"},
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def as_policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    """A policy as IAM sees it, with made-up names."""
    written = [
        {**s, "Resource": [arn_of(r, listed(s["Action"])[0]) for r in listed(s["Resource"])]}
        for s in statements
    ]
    return {"Version": "2012-10-17", "Statement": written}


def arn_of(resource: Any, action: str) -> str:
    if isinstance(resource, str):
        return resource
    if "Fn::GetAtt" in resource:
        return ARNS[action.split(":", maxsplit=1)[0]].format(resource["Fn::GetAtt"][0])
    known = {"Partition": "aws", "Region": "us-east-1", "AccountId": "123456789012"}
    text = re.sub(r"\$\{AWS::(\w+)\}", lambda m: known.get(m[1], "wxlive"), sub_text(resource))
    return re.sub(r"\$\{\w+\}", "wxlive", text).replace("-??????", "-a1B2c3")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def findings(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Each finding of the policy linter: file, issue, service."""
    for line in scan(BIN / "parliament", "--directory", folder, "--json").splitlines():
        found = json.loads(line)
        services = {str(each).split(":")[0] for each in listed(found["detail"])}
        yield found["location"]["filepath"], found["issue"], ",".join(sorted(services))


def test_the_policy_linter_finds_nothing_in_the_roles(
    everything: DeployedTemplate, tmp_path: Path
) -> None:
    for function in everything.functions():
        policy = as_policy(everything.statements(function))
        (tmp_path / f"{function}.json").write_text(json.dumps(policy), encoding="utf-8")

    unexpected = [found for found in findings(tmp_path) if found[1:] not in ACCEPTED]

    assert len(list(tmp_path.iterdir())) == len(everything.functions()) == 8
    assert unexpected == []


def test_the_policy_linter_would_find_a_policy_that_is_wrong(tmp_path: Path) -> None:
    statement = {
        "Effect": "Allow",
        "Action": ["sqs:RecieveMessage", "dynamodb:Scan"],
        "Resource": "arn:aws:sqs:us-east-1:123456789012:queue",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    (tmp_path / "wrong.json").write_text(json.dumps(policy), encoding="utf-8")

    assert "UNKNOWN_ACTION" in {issue for _, issue, _ in findings(tmp_path)}


def test_the_scanner_finds_nothing_in_the_templates(
    monitoring: ParsedTemplate, tmp_path: Path
) -> None:
    # It does not read merges of YAML blocks.
    expanded = tmp_path / "monitoring.json"
    expanded.write_text(json.dumps(monitoring.sections), encoding="utf-8")
    report = json.loads(
        scan(
            *(BIN / "checkov", "--config-file", ROOT / ".checkov.yaml", "--output", "json"),
            *("--file", TEMPLATE, "--file", expanded),
        )
    )

    summary = report["summary"]
    failed = [(f["check_id"], f["resource"]) for f in report["results"]["failed_checks"]]
    assert failed == []
    assert summary["parsing_errors"] == 0
    assert summary["passed"] > 50
