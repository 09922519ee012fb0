"""Small worlds for the engine's tests: registers that actors read and write."""

from collections.abc import Callable, Sequence
from typing import Any

from explore.engine.kernel import Kernel
from explore.engine.programs import (
    CLOCK,
    NEW_ID,
    NOTE,
    NOW,
    RUNTIME,
    SLEEP,
    Answers,
    Lives,
    Port,
    Request,
    Requests,
)
from explore.engine.values import Budget, Part, Parts
from explore.engine.world import FAULTS, Kind, Outcome, Position, World

REGISTERS = 0

Toy = Callable[[Port], Any]


class Registers:
    """Reads, writes, and writes if a register is as expected; with faults, if asked for.

    A register is a number. ``lost`` is a write that is done without an answer.
    """

    reads = (REGISTERS,)
    is_timed = False
    is_remembered = True

    def __init__(self, parts: Parts, answers: Answers, *, faulty: bool = False) -> None:
        self._parts = parts
        self._answers = answers
        self._faulty = faulty

    def outcomes(
        self,
        request: Request,
        parts: Sequence[Part[Any]],
        now_ms: int,
        *,
        attempt: int = 1,
        with_faults: bool = True,
    ) -> list[Outcome]:
        values: tuple[int, ...] = parts[0].value
        place = request.body["register"]
        if request.operation == "read":
            done = Outcome("", self._answers.value(values[place]))
        elif request.operation == "write" or values[place] == request.body["expected"]:
            written = (*values[:place], request.body["value"], *values[place + 1 :])
            changes = ((REGISTERS, self._parts.of("registers", written)),)
            done = Outcome("", self._answers.value(True), changes)
        else:
            done = Outcome("", self._answers.value(False))
        if not (self._faulty and with_faults):
            return [done]
        lost = self._answers.error("lost", ConnectionError)
        refused = self._answers.error("refused", PermissionError)
        return [
            done,
            done._replace(fate="lost", answer=lost, cost=FAULTS),
            Outcome("refused", refused, cost=FAULTS),
        ]

    def is_local(self, request: Request) -> bool:
        return False

    def is_punctual(self, request: Request) -> bool:
        return False

    def words(self, request: Request) -> str:
        return f"{request.operation} {request.body}"


def read(port: Port, register: int) -> int:
    """Read a register."""
    value: int = port("registers", "read", {"register": register})
    return value


def write(port: Port, register: int, value: int) -> None:
    """Write a register."""
    port("registers", "write", {"register": register, "value": value})


def swap(port: Port, register: int, expected: int, value: int) -> bool:
    """Write a register if it is as expected; returns whether it was."""
    request = {"register": register, "expected": expected, "value": value}
    done: bool = port("registers", "swap", request)
    return done


def now(port: Port) -> int:
    """Look at the clock (ms)."""
    at: int = port(CLOCK, NOW, {})
    return at


def sleep(port: Port, ms: int) -> None:
    """Wait."""
    port(CLOCK, SLEEP, {"ms": ms})


def new_id(port: Port) -> str:
    """Draw an id."""
    name: str = port(RUNTIME, NEW_ID, {})
    return name


def note(port: Port, text: str) -> None:
    """Leave a remark."""
    port(RUNTIME, NOTE, {"text": text})


STAYS = Kind("toy", stays=True)
"""Toys that are kept after their end."""

NO_BUDGET = Budget()


class Toys:
    """A world of toys: programs over registers. ``kernel`` has its rules, ``first`` its state."""

    def __init__(
        self,
        toys: Sequence[Toy],
        registers: Sequence[int] = (0,),
        *,
        budget: Budget = NO_BUDGET,
        kinds: Sequence[Kind] = (),
        faulty: bool = False,
        most_lives: int = 100,
        **more: Any,
    ) -> None:
        self.parts, answers = Parts(), Answers()
        self.service = Registers(self.parts, answers, faulty=faulty)
        self.kernel = Kernel(
            self.parts,
            answers,
            Requests(),
            {"registers": self.service},
            thorough=True,
            lives=Lives(most_lives),
            **more,
        )
        actors = []
        for number, toy in enumerate(toys, 1):
            program = self.kernel.program(f"{toy.__qualname__} {id(toy)}", toy)
            kind = kinds[number - 1] if kinds else STAYS
            actors.append(Position(f"toy{number}", kind, program, program.first, 0))
        shared: list[Any] = [self.parts.of("registers", tuple(registers))]
        if self.kernel.notes >= 0:
            shared.append(self.parts.of("notes", frozenset()))
        self.first: World = self.kernel.world(0, budget, shared, actors)


def registers_of(world: World) -> tuple[int, ...]:
    """Return the registers of a state."""
    values: tuple[int, ...] = world.shared[REGISTERS].value
    return values
