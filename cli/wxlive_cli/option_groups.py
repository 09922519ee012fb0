"""Options that belong together: a command takes their values as one argument."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def option_group(argument: str, kind: type[Any], *options: Decorator) -> Decorator:
    """Return a decorator that adds options to a command.

    Args:
        argument: the command's argument that takes their values.
        kind: the dataclass of the values, whose fields are named as the options are.
        options: the options, in the order in which the help shows them.
    """
    names = [field.name for field in fields(kind)]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def grouped(**values: Any) -> Any:
            group = kind(**{name: values.pop(name) for name in names})
            return command(**values, **{argument: group})

        added: Callable[..., Any] = grouped
        for option in reversed(options):
            added = option(added)
        return added

    return add
