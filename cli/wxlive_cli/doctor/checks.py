"""The checks of ``wxlive doctor``. Pure: each takes facts and returns a finding."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from wxlive.aws import OLDEST_BOTO3
from wxlive.domain.rooms import Room
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.robots.robot import Robot
from wxlive.settings import MessageMode, Secrets
from wxlive.telemetry import NEEDS_OPERATOR
from wxlive_cli.planned.plans import PlannedPush
from wxlive_cli.time_parsing import format_time
from wxlive_cli.wechat_secret import FORMATS

SYNC_FRESH_S = 36 * 3600
"""A daily sync that failed once deserves a warning before the next one."""

CONCURRENCY_WANTED = 50
"""Concurrent executions: a burst of callbacks, the push workers, and one of each other function."""

SKEW_ALLOWED_S = 30
QUOTA_LOW_PERCENT = 10
ADDRESS_REFUSED = frozenset({40164, 61004, 45035})
"""The error codes for a caller whose address is not on the IP allow-list:
docs/wechat-protocol.md#error-codes."""


class Level(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check: what it says, and what to do (empty if everything is fine)."""

    check: str
    level: Level
    says: str
    do: str = ""


def ok(check: str, says: str) -> Finding:
    """Return a finding that needs no action."""
    return Finding(check, Level.OK, says)


def warning(check: str, says: str, do: str) -> Finding:
    """Return a finding about something that works but may need action."""
    return Finding(check, Level.WARNING, says, do)


def broken(check: str, says: str, do: str) -> Finding:
    """Return a finding about something that does not work."""
    return Finding(check, Level.BROKEN, says, do)


def check_stack(status: str, account: str, region: str) -> Finding:
    """Check the status of the CloudFormation stack."""
    says = f"{status.lower()} in account {account}, {region}"
    if status.endswith("_IN_PROGRESS"):
        return warning("stack", says, "wait until the deployment is done")
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        return broken("stack", says, "deploy it again: make deploy ENV=prod")
    return ok("stack", says)


def check_secret(secrets: Secrets, mode: MessageMode) -> Finding:
    """Check that the secret is complete and looks like what the console issues."""
    correct_it = "correct it with `wxlive configure`"
    if mode is not MessageMode.PLAINTEXT and not secrets.aes_keys:
        return broken("secret", f"no aes_key, which {mode} mode requires", correct_it)
    values = {"appid": secrets.appid, "secret": secrets.secret, "token": secrets.tokens[0]}
    unusual = [name for name in values if not FORMATS[name][0].fullmatch(values[name])]
    if unusual:
        do = f"compare it with the WeChat console; {correct_it}"
        return warning("secret", f"unusual {', '.join(unusual)}", do)
    if len(secrets.tokens) > 1 or len(secrets.aes_keys) > 1:
        do = "once the WeChat console has the new values, run `wxlive rotate --finish`"
        return warning("secret", "complete; a rotation is under way", do)
    return ok("secret", "complete and well formed")


def check_forgotten(secrets: Secrets) -> Finding:
    """Check, where somebody was forgotten, that the key by which they are recognised is there."""
    if secrets.pseudonym_key:
        return ok("forgotten", "who was forgotten is recognised by the secret's pseudonym_key")
    do = "put the former version of the secret back: docs/operations.md"
    return broken("forgotten", "no pseudonym_key, so syncs are refused", do)


def check_account(pinned: str, addressees: Collection[str]) -> Finding:
    """Check that plaintext messages are bound to one account.

    Args:
        pinned: the original ID in the secret; empty if there is none.
        addressees: the original IDs that recent messages were addressed to. If it is one, it is
            pinned now.
    """
    if pinned:
        return ok("account", f"plaintext messages must be addressed to {pinned}")
    match sorted(addressees):
        case [account]:
            says = f"plaintext messages must be addressed to {account} from five minutes on"
            do = (
                "compare it with the original ID (原始ID) in the settings of the WeChat console; "
                "correct it with `wxlive configure --original-id ID`"
            )
        case []:
            says = "plaintext messages to any account are accepted, and none has arrived"
            do = (
                "run `wxlive doctor` again after a message, or copy the original ID (原始ID) from "
                "the settings of the WeChat console: `wxlive configure --original-id ID`"
            )
        case several:
            says = f"plaintext messages are addressed to {', '.join(several)}; all are accepted"
            do = (
                "somebody may forge messages: copy the original ID (原始ID) from the settings of "
                "the WeChat console: `wxlive configure --original-id ID`"
            )
    return warning("account", says, do)


def check_wechat(apis: Mapping[str, Mapping[str, Any]], egress: str | None) -> Finding:
    """Check that WeChat issues a token and accepts calls from the stack's address."""
    refusals = [api for api in apis.values() if "sentence" in api]
    if not refusals:
        return ok("wechat", "issues a token" + (f" to {egress}" if egress else ""))
    refusal = refusals[0]
    if refusal["errcode"] in ADDRESS_REFUSED:
        do = (
            "add the address in the WeChat console (Development, IP allow-list); for a fixed "
            "address see docs/operations.md"
        )
        return broken("wechat", refusal["sentence"], do)
    return broken("wechat", refusal["sentence"], "fix it, then run `wxlive doctor` again")


def check_quotas(apis: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """Check how many calls are left today, API by API."""
    return [
        _check_quota(path.rsplit("/", 1)[-1], api) for path, api in apis.items() if "used" in api
    ]


def _check_quota(name: str, api: Mapping[str, Any]) -> Finding:
    check, limit = f"quota {name}", api["daily_limit"]
    left = max(0, limit - api["used"])
    says = f"{left:,} of {limit:,} calls left today"
    if not left:
        return broken(check, says, "wait until WeChat's next day begins")
    if left * 100 < limit * QUOTA_LOW_PERCENT:
        return warning(check, says, "find out which of your programs uses them")
    return ok(check, says)


def check_callback(status: int, body: str, echo: str, *, allow_list: bool = False) -> Finding:
    """Check the answer to a URL verification that was signed as WeChat signs it.

    Args:
        status: the HTTP status of the answer.
        body: the text of the answer.
        echo: what the answer should be.
        allow_list: whether the firewall admits WeChat's addresses only.
    """
    if (status, body) == (HTTPStatus.OK, echo):
        return ok("callback", "answers a signed verification")
    if allow_list and status == HTTPStatus.FORBIDDEN and "Forbidden" in body:
        do = "press save in the WeChat console (message push): WeChat verifies the URL at once"
        return warning("callback", "the allow-list admits WeChat, and not this machine", do)
    says = f"answers {status} instead of the echo"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return warning("callback", says, "try again; if it stays so, raise CallbackRateLimit")
    if status == HTTPStatus.FORBIDDEN:
        do = "if the token was just changed, wait five minutes; else read the callback's log"
        return broken("callback", says, do)
    return broken("callback", says, "read the log group /wxlive/STACK/callback")


def check_unreachable_callback(url: str) -> Finding:
    """Say what to do where the callback's URL does not answer at all."""
    do = (
        "check this machine's network, and the domain's DNS record; if WeChat calls another URL, "
        "give it with --callback-url"
    )
    return broken("callback", f"{url} does not answer", do)


def check_architecture(function: Sequence[str], layer: Sequence[str]) -> Finding:
    """Compare the architecture of the callback with those for which its layer was built."""
    says = f"{', '.join(function)}, with a layer for {', '.join(layer) or 'unknown'}"
    if set(function) <= set(layer):
        return ok("architecture", says)
    do = "deploy again with the Architecture you want; do not change a function by hand"
    return broken("architecture", says, do)


def check_runtime(runtime: str, boto3: str | None) -> Finding:
    """Check the version of boto3 that comes with the functions' runtime."""
    says = f"{runtime} with boto3 {boto3 or 'of an unknown version'}"
    if boto3 is None or _numbers(boto3) >= _numbers(OLDEST_BOTO3):
        return ok("runtime", says)
    do = f"deploy with a newer PythonRuntime: wxlive is tested with boto3 {OLDEST_BOTO3} and newer"
    return warning("runtime", says, do)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".") if number.isdecimal()]


