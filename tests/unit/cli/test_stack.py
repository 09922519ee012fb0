"""How a deployed stack is found, and what is said where it is not."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner

from factories import CAMPAIGN
from support.cli import OUTPUTS, client
from wxlive.errors import Misconfigured
from wxlive_cli.main import main
from wxlive_cli.stack import connect

COMMANDS = [
    ["sync"],
    ["push", "--room", "1001"],
    ["status"],
    ["watch"],
    ["pause"],
    ["resolve", CAMPAIGN, "--accept-unknown"],
    ["report"],
    ["rooms"],
    ["planned"],
    ["followers", "count"],
    ["dlq", "show"],
    ["rotate"],
]


class CloudFormation:
    """Describes one stack as AWS does."""

    def __init__(self) -> None:
        self.meta = SimpleNamespace(region_name="us-east-1")
        self.outputs = dict(OUTPUTS)

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - its name
        if StackName != "mine":
            message = f"Stack with id {StackName} does not exist"
            error: Any = {"Error": {"Code": "ValidationError", "Message": message}}
            raise ClientError(error, "DescribeStacks")
        outputs = [{"OutputKey": name, "OutputValue": self.outputs[name]} for name in self.outputs]
        given = [{"ParameterKey": "AutoPush", "ParameterValue": "on"}]
        stack = {"StackStatus": "CREATE_COMPLETE", "Parameters": given, "Outputs": outputs}
        return {"Stacks": [stack]}


@pytest.fixture
def cloudformation(aws: None, monkeypatch: pytest.MonkeyPatch) -> CloudFormation:
    described = CloudFormation()

    def give_client(service: str, **_: object) -> Any:
        return described if service == "cloudformation" else client(service)

    monkeypatch.setattr(boto3, "client", give_client)
    return described


def test_a_stack_is_found_by_its_name(cloudformation: CloudFormation) -> None:
    stack = connect("mine")

    assert (stack.name, stack.outputs) == ("mine", OUTPUTS)
    assert stack.auto_push
    assert (stack.day_offset_hours, stack.push_rate_per_second) == (8, 2000)
    assert (stack.sync_budget.limit, stack.push_quota.limit) == (4500, 5000)
    stores = (stack.campaigns, stack.ledger, stack.results, stack.rooms, stack.days, stack.runs)
    assert {store._table.name for store in stores} == {"state"}
    assert stack.followers._table == "followers"


@pytest.mark.parametrize("missing", ["StateTable", "FollowersTable", "DailyCallQuota"])
def test_a_stack_of_another_program_is_refused(
    cloudformation: CloudFormation, missing: str
) -> None:
    del cloudformation.outputs[missing]

    with pytest.raises(Misconfigured, match=f"no output {missing}; is it a stack of wxlive"):
        connect("mine")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_the_stack_a_command_is_refused(
    cloudformation: CloudFormation, words: list[str]
) -> None:
    result = CliRunner().invoke(main, [*words, "--stack", "nowhere"])

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "wxlive: There is no stack nowhere in this account in us-east-1"
    )
    assert "AWS_DEFAULT_REGION" in result.stderr


def test_where_aws_is_not_reachable_a_command_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = boto3.Session("testing", "testing", region_name="us-east-1").client(
        "cloudformation",
        endpoint_url="http://127.0.0.1:9",
        config=Config(retries={"total_max_attempts": 1}),
    )
    monkeypatch.setattr(boto3, "client", lambda *_, **__: unreachable)

    result = CliRunner().invoke(main, ["status"])

    assert result.exit_code == 2
    assert result.stderr.startswith("wxlive: AWS can't be called: ")
    assert len(result.stderr.splitlines()) == 1
