"""The probes of ``wxlive doctor``: each reads facts about a stack and has them checked."""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError

from wxlive.errors import WxliveError
from wxlive.robots.robot import is_of_local_run
from wxlive.settings import MessageMode, Secrets
from wxlive.stores.secrets import SecretStore, read_robot
from wxlive.telemetry import NOT_PINNED
from wxlive.wechat.crypto import signature
from wxlive_cli.aws_errors import describe_error
from wxlive_cli.doctor import checks
from wxlive_cli.doctor.checks import Finding, broken
from wxlive_cli.planned.command import list_plans
from wxlive_cli.stack import Description, Stack, callback_url, connect, describe_stack
from wxlive_cli.stored_secret import load_secret, store_secret
from wxlive_cli.wechat_secret import ORIGINAL_ID

SCHEDULES = ("follower-sync", "follower-sync-continue", "live-watch", "push-reconcile")
CALLBACK_TIMEOUT_S = 10

ADDRESSEES_S = 7 * 86_400
ADDRESSEES_READ = 1000
"""How far back, and in how many messages, the account is looked for."""


@dataclass(frozen=True)
class Subject:
    """The stack that is examined. A fact that several probes need is read once."""

    stack: Stack
    callback_url: str | None

    @cached_property
    def description(self) -> Description:
        """The stack as CloudFormation describes it."""
        return describe_stack(self.stack.name)

    @cached_property
    def secrets(self) -> Secrets:
        """The secret that the functions read."""
        client = boto3.client("secretsmanager")
        return SecretStore(client, self.stack.output("WechatSecretName")).load()

    @cached_property
    def wechat(self) -> Mapping[str, Any]:
        """What WeChat answers the stack, which calls from another address than this machine.

        ``apis`` holds WeChat's answers by path; ``ahead_s`` is how far this machine's clock is
        ahead of the stack's, ``ahead_of_wechat_s`` how far the stack's is ahead of WeChat's;
        ``boto3`` is the version of the functions' SDK, None before version 0.2.
        """
        asked_at = time.time()
        answer = self.stack.invoke("LiveWatchFunction", {"check": True})
        midway = (asked_at + time.time()) / 2
        return {
            "apis": answer["apis"],
            "ahead_s": midway - answer["now"],
            "ahead_of_wechat_s": answer.get("ahead_of_wechat_s"),
            "boto3": answer.get("boto3"),
        }

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters that the stack was deployed with."""
        return self.description.parameters

    @property
    def mode(self) -> MessageMode:
        """The message mode that the stack was deployed with."""
        return MessageMode(self.parameters["MessageMode"])


Probe = Callable[[Subject], Finding | Iterable[Finding]]


def examine(name: str, callback_url: str | None) -> list[Finding]:
    """Run every probe on the stack of this name.

    A probe that fails, for whatever reason, becomes a broken finding; the others still run.

    Args:
        name: the name of the stack.
        callback_url: where WeChat sends callbacks, if not to the stack's own ``CallbackUrl``.
    """
    try:
        subject = Subject(connect(name), callback_url)
    except (WxliveError, BotoCoreError, ClientError) as error:
        return [broken("stack", _describe(error), "check the AWS credentials and --stack")]
    return [finding for name, probe in PROBES.items() for finding in _run(name, probe, subject)]


def _run(name: str, probe: Probe, subject: Subject) -> list[Finding]:
    try:
        found = probe(subject)
        return [found] if isinstance(found, Finding) else list(found)
    except Exception as error:  # noqa: BLE001 - whatever fails in one probe, the others run
        return [broken(name, _describe(error), "fix it, then run `wxlive doctor` again")]


def _describe(error: Exception) -> str:
    if isinstance(error, BotoCoreError | ClientError):
        return describe_error(error)
    # The text of other errors may contain a secret, as part of a URL.
    return str(error) if isinstance(error, WxliveError) else f"failed with {type(error).__name__}"


def _stack(subject: Subject) -> Finding:
    account = boto3.client("sts").get_caller_identity()["Account"]
    region = boto3.client("cloudformation").meta.region_name
    return checks.check_stack(subject.description.status, account, region)


def _secret(subject: Subject) -> Finding:
    return checks.check_secret(subject.secrets, subject.mode)


def _forgotten(subject: Subject) -> list[Finding]:
    is_anybody = subject.stack.forgotten.is_anybody()
    return [checks.check_forgotten(subject.secrets)] if is_anybody else []


def _account(subject: Subject) -> list[Finding]:
    """Learn the account from recent plaintext messages, and pin it if they agree on one."""
    if subject.mode is not MessageMode.PLAINTEXT:
        return []
    pinned = subject.secrets.original_id
    addressees = set() if pinned else _addressees(subject.stack.name)
    if len(addressees) == 1:
        stored = load_secret(subject.stack)
        store_secret(stored, {**stored.fields, "original_id": next(iter(addressees))})
    return [checks.check_account(pinned, addressees)]


def _addressees(stack_name: str) -> set[str]:
    """Return the accounts that the callback's log names."""
    pages = (
        boto3.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/wxlive/{stack_name}/callback",
            filterPattern=f'"{NOT_PINNED}"',
            startTime=int(1000 * (time.time() - ADDRESSEES_S)),
            PaginationConfig={"MaxItems": ADDRESSEES_READ},
        )
    )
    lines = (_read_line(event["message"]) for page in pages for event in page["events"])
    return {
        line["addressee"] for line in lines if ORIGINAL_ID.fullmatch(line.get("addressee") or "")
    }


