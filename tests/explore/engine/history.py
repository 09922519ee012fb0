"""One history: written as a short text, played again, told step by step."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from explore.engine.kernel import Kernel
from explore.engine.world import Choice, Position, Step, World

Describe = Callable[[World, World], Iterable[str]]
"""Says what differs between two states, a line a fact."""

_REPEATED = re.compile(r"(.+)\*(\d+)")


class NoSuchStep(Exception):
    """A text names a step that can't be made where it stands."""


class Played(NamedTuple):
    """One step of a history."""

    before: World
    choice: Choice
    after: World


def encode(labels: Iterable[str]) -> str:
    """Write labels as one word: ``sender1*3,sender2=lost,@time``."""
    groups = ((label, sum(1 for _ in same)) for label, same in groupby(labels))
    return ",".join(label if count == 1 else f"{label}*{count}" for label, count in groups)


def decode(text: str) -> list[str]:
    """Read what ``encode`` wrote."""
    labels: list[str] = []
    for word in filter(None, text.split(",")):
        repeated = _REPEATED.fullmatch(word)
        if repeated is None:
            labels.append(word)
        else:
            labels += [repeated.group(1)] * int(repeated.group(2))
    return labels


def play(kernel: Kernel, first: World, labels: Sequence[str]) -> Iterator[Played]:
    """Make the steps, one after the other.

    Raises:
        NoSuchStep: a step can't be made where its turn comes.
    """
    world = first
    for number, label in enumerate(labels, 1):
        steps = kernel.steps(world)[0]
        found = next(((choice, new) for choice, new in steps if choice.label == label), None)
        if found is None:
            there = ", ".join(choice.label for choice, _ in steps) or "none"
            raise NoSuchStep(f"step {number} can't be {label!r}; there are: {there}")
        choice, new = found
        yield Played(world, choice, new)
        world = new


def story(kernel: Kernel, steps: Iterable[Played], describe: Describe) -> Iterator[str]:
    """Tell a history as numbered lines, with what each step changed below it."""
    for number, (before, choice, after) in enumerate(steps, 1):
        yield f"{number:3}. {_sentence(kernel, before, choice, after)}"
        for line in describe(before, after):
            yield f"       {line}"


def _sentence(kernel: Kernel, before: World, choice: Choice, after: World) -> str:
    match choice.step:
        case Step.EVENT:
            return str(choice.what.words)
        case Step.TIME:
            passed_ms = after.now.value - before.now.value
            return f"{passed_ms / 1000:g} s pass ({choice.who})"
    at = before.actor(choice.who)
    assert at is not None
    now = after.actor(choice.who)
    then = _then(now)
    match choice.step:
        case Step.CALL:
            assert at.node.request is not None
            service = kernel.services[at.node.request.service]
            fate = f" [{choice.what.fate}]" if choice.what.fate else ""
            answer = _short(choice.what.answer.key)
            asked = service.words(at.node.request)
            return f"{choice.who}: {asked}{fate} -> {answer}{then}"
        case Step.DIE:
            asked = (
                kernel.services[at.node.request.service].words(at.node.request)
                if (at.node.request is not None)
                else "returning"
            )
            return f"{choice.who} dies before {asked}"
        case Step.RETURN:
            return f"{choice.who} {at.node.end}"
        case _:
            return f"{choice.who} wakes{then}"


def _then(now: Position | None) -> str:
    if now is None:
        return ", ends"
    if now.node.end is not None:
        return f", {now.node.end}"
    if now.wake_ms >= 0:
        return f", waits until {now.wake_ms / 1000:.3f}"
    return ""


def _short(key: object, limit: int = 160) -> str:
    assert isinstance(key, tuple)
    kind, value = key
    text = _plain(value)
    text = text if len(text) <= limit else f"{text[:limit]}…"
    return text if kind == "value" else f"error {text}"


def _plain(value: object) -> str:
    """Write a frozen value as one writes plain data."""
    if isinstance(value, tuple) and value:
        tag, *inner = value
        if tag == "{}":
            return "{" + ", ".join(f"{key}: {_plain(of)}" for key, of in inner) + "}"
        if tag == "[]":
            return "[" + ", ".join(map(_plain, inner)) + "]"
        if isinstance(tag, str) and len(inner) == 1:
            return _plain(inner[0]) if tag in {"Decimal", "bool", "float"} else f"{tag} {inner[0]}"
        return "(" + ", ".join(map(_plain, value)) + ")"
    return str(value)
