"""What runs remember: answers that nobody can use any more make no difference."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

import pytest

from explore.engine.memory import MEMORY, comparable, is_recallable, recalled
from explore.engine.programs import (
    Answers,
    Lives,
    Node,
    NotDeterministic,
    Port,
    Program,
    Requests,
    Run,
)
from explore.engine.toys import now, read, write


def nodes_after(run: Run, *answers: object) -> list[Node]:
    """Return where a program stands after each of some first answers."""
    program = Program("p", run, Requests(), Lives(), thorough=True)
    known = Answers()
    return [program.after(program.first, known.value(answer)) for answer in answers]


class Worker(NamedTuple):
    """What has a state of its own."""

    port: Port
    seen: list[int]


@dataclass(frozen=True)
class Shelf:
    values: dict[str, int]


@recalled
def is_positive(deps: Port) -> bool:
    is_so: bool = read(deps, 0) > 0
    return is_so


def test_runs_that_remember_the_same_go_on_as_one() -> None:
    def run(port: Port) -> bool:
        positive = is_positive(port)
        write(port, 1, 7)
        return bool(positive)

    one, two, other = nodes_after(run, 1, 2, -1)

    assert one is two
    assert one is not other


def test_what_no_recalled_function_saw_is_remembered() -> None:
    def run(port: Port) -> int:
        value = read(port, 0)
        write(port, 1, 7)
        return value

    one, two = nodes_after(run, 1, 2)

    assert one is not two


def test_a_call_that_goes_on_remembers_what_it_has_seen() -> None:
    @recalled
    def both(deps: Port) -> int:
        first = read(deps, 0)
        return first + read(deps, 1)

    one, two = nodes_after(both, 1, 2)

    assert one is not two


def test_of_a_call_within_a_call_its_result_is_remembered() -> None:
    @recalled
    def outer(deps: Port) -> bool:
        positive = is_positive(deps)
        return positive and read(deps, 1) > 0

    one, two = nodes_after(outer, 1, 2)

    assert one is two


def test_errors_are_results() -> None:
    @recalled
    def refuse(deps: Port) -> None:
        raise ValueError("odd" if read(deps, 0) % 2 else "even")

    def run(port: Port) -> str:
        try:
            refuse(port)
        except ValueError as error:
            write(port, 1, 7)
            return str(error)
        return ""

    odd, again, even = nodes_after(run, 1, 3, 2)

    assert odd is again
    assert odd is not even


@pytest.mark.parametrize(
    "result", [lambda value: object(), lambda value: iter([value])], ids=["object", "iterator"]
)
def test_nothing_is_forgotten_for_a_result_that_cannot_be_compared(
    result: Callable[[int], object],
) -> None:
    @recalled
    def opaque(deps: Port) -> object:
        return result(read(deps, 0))

    def run(port: Port) -> None:
        opaque(port)
        write(port, 1, 7)

    one, two = nodes_after(run, 1, 2)

    assert one is not two


def test_nothing_is_forgotten_by_a_call_that_changes_what_it_was_given() -> None:
    @recalled
    def fill(deps: Port, into: list[int]) -> None:
        into.append(read(deps, 0))

    def run(port: Port) -> int:
        values: list[int] = []
        fill(port, values)
        write(port, 1, 7)
        return values[0]

    one, two = nodes_after(run, 1, 2)

    assert one is not two


def test_nothing_is_forgotten_by_a_call_that_changes_the_inside_of_what_it_was_given() -> None:
    @recalled
    def fill(deps: Port, into: Shelf) -> None:
        into.values["x"] = read(deps, 0)

    def run(port: Port) -> int:
        shelf = Shelf({})
        fill(port, shelf)
        write(port, 1, 7)
        return shelf.values["x"]

    one, two = nodes_after(run, 1, 2)

    assert one is not two


def test_nothing_is_forgotten_by_a_call_that_was_given_what_cannot_be_compared() -> None:
    class Box:
        value = 0

    @recalled
    def fill(deps: Port, box: Box) -> None:
        box.value = read(deps, 0)

    def run(port: Port) -> int:
        box = Box()
        fill(port, box)
        write(port, 1, 7)
        return box.value

    one, two = nodes_after(run, 1, 2)

    assert one is not two


def test_the_state_that_is_kept_is_remembered() -> None:
    def run(port: Port) -> None:
        seen: list[int] = []
        memory = MEMORY.get()
        assert memory is not None
        memory.keep(lambda: tuple(seen))
        look(Worker(port, seen))
        write(port, 1, 7)

    @recalled
    def look(deps: Worker) -> None:
        deps.seen.append(read(deps.port, 0))

    one, two = nodes_after(run, 1, 2)

    assert one is not two


def test_a_recalled_function_that_does_more_than_it_returns_is_noticed() -> None:
    @recalled
    def look(deps: Worker) -> None:
        deps.seen.append(read(deps.port, 0))

    def run(port: Port) -> None:
        seen: list[int] = []
        look(Worker(port, seen))
        write(port, 1, seen[0])

    with pytest.raises(NotDeterministic, match="some function that is recalled does more"):
        nodes_after(run, 1, 2)


def test_the_time_that_a_call_asked_for_is_asked_for_again() -> None:
    @recalled
    def is_late(deps: Port) -> bool:
        return now(deps) > 10

    def run(port: Port) -> int:
        is_late(port)
        return now(port)

    one, two = nodes_after(run, 1, 2)

    assert one is two
    assert one.request is not None
    assert one.request.operation == "now"


class Colour(StrEnum):
    RED = "red"


class Wine(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Point:
    x: int


@dataclass(frozen=True)
class Place:
    x: int


@pytest.mark.parametrize(
    "values",
    [
        (1, True, 1.0, Decimal(1), "1"),
        ([1], (1,), {"1": 1}),
        (Point(1), Place(1), Point(2), Point(True)),
        (ValueError("a"), KeyError("a"), ValueError("b")),
        (None, "", 0, ()),
        (Colour.RED, Wine.RED, "red"),
    ],
)
def test_values_of_different_types_differ(values: tuple[object, ...]) -> None:
    assert len({comparable(value) for value in values}) == len(values)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"a": 1, "b": [Point(1)]}, {"b": [Point(1)], "a": 1}),
        (ValueError("a"), ValueError("a")),
        (Colour.RED, Colour.RED),
    ],
)
def test_equal_values_are_equal(one: object, two: object) -> None:
    assert comparable(one) == comparable(two)


@pytest.mark.parametrize("value", [object(), Point, iter([]), [object()], {"a": object()}])
def test_other_values_cannot_be_compared(value: object) -> None:
    with pytest.raises(TypeError):
        comparable(value)


def test_a_generator_is_not_over_when_it_returns() -> None:
    def generate() -> Any:
        yield 1

    assert is_recallable(is_positive)
    assert not is_recallable(generate)
    assert not is_recallable(Point)


def test_outside_a_run_nothing_is_remembered() -> None:
    def port(*_: Hashable) -> int:
        return 3

    assert is_positive(port)
