"""The commands of ``wxlive`` by the words that name them."""

from collections.abc import Iterator

import click


def commands(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """Walk the commands by the words that name them."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield (*above, name)
