"""``wxlive doctor``: is everything ready for the show? It looks, judges, and never breaks off."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import boto3
import click
import requests
from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table
from rich.text import Text

from wxlive.crypto import signature
from wxlive.errors import WxliveError
from wxlive.settings import MessageMode, Secrets
from wxlive.stores.secrets import SecretStore
from wxlive_cli import doctor_checks as checks
from wxlive_cli.console import DONE, NOT_ALL_WELL, Outcome, stack_name_command
from wxlive_cli.doctor_checks import Finding, Level, broken
from wxlive_cli.stack import Stack, connect, sentence_for

SCHEDULES = ("follower-sync", "follower-sync-continue", "live-watch")
CALLBACK_PATIENCE_S = 10

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.BROKEN: "red"}


@dataclass(frozen=True)
class Patient:
    """A stack under examination: each fact is gathered when a check asks for it, once."""

    stack: Stack
    callback_url: str | None

    @cached_property
    def described(self) -> dict[str, Any]:
        """What CloudFormation says of the stack."""
        found: Any = boto3.client("cloudformation").describe_stacks(StackName=self.stack.name)
        described: dict[str, Any] = found["Stacks"][0]
        return described

    @cached_property
    def secrets(self) -> Secrets:
        """The secret that the functions read."""
        client = boto3.client("secretsmanager")
        return SecretStore(client, self.stack.output("WechatSecretName")).load()

    @cached_property
    def seen_from_inside(self) -> dict[str, Any]:
        """What WeChat says to the stack, whose address is not this machine's; and the skew."""
        asked_at = time.time()
        answer = self.stack.ask("LiveWatchFunction", {"check": True})
        between = (asked_at + time.time()) / 2
        return {"apis": answer["apis"], "ahead_s": between - answer["now"]}

    @property
    def mode(self) -> MessageMode:
        """The stack's message mode."""
        parameters = {
            parameter["ParameterKey"]: parameter["ParameterValue"]
            for parameter in self.described["Parameters"]
        }
        return MessageMode(parameters["MessageMode"])


@click.command()
@click.option(
    "--callback-url", help="Where WeChat calls, if not at the stack's own CallbackUrl (a domain)."
)
@stack_name_command
def doctor(name: str, *, callback_url: str | None) -> Outcome:
    """Check in seconds whether everything is ready. Exits with 1 if something is broken.

    \b
    It changes nothing. Examples:
      wxlive doctor
      wxlive doctor --json | jq '.checks[] | select(.level != "ok")'
    """  # noqa: D301 - \b keeps click from wrapping the lines
    findings = examine(name, callback_url)
    levels = Counter(finding.level for finding in findings)
    facts = {
        **{level.value: levels[level] for level in Level},
        "checks": [asdict(finding) for finding in findings],
    }
    code = NOT_ALL_WELL if levels[Level.BROKEN] else DONE
    return Outcome(facts, code=code, table=_table(findings))


def examine(name: str, callback_url: str | None) -> list[Finding]:
    """Do every check; one that can't be done is broken and says why."""
    try:
        patient = Patient(connect(name), callback_url)
    except (WxliveError, BotoCoreError, ClientError) as error:
        return [broken("stack", _sentence(error), "check the credentials and --stack")]
    return [finding for check in CHECKS for finding in _done(check, patient)]


Check = Callable[[Patient], Finding | Iterable[Finding]]


def _done(check: Check, patient: Patient) -> list[Finding]:
    try:
        found = check(patient)
        return [found] if isinstance(found, Finding) else list(found)
    except Exception as error:  # noqa: BLE001 - whatever ails one check, the others are done
        return [broken(check.__name__.strip("_"), _sentence(error), "mend that, then ask again")]


def _sentence(error: Exception) -> str:
    if isinstance(error, BotoCoreError | ClientError):
        return sentence_for(error)
    return str(error) if isinstance(error, WxliveError) else f"failed with {type(error).__name__}"


# ------------------------------------------------------- each gathers, then has it judged


def _stack(patient: Patient) -> Finding:
    account = boto3.client("sts").get_caller_identity()["Account"]
    region = boto3.client("cloudformation").meta.region_name
    return checks.judge_stack(patient.described["StackStatus"], account, region)


def _secret(patient: Patient) -> Finding:
    return checks.judge_secret(patient.secrets, patient.mode)


def _wechat(patient: Patient) -> Finding:
    egress = patient.stack.outputs.get("EgressAddress")
    return checks.judge_wechat(patient.seen_from_inside["apis"], egress)


def _quota(patient: Patient) -> list[Finding]:
    return checks.judge_quotas(patient.seen_from_inside["apis"])


def _callback(patient: Patient) -> Finding:
    echo, nonce, timestamp = uuid.uuid4().hex, uuid.uuid4().hex, str(int(time.time()))
    query = {
        "signature": signature(patient.secrets.tokens[0], timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": echo,
    }
    url = patient.callback_url or patient.stack.output("CallbackUrl")
    answer = requests.get(url, params=query, timeout=CALLBACK_PATIENCE_S)
    return checks.judge_callback(answer.status_code, answer.text, echo)


def _sync(patient: Patient) -> Finding:
    return checks.judge_sync(patient.stack.runs.newest(), time.time())


def _queues(patient: Patient) -> Iterator[Finding]:
    urls = {name: url for name, url in patient.stack.outputs.items() if name.endswith("Url")}
    del urls["CallbackUrl"]
    for name, url in urls.items():
        answer = patient.stack.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        messages = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        yield checks.judge_queue(name.removesuffix("Url"), messages)


def _schedules(patient: Patient) -> Iterator[Finding]:
    scheduler = boto3.client("scheduler")
    for name in SCHEDULES:
        schedule = scheduler.get_schedule(Name=f"{patient.stack.name}-{name}")
        yield checks.judge_schedule(name, schedule["State"], schedule["ScheduleExpression"])


def _alarms(patient: Patient) -> Finding:
    topic = patient.stack.output("AlarmTopic")
    found = boto3.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = sum(each["SubscriptionArn"].startswith("arn:") for each in found)
    return checks.judge_alarms(confirmed, len(found) - confirmed)


def _clock(patient: Patient) -> Finding:
    return checks.judge_clock(patient.seen_from_inside["ahead_s"])


CHECKS: tuple[Check, ...] = (
    _stack,
    _secret,
    _wechat,
    _quota,
    _callback,
    _sync,
    _queues,
    _schedules,
    _alarms,
    _clock,
)


def _table(findings: list[Finding]) -> Table:
    table = Table(title="Is everything ready?", title_justify="left", show_header=False, box=None)
    for finding in findings:
        says = Text(finding.says)
        if finding.do:
            says.append(f"\n→ {finding.do}", style="bold")
        level = Text(finding.level.value, style=_COLOURS[finding.level])
        table.add_row(level, finding.check, says)
    return table
