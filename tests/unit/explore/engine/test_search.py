"""The search: every order and every fault, each state once, the shortest way to what is wrong."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explore.engine.history import NoSuchStep, decode, encode, play, story
from explore.engine.kernel import Kernel
from explore.engine.programs import Port
from explore.engine.search import Exploration, Invariants, explore
from explore.engine.toys import REGISTERS, Toy, Toys, read, registers_of, swap, write
from explore.engine.values import Budget, Part, Parts
from explore.engine.world import Event, Position, World


def add(port: Port) -> None:
    write(port, 0, read(port, 0) + 1)


def add_safely(port: Port) -> None:
    while not swap(port, 0, known := read(port, 0), known + 1):
        pass


def sum_is(total: int) -> Invariants:
    def test(world: World) -> str | None:
        there = registers_of(world)[0]
        return None if there == total else f"the sum is {there}, not {total}"

    return Invariants(ends=(("sum", test),))


def test_a_lost_update_is_found_with_the_shortest_history_that_shows_it() -> None:
    toys = Toys([add, add])

    found = explore(toys.kernel, toys.first, sum_is(2))

    [broken] = found.violations
    assert (broken.invariant, broken.message) == ("sum", "the sum is 1, not 2")
    assert broken.labels == ("toy1", "toy2", "toy1", "toy2")
    assert found.histories == 6
    assert found.is_exhausted


def test_an_update_that_checks_is_never_lost() -> None:
    toys = Toys([add_safely] * 3)

    found = explore(toys.kernel, toys.first, sum_is(3))

    assert found.violations == ()
    assert found.is_exhausted


def test_an_update_that_is_repeated_when_its_answer_was_lost_counts_twice() -> None:
    def add_stubbornly(port: Port) -> None:
        while True:
            try:
                return add(port)
            except ConnectionError:
                pass

    toys = Toys([add_stubbornly], faulty=True, budget=Budget(faults=1))
    no_more = Invariants(
        states=(("most", lambda world: "too many" if registers_of(world)[0] > 1 else None),)
    )

    found = explore(toys.kernel, toys.first, no_more)

    [broken] = found.violations
    assert broken.labels == ("toy1", "toy1=lost", "toy1", "toy1")


# ----------------------------------------------------------------- brute force

Fate = tuple[int, tuple[int, ...], Any]
"""A cost, the registers afterwards, and the answer or error."""


class _Stop(BaseException):
    """The program asks for something that was not answered yet."""


def _next(toy: Toy, answers: Sequence[Any]) -> tuple[str, Any]:
    """Run a toy from its start; returns its next request, or its result."""
    left = list(answers)
    asked: list[Any] = []

    def port(_service: str, operation: str, request: Any, /) -> Any:
        if not left:
            asked.append((operation, request))
            raise _Stop
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    try:
        return "result", toy(port)
    except _Stop:
        return "request", asked[0]
    except Exception as error:  # noqa: BLE001 - an end like another
        return "result", f"{type(error).__name__}: {error}"


def _fates(registers: tuple[int, ...], operation: str, request: Any, *, faulty: bool) -> list[Fate]:
    place = request["register"]
    answer: Any = True
    after = registers
    if operation == "read":
        answer = registers[place]
    elif operation == "write" or registers[place] == request["expected"]:
        after = (*registers[:place], request["value"], *registers[place + 1 :])
    else:
        answer = False
    done = [(0, after, answer)]
    return done + [(1, after, ConnectionError()), (1, registers, PermissionError())] * faulty


def _histories(
    toys: Sequence[Toy],
    registers: tuple[int, ...],
    faults: int,
    seen: tuple[tuple[Any, ...] | None, ...],
) -> Iterator[tuple[Any, ...]]:
    """Play every history from the start, by itself; yields how each ends. None has died."""
    stand = [None if s is None else _next(toy, s) for toy, s in zip(toys, seen, strict=True)]
    asking = [n for n, at in enumerate(stand) if at is not None and at[0] == "request"]
    if not asking:
        yield registers, tuple("died" if at is None else at[1] for at in stand)
    for n in asking:
        before, after = seen[:n], seen[n + 1 :]
        answers, (operation, request) = seen[n], stand[n][1]  # type: ignore[index]  # it asks
        assert answers is not None
        if faults and answers:
            yield from _histories(toys, registers, faults - 1, (*before, None, *after))
        for cost, new, answer in _fates(registers, operation, request, faulty=bool(faults)):
            later = (*before, (*answers, answer), *after)
            yield from _histories(toys, new, faults - cost, later)


operations = st.one_of(
    st.tuples(st.just("read"), st.integers(0, 1)),
    st.tuples(st.just("write"), st.integers(0, 1), st.integers(1, 3)),
    st.tuples(st.just("swap"), st.integers(0, 1), st.integers(0, 1), st.integers(1, 3)),
)


def _toy(steps: Sequence[tuple[Any, ...]], *, careful: bool) -> Toy:
    calls: dict[str, Any] = {"read": read, "write": write, "swap": swap}

    def run(port: Port) -> int:
        total = 0
        for name, *arguments in steps:
            try:
                answer: Any = calls[name](port, *arguments)
                total = 10 * total + int(answer or 0)
            except ConnectionError:
                if careful:
                    total += 7
                else:
                    raise
        return total

    return run


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(operations, min_size=1, max_size=2), min_size=1, max_size=3),
    st.integers(0, 1),
    st.booleans(),
)
def test_it_finds_as_many_histories_and_the_same_ends_as_playing_them_one_by_one(
    steps: list[list[tuple[Any, ...]]],
    faults: int,
    careful: bool,  # noqa: FBT001 - drawn
) -> None:
    programs = [_toy(each, careful=careful) for each in steps]
    one_by_one = list(_histories(programs, (0, 0), faults, ((),) * len(programs)))

    toys = Toys(programs, (0, 0), faulty=True, budget=Budget(faults=faults))
    ends: set[Any] = set()
    found = explore(
        toys.kernel, toys.first, Invariants(ends=(("end", _collected_in(ends, len(steps))),))
    )

    assert found.histories == len(one_by_one)
    assert ends == {(registers, results) for registers, results in one_by_one}


def _collected_in(ends: set[Any], toys: int) -> Any:
    def test(world: World) -> None:
        found = [world.actor(f"toy{number}") for number in range(1, toys + 1)]
        results = tuple("died" if at is None else _result_of(at) for at in found)
        ends.add((registers_of(world), results))

    return test


def _result_of(at: Position) -> Any:
    assert at.node.end is not None
    return at.node.end.result


# --------------------------------------------------------------- what it reports


class Flips:
    """A source that turns a register on and off."""

    reads = REGISTERS
    is_timed = False

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def events(self, part: Part[Any], now_ms: int) -> list[Event]:
        flipped = self._parts.of("registers", (1 - part.value[0],))
        return [Event("flip", "it flips", ((REGISTERS, flipped),))]

    def next_ms(self, part: Part[Any], now_ms: int) -> None:
        return None


def test_a_world_that_can_go_round_in_circles_has_endless_histories() -> None:
    toys = Toys([])
    toys.kernel = Kernel(
        toys.parts, toys.kernel.answers, toys.kernel.requests, {}, [Flips(toys.parts)]
    )

    found = explore(toys.kernel, toys.first, Invariants())

    assert found.is_exhausted
    assert found.has_cycle
    assert (found.states, found.transitions, found.histories) == (2, 2, None)


def test_what_breaks_an_invariant_is_not_followed_but_everything_else_is() -> None:
    toys = Toys([add, add])
    steps = (("one", lambda _old, _choice, new: "two" if registers_of(new)[0] == 2 else None),)

    found = explore(toys.kernel, toys.first, Invariants(steps=steps, watched=(REGISTERS,)))

    [broken] = found.violations
    assert broken.invariant == "one"
    assert found.is_exhausted
    assert found.histories == 6


def test_steps_that_change_nothing_that_is_watched_are_not_asked_about() -> None:
    toys = Toys([add])
    asked: list[str] = []

    def test(_old: World, choice: Any, _new: World) -> None:
        asked.append(choice.label)

    explore(toys.kernel, toys.first, Invariants(steps=(("all", test),), watched=(REGISTERS,)))

    assert asked == ["toy1"]


@pytest.mark.parametrize("limit", [{"max_states": 3}, {"max_seconds": 0}])
def test_a_search_that_gives_up_says_so(limit: dict[str, Any]) -> None:
    toys = Toys([add_safely] * 3)

    found = explore(toys.kernel, toys.first, Invariants(), **limit)

    assert not found.is_exhausted
    assert found.histories is None


def test_a_search_may_end_with_the_first_thing_that_is_wrong() -> None:
    found: list[Exploration] = []
    never = Invariants(states=(("never", lambda w: "one" if registers_of(w)[0] == 1 else None),))
    for stops in (True, False):
        toys = Toys([add] * 3)
        found.append(explore(toys.kernel, toys.first, never, stop_at_first=stops))

    [first], [shortest] = (each.violations for each in found)
    assert (first.invariant, first.message) == (shortest.invariant, shortest.message)
    assert len(first.labels) >= len(shortest.labels)
    assert found[0].states < found[1].states
    assert not found[0].is_exhausted
    assert found[0].histories is None


def test_what_goes_wrong_late_is_found_before_most_states() -> None:
    first = explore(*_late(), stop_at_first=True)
    whole = explore(*_late())

    assert [broken.invariant for broken in first.violations] == ["sum"]
    assert first.states * 10 < whole.states


def _late() -> tuple[Any, World, Invariants]:
    toys = Toys([add] * 4)
    return toys.kernel, toys.first, sum_is(4)


def test_a_search_for_the_first_thing_that_is_wrong_is_exhausted_if_nothing_is() -> None:
    found: list[Exploration] = []
    for stops in (True, False):
        toys = Toys([add_safely] * 3)
        found.append(explore(toys.kernel, toys.first, sum_is(3), stop_at_first=stops))

    assert [each.is_exhausted for each in found] == [True, True]
    assert found[0].states == found[1].states
    assert found[0].histories is None


# ------------------------------------------------------------------- histories


def test_a_history_is_a_word_that_is_played_again_by_the_code() -> None:
    toys = Toys([add, add])
    [broken] = explore(toys.kernel, toys.first, sum_is(2)).violations
    text = encode(broken.labels)
    again = Toys([add, add])

    played = list(play(again.kernel, again.first, decode(text)))

    assert registers_of(played[-1].after) == (1,)
    told = list(story(again.kernel, played, lambda _old, new: [f"now {new.shared[REGISTERS]}"]))
    assert told[:2] == ["  1. toy1: read {'register': 0} -> 0", "       now (0,)"]
    assert told[4].startswith("  3. toy1: write {'register': 0, 'value': 1} -> True, returns None")


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "a", "b=lost", "a"], "a*2,b=lost,a"),
        (["@time", "+deliver:1", "+deliver:1"], "@time,+deliver:1*2"),
    ],
)
def test_labels_are_written_and_read_alike(labels: list[str], text: str) -> None:
    assert encode(labels) == text
    assert decode(text) == labels


def test_a_step_that_cannot_be_made_is_named_with_those_that_can() -> None:
    toys = Toys([add])

    with pytest.raises(NoSuchStep, match="step 2 can't be 'toy2'; there are: toy1"):
        list(play(toys.kernel, toys.first, ["toy1", "toy2"]))


def test_invariants_can_be_left_out_by_name() -> None:
    kept = Invariants(ends=(("a", lambda _: None), ("b", lambda _: None))).but({"a"})

    assert [name for name, _ in kept.ends] == ["b"]
