"""What `wxlive doctor` makes of what it found. Pure: facts in, a finding out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wxlive.settings import MessageMode, Secrets
from wxlive.sync_runs import RunState, SyncRun

SYNC_FRESH_S = 36 * 3600
"""A daily sync that failed once is worth a warning before the next."""

SKEW_ALLOWED_S = 30
QUOTA_LOW_PERCENT = 10
NOT_ON_THE_LIST = frozenset({40164, 61004, 45035})
"""WeChat's ways of saying that the caller's address is not on the IP allow-list."""


class Level(StrEnum):
    """How well it is."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, what to do (empty where all is well)."""

    check: str
    level: Level
    says: str
    do: str = ""


def ok(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, says)


def warning(check: str, says: str, do: str) -> Finding:
    """It works, but look at it."""
    return Finding(check, Level.WARNING, says, do)


def broken(check: str, says: str, do: str) -> Finding:
    """It does not work."""
    return Finding(check, Level.BROKEN, says, do)


def judge_stack(status: str, account: str, region: str) -> Finding:
    """Judge the state of the CloudFormation stack."""
    says = f"{status.lower()} in account {account}, {region}"
    if status.endswith("_IN_PROGRESS"):
        return warning("stack", says, "wait until the deployment is done")
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        return broken("stack", says, "deploy again: make deploy ENV=prod")
    return ok("stack", says)


def judge_secret(secrets: Secrets, mode: MessageMode) -> Finding:
    """Judge whether the secret is complete, and shaped as the console gives it."""
    again = "correct it with `wxlive configure`"
    if mode is not MessageMode.PLAINTEXT and not secrets.aes_keys:
        return broken("secret", f"no aes_key, which {mode} mode needs", again)
    odd = [
        name
        for name, pattern, value in (
            ("appid", r"wx[0-9a-z]{16}", secrets.appid),
            ("secret", r"[0-9a-f]{32}", secrets.secret),
            ("token", r"[A-Za-z0-9]{3,32}", secrets.tokens[0]),
        )
        if not re.fullmatch(pattern, value)
    ]
    if odd:
        return warning("secret", f"unusual {', '.join(odd)}", f"compare with the console; {again}")
    if len(secrets.tokens) > 1 or len(secrets.aes_keys) > 1:
        do = "once the console was changed: wxlive rotate --finish"
        return warning("secret", "complete; a rotation is under way", do)
    return ok("secret", "complete and well formed")


def judge_wechat(apis: Mapping[str, Mapping[str, Any]], egress: str | None) -> Finding:
    """Judge whether WeChat gives a token and lets the stack's address in."""
    refusals = [api for api in apis.values() if "sentence" in api]
    if not refusals:
        return ok("wechat", "gives a token" + (f" to {egress}" if egress else ""))
    first = refusals[0]
    if first["errcode"] in NOT_ON_THE_LIST:
        do = "put the address on the list in the console (Development, IP allow-list)"
        return broken("wechat", first["sentence"], f"{do}; docs/operations.md on a fixed address")
    return broken("wechat", first["sentence"], "mend it, then ask the doctor again")


def judge_quotas(apis: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """Judge what is left of each API's calls today."""
    return [
        _judge_quota(path.rsplit("/", 1)[-1], api) for path, api in apis.items() if "used" in api
    ]


def _judge_quota(name: str, api: Mapping[str, Any]) -> Finding:
    check, limit = f"quota {name}", api["daily_limit"]
    left = max(0, limit - api["used"])
    says = f"{left:,} of {limit:,} calls left today"
    if not left:
        return broken(check, says, "it goes on when WeChat's day turns")
    if left * 100 < limit * QUOTA_LOW_PERCENT:
        return warning(check, says, "see which program of yours uses them up")
    return ok(check, says)


def judge_callback(status: int, body: str, echo: str) -> Finding:
    """Judge the answer to a URL verification signed as WeChat's would be."""
    if (status, body) == (200, echo):
        return ok("callback", "answers a signed verification")
    says = f"answers {status} instead of the echo"
    if status == 403:  # noqa: PLR2004 - HTTP's own number
        return broken(
            "callback", says, "the secret's token changed? wait five minutes; its log says"
        )
    return broken("callback", says, "read the log group /wxlive/STACK/callback")


def judge_sync(run: SyncRun | None, now_s: float) -> Finding:
    """Judge the newest sync run: its age and its end."""
    if run is None:
        return warning("sync", "never ran", "wxlive sync --wait")
    age_s = now_s - run.started_at
    says = f"{run.state.value}, begun {age_s / 3600:.1f} h ago, {run.listed:,} followers listed"
    if run.state not in {RunState.DONE, RunState.OPEN}:
        return broken("sync", f"{says}: {run.reason}", "mend it, then wxlive sync --wait")
    if age_s > SYNC_FRESH_S:
        return warning("sync", says, "wxlive sync --wait; is its schedule on?")
    if not run.listed and run.state is RunState.DONE:
        return warning("sync", says, "compare with the console: does anybody follow?")
    return ok("sync", says)


def judge_queue(name: str, messages: int) -> Finding:
    """Judge what lies in a queue; in one for dead letters nothing may."""
    check = f"queue {name}"
    if not messages:
        return ok(check, "empty")
    says = f"{messages:,} messages"
    if "Letter" in name or "Aside" in name:
        return broken(check, says, "wxlive dlq show, read the log, then wxlive dlq replay")
    return warning(check, says, "normal while something is sent; else look at `wxlive status`")


def judge_schedule(name: str, state: str, expression: str) -> Finding:
    """Judge whether a schedule is on."""
    check, says = f"schedule {name}", f"{state.lower()}, {expression}"
    if state == "ENABLED":
        return ok(check, says)
    return broken(check, says, "enable it in the EventBridge Scheduler console")


def judge_alarms(confirmed: int, pending: int) -> Finding:
    """Judge whether an alarm reaches anybody."""
    if confirmed:
        return ok("alarms", f"{confirmed} subscribers")
    if pending:
        return warning("alarms", "not confirmed yet", "confirm the mail from AWS Notifications")
    return warning("alarms", "nobody is told", "deploy with AlarmEmail=you@example.com")


def judge_clock(ahead_s: float) -> Finding:
    """Judge this machine's clock against the stack's."""
    says = f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} the stack's"
    if abs(ahead_s) > SKEW_ALLOWED_S:
        return warning("clock", says, "set this machine's clock: what it signs looks stale")
    return ok("clock", "agrees with the stack's")
