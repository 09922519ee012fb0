"""Paths into the maps and lists of an item."""

from collections.abc import Callable
from typing import Any, TypeAlias

from explore.aws.outcomes import Rejected, invalid
from explore.aws.values import MISSING, Attributes, Value

Getter: TypeAlias = Callable[[Attributes], Value]
Steps: TypeAlias = tuple[str | int, ...]


def getter(steps: Steps) -> Getter:
    """Return what reads a path of an item, ``MISSING`` where nothing is."""
    first, *rest = steps
    if not rest:
        return lambda attributes: attributes.get(first, MISSING)  # type: ignore[arg-type]  # a name

    def get(attributes: Attributes) -> Value:
        value: Value = attributes
        for step in steps:
            value = child(value, step)
        return value

    return get


def child(value: Value, step: str | int) -> Value:
    """Return what a step of a path leads to, ``MISSING`` if to nothing."""
    if isinstance(step, str):
        return value.get(step, MISSING) if isinstance(value, dict) else MISSING
    return value[step] if isinstance(value, list) and step < len(value) else MISSING


def spelled(steps: Steps) -> str:
    """Write a path as DynamoDB's messages do."""
    return "[" + ", ".join(f"[{step}]" if isinstance(step, int) else step for step in steps) + "]"


class PathTree:
    """Paths that do not overlap, as a tree of their steps."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.branches: dict[str | int, PathTree] = {}
        self.leaf: Any = None
        self._path: Steps = ()

    def add(self, steps: Steps, leaf: object) -> None:
        """Add a path and what stands at its end.

        Raises:
            Rejected: it overlaps or conflicts with one that is there.
        """
        node = self
        for depth, step in enumerate(steps):
            if node.leaf is not None:
                raise self._clash("overlap", node.first(), steps)
            if node.branches and isinstance(step, str) != isinstance(
                next(iter(node.branches)), str
            ):
                raise self._clash("conflict", node.first(), steps)
            node = node.branches.setdefault(step, PathTree(self._kind))
            node._path = steps[: depth + 1]
        if node.leaf is not None or node.branches:
            raise self._clash("overlap", node.first(), steps)
        node.leaf = leaf

    def first(self) -> Steps:
        """Return one of the paths through here."""
        node = self
        while node.branches:
            node = next(iter(node.branches.values()))
        return node._path

    def _clash(self, how: str, one: Steps, other: Steps) -> Rejected:
        return invalid(
            f"Invalid {self._kind}: Two document paths {how} with each other; must remove or "
            f"rewrite one of these paths; path one: {spelled(one)}, path two: {spelled(other)}"
        )


def project(value: Value, tree: PathTree) -> Value:
    """Return the parts of a map or list that a tree of paths leads to, in their places."""
    if isinstance(value, dict):
        kept = {}
        for name in value:
            if (node := tree.branches.get(name)) is not None:
                part = value[name] if node.leaf is not None else project(value[name], node)
                if part is not MISSING:
                    kept[name] = part
        return kept if kept or not tree._path else MISSING
    if isinstance(value, list):
        members = [
            value[step]
            if tree.branches[step].leaf is not None
            else project(value[step], tree.branches[step])
            for step in sorted(step for step in tree.branches if isinstance(step, int))
            if step < len(value)
        ]
        return [member for member in members if member is not MISSING] or MISSING
    return MISSING
