"""``wxlive dlq``: the chunks that ``push_fanout`` gave up on after five crashes."""

import time
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from wxlive.stores.queue import PushQueue
from wxlive_cli.console import DONE, NOT_ALL_WELL, Outcome, facts_table, stack_command, words
from wxlive_cli.dead_letters import DeadLetter, DeadLetters
from wxlive_cli.stack import Stack


@click.group()
def dlq() -> None:
    """Look at the dead letters of the push queue, ring for them again."""


@dlq.command()
@click.option(
    "--limit",
    default=100,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Show so many at most.",
)
@stack_command
def show(stack: Stack, *, limit: int) -> Outcome:
    """List the dead letters and leave them there. Exits with 1 if there are any.

    What the ledger says of a chunk stands beside it.

    \b
    Example:
      wxlive dlq show
    """  # noqa: D301 - \b keeps click from wrapping the lines
    with _dead_letters(stack) as letters:
        found = list(islice(letters, limit))
    if len(found) == limit:
        words.print(f"{limit} are shown; there may be more, see --limit.")
    now_s = time.time()
    rows = [_row(stack, letter, now_s) for letter in found]
    facts = {"messages": len(rows), "dead_letters": rows}
    return Outcome(facts, code=NOT_ALL_WELL if rows else DONE, table=_table(rows))


@dlq.command()
@stack_command
def replay(stack: Stack) -> Outcome:
    """Ring again for every dead letter. Exits with 1 if any had to be left.

    Harmless however often it is done: the ledger decides whether a chunk is sent. A letter is
    deleted only after its ring has gone out, so a replay that was killed in between rings twice
    the next time. What can't be read is left and told.

    \b
    Example:
      wxlive dlq replay
    """  # noqa: D301 - \b keeps click from wrapping the lines
    queue = PushQueue(stack.sqs, stack.output("PushQueueUrl"))
    replayed = left = 0
    with _dead_letters(stack) as letters:
        for letter in letters:
            if letter.ring is None:
                words.print(f"Left: message {letter.message_id} is not one of the push queue.")
                left += 1
                continue
            queue.ring(*letter.ring)
            letters.delete(letter)
            replayed += 1
    facts = {"replayed": replayed, "left": left}
    return Outcome(
        facts, code=NOT_ALL_WELL if left else DONE, table=facts_table("Dead letters", facts)
    )


def _dead_letters(stack: Stack) -> DeadLetters:
    return DeadLetters(stack.sqs, stack.output("PushDeadLettersUrl"))


def _row(stack: Stack, letter: DeadLetter, now_s: float) -> dict[str, Any]:
    """Put what the ledger says beside a letter: null where there is nothing to say."""
    name, number = letter.ring or (None, None)
    campaign = stack.campaigns.get(name) if name else None
    chunk = stack.campaigns.chunk(name, number) if campaign and name and number else None
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
        "readable": letter.ring is not None,
        "message_id": letter.message_id,
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    if not rows:
        return facts_table("Dead letters", {"messages": 0})
    table = Table(title=f"Dead letters: {len(rows)}", title_justify="left", box=None)
    for heading in ("campaign", "is", "chunk", "is", "why", "received", "sent"):
        table.add_column(heading)
    for row in rows:
        name = row["campaign"] or f"unreadable: {row['message_id']}"
        states = row["campaign_state"], row["chunk"], row["chunk_state"], row["reason"]
        sent = datetime.fromtimestamp(row["sent_at"], UTC).astimezone().isoformat(" ")
        cells = (name, *(state or "-" for state in states), row["received"], sent)
        table.add_row(*(Text(str(cell)) for cell in cells))
    return table
