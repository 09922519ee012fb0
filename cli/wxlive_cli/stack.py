"""The deployed stack: its outputs, its tables, its functions."""

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from wxlive.domain.campaigns import Campaign
from wxlive.domain.reports import Joined, Report
from wxlive.errors import InvalidCommand, Misconfigured, RetryLater
from wxlive.settings import Secrets
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.days import DayStore
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.history import HistoryStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.living import LivingStore
from wxlive.stores.member_indexes import MemberIndexStore
from wxlive.stores.muted import MutedStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.reports import may_have_notified, read_joined, read_report
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.apis import Api

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

# push_start counts the followers before it answers, which takes minutes for millions of them.
_INVOKE_CONFIG = Config(read_timeout=905, retries={"total_max_attempts": 1})

# A command waits no longer for the name under which it is recorded.
_IDENTITY_CONFIG = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class Stack:
    """One deployed wxlive. ``parameters`` are those that it was deployed with.

    ``caller`` returns the AWS identity of the operator, ``command`` is the id of the command that
    is given.
    """

    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    followers: FollowerStore
    campaigns: CampaignStore
    living: LivingStore
    ledger: LedgerStore
    results: ResultStore
    except_lists: ExceptListStore
    muted: MutedStore
    forgotten: ForgottenStore
    members: MemberIndexStore
    rooms: RoomStore
    days: DayStore
    runs: SyncRunStore
    sync_budget: QuotaStore
    push_quota: QuotaStore
    history: HistoryStore
    functions: "LambdaClient"
    sqs: "SQSClient"
    caller: Callable[[], str]
    command: str = field(default_factory=lambda: uuid.uuid4().hex)

    def room_of_day(self, day: str) -> int | None:
        """Return the room that has a day at WeChat, None while nobody was notified that day."""
        holder = self.days.holder(day)
        if holder is None:
            return None
        offset_hours = self.day_offset_hours
        is_used = may_have_notified(holder[0], day, self.campaigns, self.ledger, offset_hours)
        return holder[0] if is_used else None

    @property
    def day_offset_hours(self) -> int:
        """The offset of WeChat's day from UTC."""
        return int(self.output("DayOffsetHours"))

    @property
    def push_rate_per_second(self) -> int:
        """The most openids that may be sent in a second."""
        return int(self.output("PushRatePerSecond"))

    @property
    def auto_push(self) -> bool:
        """Whether rooms are pushed by themselves when they go live."""
        return self.parameters.get("AutoPush") == "on"

    def output(self, output: str) -> str:
        """Return the value of an output.

        Raises:
            Misconfigured: the stack has no such output.
        """
        return _output(self.name, self.outputs, output)

    def report(self, campaign: Campaign) -> Report:
        """Return what became of a campaign so far."""
        return read_report(campaign, self.campaigns, self.ledger, self.results, time.time())

    def joined(self, campaign: Campaign) -> Joined:
        """Return the chunks of a campaign as they stand, with WeChat's results."""
        return read_joined(campaign, self.campaigns, self.ledger, self.results, time.time())

    def invoke(self, function: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke the function that an output names, and return its answer.

        Raises:
            InvalidCommand: the function refused; the message is its own.
            RetryLater: the function failed.
        """
        name = self.output(function)
        response = self.functions.invoke(FunctionName=name, Payload=json.dumps(dict(payload)))
        answer: object = json.loads(response["Payload"].read())
        if response.get("FunctionError") or not isinstance(answer, dict):
            raise RetryLater(
                f"The function {name} failed; read its log group under /wxlive/{self.name}/, "
                "then try again"
            )
        if "refused" in answer:
            raise InvalidCommand(answer["refused"])
        return answer

    def execute(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Have push_start execute a command once, however often it is delivered.

        Raises:
            InvalidCommand: push_start refused the command; the message is its own.
            RetryLater: push_start failed.
        """
        return self.invoke("PushStartFunction", {**payload, "command": self.command})

    def invoke_async(self, function: str, payload: Mapping[str, Any]) -> None:
        """Invoke the function that an output names, without waiting for it."""
        self.functions.invoke(
            FunctionName=self.output(function),
            InvocationType="Event",
            Payload=json.dumps(dict(payload)),
        )


def connect(name: str) -> Stack:
    """Find a stack by its name, with the usual AWS credentials.

    Raises:
        Misconfigured: there is no such stack, or it is not a stack of wxlive.
        BotoCoreError: there are no credentials or no region, or AWS is not reachable.
        ClientError: AWS refused to describe the stack.
    """
    described = describe_stack(name)
    outputs = described.outputs
    state = boto3.resource("dynamodb").Table(_output(name, outputs, "StateTable"))
    client = boto3.client("dynamodb")
    key = partial(_pseudonym_key, _output(name, outputs, "WechatSecretName"))
    daily_calls = int(_output(name, outputs, "DailyCallQuota"))
    sync_calls = min(int(_output(name, outputs, "SyncDailyCalls")), daily_calls)
    return Stack(
        name=name,
        outputs=outputs,
        parameters=described.parameters,
        followers=FollowerStore(client, _output(name, outputs, "FollowersTable")),
        campaigns=CampaignStore(state),
        living=LivingStore(state),
        ledger=LedgerStore(state),
        results=ResultStore(state),
        except_lists=ExceptListStore(state),
        muted=MutedStore(state),
        forgotten=ForgottenStore(client, state.name, lambda needed: key() if needed else ""),
        members=MemberIndexStore(state),
        rooms=RoomStore(state),
        days=DayStore(state),
        runs=SyncRunStore(state),
        sync_budget=QuotaStore(state, Api.GET_FOLLOWERS, sync_calls),
        push_quota=QuotaStore(state, Api.PUSH_MESSAGE, daily_calls),
        history=HistoryStore(state),
        functions=boto3.client("lambda", config=_INVOKE_CONFIG),
        sqs=boto3.client("sqs"),
        caller=_caller,
    )


def _pseudonym_key(name: str) -> str:
    """Return the key of the pseudonyms of those who were forgotten, "" if there is none."""
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=name)
    return Secrets.from_json(answer["SecretString"], f"The secret {name}").pseudonym_key


