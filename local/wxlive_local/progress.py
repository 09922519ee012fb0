"""Progress messages on stderr, so that stdout stays free for data."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Prints each step once it is done, with its duration; nothing with ``quiet``."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show the step while it runs, then its duration. A failure prints nothing."""
        start = time.monotonic()
        with self.console.status(name):
            yield
        self.console.print(f"[green]✓[/] {name} [dim]{time.monotonic() - start:.1f} s[/]")

    def say(self, text: str) -> None:
        """Print a text as it is."""
        self.console.print(text, markup=False, soft_wrap=True)
