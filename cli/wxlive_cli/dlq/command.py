"""``wxlive dlq``: the chunks that ``push_fanout`` gave up on after five crashes."""

import time
from gettext import gettext as _
from itertools import islice
from typing import Any

import click
from rich.console import RenderableType

from wxlive.stores.push_queue import ChunkMessage, OutcomeMessage, PushQueue
from wxlive_cli.console import CommandResult, say, stack_command
from wxlive_cli.dlq.dead_letters import DeadLetter, DeadLetters
from wxlive_cli.exit_codes import DONE, NEEDS_ATTENTION
from wxlive_cli.language import shown
from wxlive_cli.recording import note_option, recorded
from wxlive_cli.stack import Stack
from wxlive_cli.tables import Listing, facts_table
from wxlive_cli.time_parsing import format_time


@click.group()
def dlq() -> None:
    """List the dead letters of the push queue, and queue them again."""


@dlq.command()
@click.option(
    "--limit",
    default=100,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Maximum number of rows to show.",
)
@stack_command
def show(stack: Stack, *, limit: int) -> CommandResult:
    """List the dead letters without removing them. Exits with 1 if there are any.

    Each is shown with the state of its chunk in the ledger.

    \b
    Example:
      wxlive dlq show
    """  # noqa: D301 - \b keeps click from wrapping the lines
    with _dead_letters(stack) as letters:
        found = list(islice(letters, limit))
    if len(found) == limit:
        say(_("Only {limit} are shown; there may be more, see --limit.").format(limit=limit))
    now_s = time.time()
    rows = [_row(stack, letter, now_s) for letter in found]
    facts = {"messages": len(rows), "dead_letters": rows}
    return CommandResult(
        facts, NEEDS_ATTENTION if rows else DONE, _listing(rows, stack.day_offset_hours)
    )


@dlq.command()
@note_option
@stack_command
def replay(stack: Stack, *, note: str) -> CommandResult:
    """Queue the chunk of every dead letter again. Exits with 1 if any message was left.

    Safe to repeat: the ledger decides whether a chunk is sent. A dead letter is deleted only after
    its chunk is queued, so after an interruption the next replay queues that chunk once more.
    Messages that can't be read are left in the queue and named on stderr.

    \b
    Example:
      wxlive dlq replay
    """  # noqa: D301 - \b keeps click from wrapping the lines
    queue = PushQueue(stack.sqs, stack.output("PushQueueUrl"))
    replayed = left = 0
    with recorded(stack, "dlq replay", note), _dead_letters(stack) as letters:
        for letter in letters:
            if letter.message is None:
                say(
                    _("Left: message {message_id} can't be read.").format(
                        message_id=letter.message_id
                    )
                )
                left += 1
                continue
            queue.send(letter.message)
            letters.delete(letter)
            replayed += 1
    facts = {"replayed": replayed, "left": left}
    code = NEEDS_ATTENTION if left else DONE
    return CommandResult(facts, code, facts_table(_("Dead letters"), facts))


def _dead_letters(stack: Stack) -> DeadLetters:
    return DeadLetters(stack.sqs, stack.output("PushDeadLettersUrl"))


def _row(stack: Stack, letter: DeadLetter, now_s: float) -> dict[str, Any]:
    """Describe a dead letter and, as far as the tables know them, its campaign and its chunk."""
    name, number = (
        (letter.message.campaign, letter.message.chunk)
        if isinstance(letter.message, ChunkMessage | OutcomeMessage)
        else (None, None)
    )
    campaign = stack.campaigns.get(name) if name else None
    chunk = stack.ledger.chunk(name, number) if campaign and name and number else None
    seen = chunk.as_seen(now_s) if chunk else None
    return {
        "campaign": name,
        "chunk": number,
        "received": letter.received,
        "sent_at": letter.sent_at,
        "first_received_at": letter.first_received_at,
        "campaign_state": campaign.state.value if campaign else None,
        "chunk_state": seen.state.value if seen else None,
        "reason": seen.reason if seen else None,
        "readable": letter.message is not None,
        "message_id": letter.message_id,
    }


def _listing(rows: list[dict[str, Any]], offset_hours: int) -> RenderableType:
    if not rows:
        return facts_table(_("Dead letters"), {"messages": 0})
    headings = ("campaign", "state", "chunk", "chunk state", "reason", "received", "sent")
    return Listing(
        _("Dead letters: {number}").format(number=len(rows)),
        headings,
        [_cells(row, offset_hours) for row in rows],
    )


def _cells(row: dict[str, Any], offset_hours: int) -> tuple[str, ...]:
    kind = _("no chunk") if row["readable"] else _("unreadable")
    name = row["campaign"] or f"{kind}: {row['message_id']}"
    states = row["campaign_state"], row["chunk"], row["chunk_state"], row["reason"]
    sent = format_time(row["sent_at"], offset_hours)
    return (name, *(shown(str(state or "-")) for state in states), str(row["received"]), sent)