def check_concurrency(limit: int, unreserved: int) -> Finding:
    """Check how many functions of the account may run at once."""
    says = f"{limit:,} concurrent executions in this account, {unreserved:,} of them unreserved"
    if unreserved >= CONCURRENCY_WANTED:
        return ok("concurrency", says)
    do = (
        "request more under Service Quotas (Lambda, Concurrent executions): callbacks and push "
        f"workers need up to {CONCURRENCY_WANTED}"
    )
    return warning("concurrency", says, do)


def check_sync(run: SyncRun | None, now_s: float) -> Finding:
    """Check the age and the state of the newest sync run."""
    if run is None:
        return warning("sync", "has never run", "run `wxlive sync --wait`")
    age_h = (now_s - run.started_at) / 3600
    says = f"{run.state.value}, started {age_h:.1f} h ago, {run.listed:,} followers listed"
    if run.state not in {RunState.DONE, RunState.OPEN}:
        return broken("sync", f"{says}: {run.reason}", "fix it, then run `wxlive sync --wait`")
    if now_s - run.started_at > SYNC_FRESH_S:
        return warning("sync", says, "run `wxlive sync --wait`, and check its schedule")
    if not run.listed and run.state is RunState.DONE:
        return warning("sync", says, "check in the WeChat console whether there are followers")
    if run.state is RunState.DONE and run.reason:
        return warning("sync", f"{says}: {run.reason}", "compare the numbers in the console")
    return ok("sync", says)


