"""``wxlive rotate``: replace the token and the AES key without refusing a callback.

The callback accepts the previous values as long as the secret holds them, and counts which values
were used.
"""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from gettext import gettext as _
from typing import Any

import boto3
import click

from wxlive.errors import InvalidCommand
from wxlive.stores.secrets import KEPT_S
from wxlive.telemetry import Metric
from wxlive_cli.console import CommandResult, say, stack_command
from wxlive_cli.exit_codes import DONE, NEEDS_ATTENTION
from wxlive_cli.formatting import format_quantity
from wxlive_cli.recording import note_option, recorded
from wxlive_cli.stack import Stack, callback_url
from wxlive_cli.stored_secret import StoredSecret, load_secret, store_secret
from wxlive_cli.tables import facts_table
from wxlive_cli.time_parsing import format_times
from wxlive_cli.wechat_secret import (
    GENERATED_FIELDS,
    PREVIOUS_FIELDS,
    change_fields,
    generate,
)

QUIET_S = 900
"""The previous values may be removed once no callback has used them for this long."""

_PERIODS_S = (60, 300, 3600)
_MAX_POINTS = 1440
"""CloudWatch gives at most so many values at once, and keeps those of a minute for 15 days, of five
minutes for 63, of an hour for 455. So the longer ago, the coarser."""


@click.command()
@click.option(
    "--finish", is_flag=True, help="Remove the previous values if no callback uses them any more."
)
@click.option("--force", is_flag=True, help="With --finish: remove them in any case.")
@note_option
@stack_command
def rotate(stack: Stack, *, finish: bool, force: bool, note: str) -> CommandResult:
    """Replace the token and the AES key of the callback.

    \b
    Examples:
      wxlive rotate           generate new values; repeated, show them again
      wxlive rotate --finish  remove the previous values once nothing uses them
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if force and not finish:
        raise click.UsageError(_("--force requires --finish"))
    stored = load_secret(stack)
    if finish:
        with recorded(stack, "rotate --finish", note):
            return _finish(stack, stored, force=force)
    if not stored.is_rotating:
        with recorded(stack, "rotate", note):
            stored = _begin(stored)
    return _show(stack, stored)


def _begin(stored: StoredSecret) -> StoredSecret:
    in_use = [name for name in GENERATED_FIELDS if stored.fields.get(name)]
    new = {name: generate(name) for name in in_use}
    return store_secret(stored, change_fields(stored.fields, new))


def _show(stack: Stack, stored: StoredSecret) -> CommandResult:
    """Show the new values, and when every function has read them."""
    facts = {
        "state": "under way",
        "url": callback_url(stack.outputs),
        "token": stored.fields["token"],
        "aes_key": stored.fields.get("aes_key") or None,
        "paste_at": int(stored.since_s) + KEPT_S,
    }
    say(
        _(
            "Enter these values in the WeChat console (Development, Message push) at "
            "the time shown, not earlier, and save: WeChat verifies them at once. "
            "Then run `wxlive rotate --finish`."
        )
    )
    return _result(stack, facts, DONE)


def _finish(stack: Stack, stored: StoredSecret, *, force: bool) -> CommandResult:
    if not stored.is_rotating:
        raise InvalidCommand("No rotation is under way; start one with `wxlive rotate`")
    now_s = time.time()
    # Until then a function may still hold the previous values as the current ones. CloudWatch
    # counts by the minute.
    read_s = stored.since_s + KEPT_S + 60
    quiet_s = max(read_s, now_s - QUIET_S)
    previous = sum(_counts(stack, Metric.CALLBACK_PREVIOUS_SECRETS, quiet_s, now_s).values())
    last_previous_s = max(
        _counts(stack, Metric.CALLBACK_PREVIOUS_SECRETS, read_s, now_s), default=0
    )
    current = sum(
        count
        for at_s, count in _counts(stack, Metric.CALLBACK_CURRENT_SECRETS, read_s, now_s).items()
        if at_s > last_previous_s
    )
    facts = {"state": "finished", "previous_used": previous, "current_used": current}
    if not force and (previous or not current):
        say(_why_not_finished(previous))
        return _result(stack, facts | {"state": "under way"}, NEEDS_ATTENTION)
    store_secret(stored, {k: v for k, v in stored.fields.items() if k not in PREVIOUS_FIELDS})
    if previous or not current:
        say(_what_force_risks(previous))
    return _result(stack, facts, DONE)


def _result(stack: Stack, facts: Mapping[str, Any], code: int) -> CommandResult:
    screen = facts_table(_("Rotation"), format_times(facts, stack.day_offset_hours))
    return CommandResult(facts, code, screen)


def _what_force_risks(previous: int) -> str:
    if previous:
        return _(
            "The previous values are removed, although {callbacks} of the last "
            "{minutes} minutes used them: unless the WeChat console has the new "
            "ones, callbacks are refused from now on."
        ).format(callbacks=format_quantity(previous, "callback"), minutes=QUIET_S // 60)
    return _(
        "The previous values are removed, although no message has used the new "
        "ones yet: unless the WeChat console has them, callbacks are refused "
        "from now on."
    )


def _why_not_finished(previous: int) -> str:
    if previous:
        return _(
            "{callbacks} of the last {minutes} minutes used the previous "
            "values: save the new ones in the WeChat console (`wxlive rotate` shows "
            "them), then try again."
        ).format(callbacks=format_quantity(previous, "callback"), minutes=QUIET_S // 60)
    return _(
        "No message has used the new values since the previous ones were last "
        "used: save them in the WeChat console, wait for a message (or send one "
        "with the console's debugging tool) and two minutes for CloudWatch, then "
        "try again; --force finishes in any case."
    )


def _counts(stack: Stack, metric: Metric, start_s: float, end_s: float) -> dict[float, int]:
    """Return how often the callback counted something, by the beginning of each period (Unix s).

    CloudWatch lags by a minute or two.
    """
    start_s = max(start_s, end_s - _MAX_POINTS * _PERIODS_S[-1])
    period_s = next(each for each in _PERIODS_S if end_s - start_s <= _MAX_POINTS * each)
    # A period that began before the start may hold what was counted before it.
    start_s = math.ceil(start_s / period_s) * period_s
    if start_s >= end_s:
        return {}
    client: Any = boto3.client("cloudwatch")
    answer = client.get_metric_statistics(
        Namespace=f"wxlive/{stack.name}",
        MetricName=metric.value,
        Dimensions=[{"Name": "service", "Value": "callback"}],
        StartTime=datetime.fromtimestamp(start_s, UTC),
        EndTime=datetime.fromtimestamp(end_s, UTC),
        Period=period_s,
        Statistics=["Sum"],
    )
    points = ((point["Timestamp"].timestamp(), int(point["Sum"])) for point in answer["Datapoints"])
    return {at_s: count for at_s, count in points if count}