def _read_line(text: str) -> Mapping[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def _wechat(subject: Subject) -> Finding:
    return checks.check_wechat(subject.wechat["apis"], subject.stack.outputs.get("EgressAddress"))


def _quota(subject: Subject) -> list[Finding]:
    return checks.check_quotas(subject.wechat["apis"])


def _callback(subject: Subject) -> Finding:
    echo, nonce, timestamp = uuid.uuid4().hex, uuid.uuid4().hex, str(int(time.time()))
    query = {
        "signature": signature(subject.secrets.tokens[0], timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": echo,
    }
    url = subject.callback_url or callback_url(subject.stack.outputs) or ""
    try:
        answer = requests.get(url, params=query, timeout=CALLBACK_TIMEOUT_S)
    except (requests.ConnectionError, requests.Timeout):
        return checks.check_unreachable_callback(url)
    allow_list = subject.parameters.get("CallbackAllowList") == "on"
    return checks.check_callback(answer.status_code, answer.text, echo, allow_list=allow_list)


def _architecture(subject: Subject) -> Finding:
    client = boto3.client("lambda")
    name = subject.stack.output("CallbackFunction")
    function = client.get_function_configuration(FunctionName=name)
    layers = [client.get_layer_version_by_arn(Arn=used["Arn"]) for used in function["Layers"]]
    built_for = [kind for layer in layers for kind in layer.get("CompatibleArchitectures", [])]
    return checks.check_architecture(function["Architectures"], built_for)


def _runtime(subject: Subject) -> Finding:
    return checks.check_runtime(
        subject.parameters.get("PythonRuntime", "python3.11"), subject.wechat["boto3"]
    )


def _concurrency(_subject: Subject) -> Finding:
    limit = boto3.client("lambda").get_account_settings()["AccountLimit"]
    return checks.check_concurrency(
        limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    )


def _sync(subject: Subject) -> Finding:
    return checks.check_sync(subject.stack.runs.newest(), time.time())


def _queues(subject: Subject) -> Iterator[Finding]:
    urls = {name: url for name, url in subject.stack.outputs.items() if name.endswith("Url")}
    del urls["CallbackUrl"]
    for name, url in urls.items():
        answer = subject.stack.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        messages = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        yield checks.check_queue(name.removesuffix("Url"), messages)


def _robot(subject: Subject) -> list[Finding]:
    name = subject.parameters.get("NotifyWebhookSecretName")
    if not name:
        return []
    client = boto3.client("secretsmanager")
    is_local = is_of_local_run(client.meta.endpoint_url)
    return [checks.check_robot(read_robot(client, name, is_local=is_local))]


def _schedules(subject: Subject) -> Iterator[Finding]:
    scheduler = boto3.client("scheduler")
    for name in SCHEDULES:
        schedule = scheduler.get_schedule(Name=f"{subject.stack.name}-{name}")
        yield checks.check_schedule(name, schedule["State"], schedule["ScheduleExpression"])


def _planned(subject: Subject) -> list[Finding]:
    rooms = subject.stack.rooms.all()
    offset_hours = subject.stack.day_offset_hours
    return [
        checks.check_plan(plan, rooms.get(plan.room_id), offset_hours)
        for plan in list_plans(subject.stack)
    ]


def _alarms(subject: Subject) -> Finding:
    topic = subject.stack.output("AlarmTopic")
    found = boto3.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = sum(each["SubscriptionArn"].startswith("arn:") for each in found)
    return checks.check_alarms(confirmed, len(found) - confirmed)


def _reasons(subject: Subject) -> Finding:
    pages = boto3.client("cloudwatch").get_paginator("list_metrics")
    found = pages.paginate(Namespace=f"wxlive/{subject.stack.name}", RecentlyActive="PT3H")
    return checks.check_reasons(
        metric["MetricName"] for page in found for metric in page["Metrics"]
    )


def _clock(subject: Subject) -> Finding:
    return checks.check_clock(subject.wechat["ahead_s"])


def _wechat_clock(subject: Subject) -> Finding:
    margin_s = int(subject.parameters.get("ClockMarginSeconds", 0))
    return checks.check_wechat_clock(subject.wechat["ahead_of_wechat_s"], margin_s)


PROBES: Mapping[str, Probe] = {
    "stack": _stack,
    "secret": _secret,
    "forgotten": _forgotten,
    "account": _account,
    "wechat": _wechat,
    "quota": _quota,
    "callback": _callback,
    "architecture": _architecture,
    "runtime": _runtime,
    "concurrency": _concurrency,
    "sync": _sync,
    "queues": _queues,
    "robot": _robot,
    "schedules": _schedules,
    "planned": _planned,
    "alarms": _alarms,
    "operator": _reasons,
    "clock": _clock,
    "wechat clock": _wechat_clock,
}