def check_queue(name: str, messages: int) -> Finding:
    """Check the length of a queue; the queues for dead letters and quarantine must be empty."""
    check = f"queue {name}"
    if not messages:
        return ok(check, "empty")
    says = f"{messages:,} waiting"
    if name.startswith("Notify") and "Letter" in name:
        return broken(check, says, "read the log of notify, then return them: docs/operations.md")
    if "Letter" in name:
        do = "run `wxlive dlq show`, read the log, then run `wxlive dlq replay`"
        return broken(check, says, do)
    if "Quarantine" in name:
        do = "read them, fix the cause, then move them to the backlog: docs/operations.md"
        return broken(check, says, do)
    return warning(check, says, "normal during a campaign; else run `wxlive status`")


def check_robot(robot: Robot) -> Finding:
    """Check the team's robot, as it is stored."""
    signed = "signed" if robot.secret else "not signed"
    return ok("robot", f"{robot.kind} at {robot.host}, {signed}")


def check_schedule(name: str, state: str, expression: str) -> Finding:
    """Check that a schedule is enabled."""
    check, says = f"schedule {name}", f"{state.lower()}, {expression}"
    if state == "ENABLED":
        return ok(check, says)
    return broken(check, says, "enable it in the EventBridge Scheduler console")


def check_plan(plan: PlannedPush, room: Room | None, offset_hours: int) -> Finding:
    """Check a planned push: its room must be known, and not over."""
    at = format_time(plan.at, offset_hours)
    says = f"room {plan.room_id} at {at}"
    remove = f"if that is wrong: `wxlive planned remove {plan.planned}`"
    if room is None:
        return warning("planned", f"{says}, and WeChat has not listed that room", remove)
    says = f"room {plan.room_id} ({room.name or room.status_words}) at {at}"
    if room.is_over:
        return warning("planned", f"{says}, and the room is {room.status_words}", remove)
    return ok("planned", says)


def check_alarms(confirmed: int, pending: int) -> Finding:
    """Check that somebody receives the alarms."""
    if confirmed:
        return ok("alarms", f"received by {confirmed:,}")
    if pending:
        return warning("alarms", "not confirmed yet", "confirm the mail from AWS Notifications")
    return warning("alarms", "nobody receives them", "deploy with AlarmEmail=you@example.com")


def check_reasons(recent: Iterable[str]) -> Finding:
    """Check which metrics that need the operator were counted within the last three hours."""
    reasons = sorted(set(recent) & {metric.value for metric in NEEDS_OPERATOR})
    if not reasons:
        return ok("operator", "not needed within the last three hours")
    do = "see docs/operations.md, When the operator is needed"
    return warning("operator", f"needed within the last three hours: {', '.join(reasons)}", do)


def check_clock(ahead_s: float) -> Finding:
    """Check this machine's clock against the stack's."""
    if abs(ahead_s) <= SKEW_ALLOWED_S:
        return ok("clock", "agrees with the stack's")
    says = (
        f"{ahead_s:.0f} s ahead of the stack's"
        if ahead_s > 0
        else f"{-ahead_s:.0f} s behind the stack's"
    )
    return warning("clock", says, "set this machine's clock: its signatures look stale")


def check_wechat_clock(ahead_s: float | None, margin_s: int) -> Finding:
    """Check the stack's clock against WeChat's ``Date`` header, and the margin that syncs keep."""
    if ahead_s is None:
        return ok("wechat clock", "WeChat does not show it")
    says = (
        f"the stack's is {ahead_s:.0f} s ahead of it"
        if ahead_s > 0
        else f"the stack's is {-ahead_s:.0f} s behind it"
    )
    if abs(ahead_s) <= margin_s / 2:
        return ok("wechat clock", says)
    do = f"deploy with a ClockMarginSeconds well above {abs(ahead_s):.0f}; it is {margin_s}"
    return warning("wechat clock", says, do)
