"""``wxlive rotate``: new token and AES key, with no callback refused in between.

The functions accept the previous ones as long as the secret holds them, and count which fit.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import click

from wxlive.errors import Refused
from wxlive.settings import Secrets
from wxlive.stores.secrets import KEPT_S
from wxlive.telemetry import Metric
from wxlive_cli.configure import generated
from wxlive_cli.console import DONE, NOT_ALL_WELL, Outcome, facts_table, stack_command, words
from wxlive_cli.stack import Stack

QUIET_S = 900
"""The previous values may go once nothing was signed with them for so long."""

_PREVIOUS = ("previous_token", "previous_aes_key")


@click.command()
@click.option("--finish", is_flag=True, help="Remove the previous values, if nothing needs them.")
@click.option("--force", is_flag=True, help="With --finish: remove them in any case.")
@stack_command
def rotate(stack: Stack, *, finish: bool, force: bool) -> Outcome:
    """Rotate the token and the AES key of the callback.

    \b
    Examples:
      wxlive rotate           new ones, and what to paste; the same when repeated
      wxlive rotate --finish  removes the previous ones, once nothing needs them
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if force and not finish:
        raise Refused("--force goes with --finish")
    held = _held(stack)
    if finish:
        return _finish(stack, held, force=force)
    return _show(stack, held if held.under_way else _renew(held))


@dataclass(frozen=True, slots=True)
class Held:
    """What the secret holds. ``since_s`` (Unix s) is when it was written."""

    name: str
    fields: Mapping[str, Any]
    since_s: float

    @property
    def under_way(self) -> bool:
        """Whether previous values are still accepted."""
        return any(self.fields.get(field) for field in _PREVIOUS)


def renewed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The secret with a new token and key, and those of today as the previous ones."""
    fresh = {**fields, "token": generated("token"), "previous_token": fields["token"]}
    if fields.get("aes_key"):
        fresh |= {"aes_key": generated("aes_key"), "previous_aes_key": fields["aes_key"]}
    return fresh


def _held(stack: Stack) -> Held:
    name = stack.output("WechatSecretName")
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=name)
    Secrets.from_json(answer["SecretString"], f"The secret {name}")
    return Held(name, json.loads(answer["SecretString"]), answer["CreatedDate"].timestamp())


def _write(held: Held, fields: Mapping[str, Any]) -> Held:
    boto3.client("secretsmanager").put_secret_value(
        SecretId=held.name, SecretString=json.dumps(dict(fields))
    )
    return Held(held.name, fields, time.time())


def _renew(held: Held) -> Held:
    return _write(held, renewed(held.fields))


def _show(stack: Stack, held: Held) -> Outcome:
    """Show what goes into the console, and when: every function must have read it by then."""
    facts = {
        "state": "under way",
        "url": stack.output("CallbackUrl"),
        "token": held.fields["token"],
        "aes_key": held.fields.get("aes_key") or None,
        "paste_at": int(held.since_s) + KEPT_S,
    }
    words.print(
        "Paste these into the WeChat console (Development, Message push) at the time shown, not "
        "before, and save: WeChat verifies them at once. Then: wxlive rotate --finish"
    )
    return Outcome(facts, table=facts_table("Rotation", facts))


def _finish(stack: Stack, held: Held, *, force: bool) -> Outcome:
    if not held.under_way:
        raise Refused("No rotation is under way; wxlive rotate begins one")
    now_s = time.time()
    # Until then a function may take the previous values for the current ones; CloudWatch counts
    # by the minute.
    known_s = held.since_s + KEPT_S + 60
    previous = _counted(
        stack, Metric.CALLBACK_PREVIOUS_SECRETS, max(known_s, now_s - QUIET_S), now_s
    )
    current = _counted(stack, Metric.CALLBACK_CURRENT_SECRETS, known_s, now_s)
    facts = {"state": "finished", "previous_used": previous, "current_used": current}
    if not force and (previous or not current):
        words.print(_still_needed(previous))
        return _told(facts | {"state": "under way"}, NOT_ALL_WELL)
    _write(held, {k: v for k, v in held.fields.items() if k not in _PREVIOUS})
    return _told(facts, DONE)


def _told(facts: Mapping[str, Any], code: int) -> Outcome:
    return Outcome(facts, code=code, table=facts_table("Rotation", facts))


def _still_needed(previous: int) -> str:
    if previous:
        return (
            f"{previous} callbacks of the last {QUIET_S // 60} minutes needed the previous values: "
            "save the new ones in the console (wxlive rotate shows them), then try again"
        )
    return (
        "No callback was seen with the new values yet: save them in the console, give CloudWatch "
        "two minutes to count, then try again; --force finishes in any case"
    )


def _counted(stack: Stack, metric: Metric, start_s: float, end_s: float) -> int:
    """How often the callback counted something, as CloudWatch knows it: a minute or two late."""
    if start_s >= end_s:
        return 0
    client: Any = boto3.client("cloudwatch")
    answer = client.get_metric_statistics(
        Namespace=f"wxlive/{stack.name}",
        MetricName=metric.value,
        Dimensions=[{"Name": "service", "Value": "callback"}],
        StartTime=datetime.fromtimestamp(start_s, UTC),
        EndTime=datetime.fromtimestamp(end_s, UTC),
        Period=60,
        Statistics=["Sum"],
    )
    return int(sum(point["Sum"] for point in answer["Datapoints"]))