def _caller() -> str:
    """Return the ARN of the identity that the credentials are for."""
    return str(boto3.client("sts", config=_IDENTITY_CONFIG).get_caller_identity()["Arn"])


@dataclass(frozen=True, slots=True)
class Description:
    """A stack as CloudFormation describes it."""

    status: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]


def describe_stack(name: str) -> Description:
    """Read a stack's status, outputs and parameters.

    Raises:
        Misconfigured: there is no such stack.
    """
    try:
        client = boto3.client("cloudformation")
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            raise Misconfigured(
                f"There is no stack {name} in this account in {client.meta.region_name}; deploy "
                "it, or name another stack (--stack, WXLIVE_STACK) or region (AWS_DEFAULT_REGION)"
            ) from error
        raise
    except ValueError as error:
        raise Misconfigured(f"{error}; correct AWS_ENDPOINT_URL") from error
    given = ((one["ParameterKey"], one["ParameterValue"]) for one in stack.get("Parameters", []))
    outputs = ((one["OutputKey"], one["OutputValue"]) for one in stack.get("Outputs", []))
    return Description(stack["StackStatus"], dict(outputs), dict(given))


def callback_url(outputs: Mapping[str, str]) -> str | None:
    """Return the URL that WeChat calls: the stack's own, unless $WXLIVE_CALLBACK_URL names another.

    The local run does that, because no program can reach the URL that its stack has.
    """
    return os.environ.get("WXLIVE_CALLBACK_URL") or outputs.get("CallbackUrl")


def _output(stack: str, outputs: Mapping[str, str], output: str) -> str:
    try:
        return outputs[output]
    except KeyError as error:
        raise Misconfigured(
            f"The stack {stack} has no output {output}; is it a stack of wxlive?"
        ) from error
