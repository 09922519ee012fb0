"""The deployed stack as the operator's command sees it: its outputs, its tables, its functions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from wxlive.errors import Misconfigured, Refused, RetryLater
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

# push_start counts the followers before it answers, which takes a while for millions. It is
# asked once: a time-out here must not start anything twice.
_PATIENT = Config(read_timeout=905, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class Stack:
    """One deployed wxlive."""

    name: str
    outputs: Mapping[str, str]
    followers: FollowerStore
    campaigns: CampaignStore
    runs: SyncRunStore
    sync_budget: QuotaStore
    functions: "LambdaClient"
    sqs: "SQSClient"

    def output(self, output: str) -> str:
        """Return the value of an output.

        Raises:
            Misconfigured: the stack has no such output.
        """
        try:
            return self.outputs[output]
        except KeyError as error:
            raise _no_output(self.name, output) from error

    def ask(self, function: str, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke the function behind an output and wait for its answer.

        Raises:
            Refused: the function refuses, with its sentence.
            RetryLater: it failed; its log says why.
        """
        answer = self.functions.invoke(
            FunctionName=self.outputs[function], Payload=json.dumps(dict(wish))
        )
        payload: object = json.loads(answer["Payload"].read())
        if answer.get("FunctionError") or not isinstance(payload, dict):
            raise RetryLater(
                f"The function {self.outputs[function]} failed; its log group under "
                f"/wxlive/{self.name}/ says why, then try again"
            )
        if "refused" in payload:
            raise Refused(payload["refused"])
        return payload

    def poke(self, function: str, wish: Mapping[str, Any]) -> None:
        """Invoke the function behind an output without waiting for it."""
        self.functions.invoke(
            FunctionName=self.outputs[function],
            InvocationType="Event",
            Payload=json.dumps(dict(wish)),
        )


def connect(name: str) -> Stack:
    """Find the stack by its name, with the usual AWS credentials.

    Raises:
        Misconfigured: no such stack, no credentials, or not a stack of wxlive.
    """
    try:
        outputs = _outputs(name)
        state = boto3.resource("dynamodb").Table(outputs["StateTable"])
        return Stack(
            name=name,
            outputs=outputs,
            followers=FollowerStore(boto3.client("dynamodb"), outputs["FollowersTable"]),
            campaigns=CampaignStore(state),
            runs=SyncRunStore(state),
            sync_budget=QuotaStore(
                state,
                "get_wxa_followers",
                min(int(outputs["SyncDailyCalls"]), int(outputs["DailyCallQuota"])),
            ),
            functions=boto3.client("lambda", config=_PATIENT),
            sqs=boto3.client("sqs"),
        )
    except KeyError as error:
        raise _no_output(name, error.args[0]) from error


def sentence_for(error: BotoCoreError | ClientError) -> str:
    """Say what went wrong between the laptop and AWS, in one line."""
    if isinstance(error, ClientError):
        said = error.response["Error"]
        return f"AWS refused {error.operation_name}: {said.get('Message', said.get('Code'))}"
    return f"AWS can't be used: {error}"


def _no_output(stack: str, output: str) -> Misconfigured:
    return Misconfigured(f"The stack {stack} has no output {output}; is it a stack of wxlive?")


def _outputs(name: str) -> dict[str, str]:
    try:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            raise Misconfigured(
                f"There is no stack {name} in this account and region; deploy it, or name it "
                "with --stack or WXLIVE_STACK"
            ) from error
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
