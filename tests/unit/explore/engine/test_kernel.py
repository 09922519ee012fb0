"""The kernel: who may do what next, and when time passes."""

from typing import Any

import pytest

from explore.engine.history import play
from explore.engine.kernel import Kernel
from explore.engine.programs import BEGIN, RUNTIME, Answers, Port, Program
from explore.engine.search import Invariants, explore
from explore.engine.toys import (
    NO_BUDGET,
    REGISTERS,
    Registers,
    Toys,
    new_id,
    note,
    now,
    read,
    registers_of,
    sleep,
    swap,
    write,
)
from explore.engine.values import Budget, Part, Parts
from explore.engine.world import (
    COPIES,
    DIED,
    RETURNED,
    Changes,
    Ending,
    Event,
    Kind,
    Outcome,
    Spawn,
    World,
)


def labels(toys: Toys, *way: str) -> list[str]:
    """Return what may come after some steps."""
    return [choice.label for choice, _ in toys.kernel.steps(after(toys, *way))[0]]


def after(toys: Toys, *way: str) -> World:
    played = list(play(toys.kernel, toys.first, way))
    return played[-1].after if played else toys.first


def has_ended(toys: Toys, *way: str) -> bool:
    return toys.kernel.steps(after(toys, *way))[1]


def one_write(port: Port) -> None:
    write(port, 0, 1)


def two_writes(port: Port) -> None:
    write(port, 0, 1)
    write(port, 0, 2)


# ------------------------------------------------------------------------ time


def wait_and_look(port: Port) -> None:
    sleep(port, 100)
    write(port, 0, now(port))


def test_time_passes_when_everybody_waits() -> None:
    toys = Toys([wait_and_look, two_writes])

    assert labels(toys) == ["toy2"]
    assert labels(toys, "toy2", "toy2") == ["@time"]
    assert registers_of(after(toys, "toy2", "toy2", "@time", "toy1", "toy1")) == (100,)


def test_whoever_wakes_first_is_first() -> None:
    def wait_longer(port: Port) -> None:
        sleep(port, 150)
        write(port, 0, 7)

    toys = Toys([wait_longer, wait_and_look])

    found = explore(toys.kernel, toys.first, Invariants())

    assert found.histories == 1
    way = ["@time", "toy2", "toy2", "@time", "toy1", "toy1"]
    assert registers_of(after(toys, *way)) == (7,)


def test_time_passes_by_itself_only_as_often_as_the_budget_allows() -> None:
    toys = Toys([wait_and_look, two_writes], budget=Budget(ticks=1))

    assert labels(toys) == ["toy2", "@tick"]
    assert labels(toys, "@tick", "toy1") == ["toy1", "toy2"]


def test_a_tick_may_go_to_named_moments_each_time_once() -> None:
    toys = Toys(
        [wait_and_look, one_write],
        budget=Budget(ticks=1),
        jumps=lambda _world: {"far": 5000, "same": 5000, "past": 0},
    )

    assert labels(toys) == ["toy2", "@tick", "@far"]
    assert after(toys, "@far").now.value == 5000


def test_no_tick_comes_between_a_look_at_the_clock_and_a_punctual_request() -> None:
    toys = Toys([wait_and_look, one_write], budget=Budget(ticks=1))
    toys.service.is_punctual = lambda request: request.operation == "write"  # type: ignore[method-assign]

    assert labels(toys) == ["toy2"]


def test_an_answer_that_takes_time_changes_the_world_before_it_arrives() -> None:
    toys = Toys([one_write, read_once])
    plain = toys.service.outcomes

    def outcomes(*asked: Any, **how: Any) -> list[Outcome]:
        delay_ms = 50 if asked[0].operation == "write" else 0
        return [outcome._replace(delay_ms=delay_ms) for outcome in plain(*asked, **how)]

    toys.service.outcomes = outcomes  # type: ignore[method-assign]

    assert registers_of(after(toys, "toy1")) == (1,)
    assert labels(toys, "toy1") == ["toy2"]
    assert labels(toys, "toy1", "toy2") == ["@time"]
    assert after(toys, "toy1", "toy2", "@time").now.value == 50


def read_once(port: Port) -> int:
    return read(port, 0)


def test_an_actor_that_lives_too_long_is_killed() -> None:
    brief = Kind("toy", timeout_ms=60)
    toys = Toys([wait_and_look], kinds=[brief])

    assert after(toys, "@time").now.value == 60
    assert after(toys, "@time").actors == ()
    assert has_ended(toys, "@time")


def test_a_world_is_no_longer_watched_after_its_horizon() -> None:
    toys = Toys([wait_and_look], horizon_ms=99)

    assert labels(toys) == []
    assert has_ended(toys)


# ----------------------------------------------------------- deaths and budgets


def test_an_actor_may_die_before_each_call_but_the_first() -> None:
    toys = Toys([two_writes], budget=Budget(faults=1))

    assert labels(toys) == ["toy1"]
    assert labels(toys, "toy1") == ["toy1", "toy1=dies"]
    assert has_ended(toys, "toy1", "toy1=dies")


def test_faults_and_deaths_share_a_budget() -> None:
    toys = Toys([two_writes], faulty=True, budget=Budget(faults=1))

    assert labels(toys) == ["toy1", "toy1=lost", "toy1=refused"]
    assert labels(toys, "toy1") == ["toy1", "toy1=lost", "toy1=refused", "toy1=dies"]
    assert has_ended(toys, "toy1=refused")


def test_whoever_cannot_die_does_not() -> None:
    toys = Toys([two_writes], kinds=[Kind("toy", is_mortal=False)], budget=Budget(faults=1))

    assert labels(toys, "toy1") == ["toy1"]


def test_an_outcome_that_persists_answers_the_same_request_as_often_as_it_follows() -> None:
    def stubborn(port: Port) -> str:
        for _ in range(3):
            try:
                write(port, 0, 1)
            except PermissionError:
                continue
            return "done"
        return "given up"

    toys = Toys([stubborn], faulty=True, budget=Budget(faults=1))
    plain = toys.service.outcomes

    def outcomes(*asked: Any, **how: Any) -> list[Outcome]:
        found = plain(*asked, **how)
        return [outcome._replace(persists=outcome.fate == "refused") for outcome in found]

    toys.service.outcomes = outcomes  # type: ignore[method-assign]

    at = after(toys, "toy1=refused").actor("toy1")
    assert at is not None
    assert at.node.end is not None
    assert at.node.end.result == "given up"


def test_an_outcome_that_persists_and_takes_time_is_known_when_the_time_has_passed() -> None:
    def stubborn(port: Port) -> int:
        for _ in range(3):
            try:
                write(port, 0, 1)
            except PermissionError:
                continue
        return now(port)

    toys = Toys([stubborn, one_write], faulty=True, budget=Budget(faults=1))
    plain = toys.service.outcomes

    def outcomes(*asked: Any, **how: Any) -> list[Outcome]:
        done, _, refused = plain(*asked, **how)
        return [done, refused._replace(persists=True, delay_ms=40)]

    toys.service.outcomes = outcomes  # type: ignore[method-assign]

    assert labels(toys, "toy1=refused") == ["toy2"]
    at = after(toys, "toy1=refused", "toy2", "@time", "toy1").actor("toy1")
    assert at is not None
    assert at.node.end is not None
    assert at.node.end.result == 40


def test_a_request_is_made_again_after_others_could_act() -> None:
    toys = Toys([one_write, read_then_swap], (0, 0), faulty=True, budget=Budget(faults=1))
    plain = toys.service.outcomes

    def outcomes(*asked: Any, **how: Any) -> list[Outcome]:
        done, lost, _ = plain(*asked, **how)
        if how["attempt"] > 1:
            return [done]
        return [done, lost._replace(again=True, delay_ms=10)]

    toys.service.outcomes = outcomes  # type: ignore[method-assign]

    lost = ["toy1=lost", "toy2", "toy2", "@time", "toy1"]
    assert registers_of(after(toys, *lost[:3])) == (5, 0)
    assert labels(toys, *lost) == ["toy1"]
    assert registers_of(after(toys, *lost, "toy1")) == (1, 0)
    assert has_ended(toys, *lost, "toy1")


def read_then_swap(port: Port) -> None:
    swap(port, 0, read(port, 0), 5)


# -------------------------------------------------------- who is to be considered


def begin_and_write_twice(port: Port) -> None:
    for value in (1, 2):
        port(RUNTIME, BEGIN, {})
        write(port, 0, value)


def test_a_human_begins_at_any_time_or_not_at_all() -> None:
    human = Kind("human", is_human=True, stays=True)
    toys = Toys([begin_and_write_twice, wait_and_look], kinds=[human, Kind("toy")])

    assert labels(toys) == ["toy1", "@time"]
    assert has_ended(toys, "@time", "toy2", "toy2")
    assert labels(toys, "@time", "toy2", "toy2") == ["toy1"]
    assert not has_ended(toys, "@time", "toy2", "toy2", "toy1")


def test_a_human_who_has_begun_goes_on_until_the_next_beginning() -> None:
    human = Kind("human", is_human=True, stays=True)
    toys = Toys([begin_and_write_twice], kinds=[human], budget=Budget(faults=1))

    assert labels(toys, "toy1") == ["toy1", "toy1=dies"]
    assert labels(toys, "toy1", "toy1") == ["toy1"]
    assert has_ended(toys, "toy1", "toy1")


def test_what_goes_on_for_some_time_begins_anew_with_each_fault_and_each_act_of_a_human() -> None:
    human = Kind("human", is_human=True, stays=True)
    toys = Toys(
        [begin_and_write_twice, two_writes],
        kinds=[human, Kind("toy")],
        faulty=True,
        budget=Budget(faults=1),
    )
    renewed: list[str] = []

    def renew(world: World) -> Changes:
        renewed.append(str(registers_of(world)))
        return ()

    toys.kernel.renewed = renew

    labels(toys)
    assert renewed == ["(0,)", "(1,)", "(0,)"]  # the human begins; a write is lost; one is refused


def test_a_human_who_looks_at_the_clock_first_begins_when_asked() -> None:
    def look(port: Port) -> None:
        port(RUNTIME, BEGIN, {})
        write(port, 0, now(port))

    human = Kind("human", is_human=True)
    toys = Toys([look, wait_and_look], kinds=[human, Kind("toy")])

    assert registers_of(after(toys, "@time", "toy2", "toy1", "toy1")) == (100,)


def test_a_request_that_commutes_with_all_others_is_made_at_once() -> None:
    toys = Toys([read_then_write, one_write], (0, 0))
    toys.service.is_local = lambda request: request.operation == "read"  # type: ignore[method-assign]

    assert labels(toys) == ["toy1"]
    assert labels(toys, "toy1") == ["toy1", "toy2"]


def read_then_write(port: Port) -> None:
    read(port, 1)
    write(port, 1, 1)


def test_an_end_that_everybody_can_see_takes_its_turn() -> None:
    toys = Toys([read_once, one_write])
    toys.service.is_local = lambda request: request.operation == "read"  # type: ignore[method-assign]

    assert labels(toys) == ["toy1", "toy2"]


def test_where_time_may_pass_at_will_nothing_is_done_at_once() -> None:
    toys = Toys([read_then_write, one_write, wait_and_look], (0, 0), budget=Budget(ticks=1))
    toys.service.is_local = lambda request: request.operation == "read"  # type: ignore[method-assign]

    assert labels(toys) == ["toy1", "toy2", "@tick"]


@pytest.mark.parametrize("local", [False, True])
def test_what_is_made_at_once_leaves_the_same_ends(*, local: bool) -> None:
    toys = Toys([read_then_write, add, add], (0, 0), budget=Budget(faults=1), faulty=True)
    toys.service.is_local = lambda request: (  # type: ignore[method-assign]
        local and request.body["register"] == 1 and request.operation == "read"
    )
    ends: set[Any] = set()

    def collect(world: World) -> None:
        results = [(part.value.name, str(part.value.node.end)) for part in world.actors]
        ends.add((registers_of(world), tuple(sorted(results))))

    explore(toys.kernel, toys.first, Invariants(ends=(("ends", collect),)))

    assert len(ends) == 18
    assert ends >= {((2, 1), tuple((f"toy{n}", "returns None") for n in (1, 2, 3)))}


def add(port: Port) -> None:
    write(port, 0, read(port, 0) + 1)


# --------------------------------------------------------------- ends and events

DRAWN = Kind("worker", limit=1)


class Queue:
    """A source: a register counts messages, each of which brings a worker to life."""

    reads = REGISTERS
    is_timed = False

    def __init__(self, parts: Parts, kernel: Any, kind: Kind, run: Any) -> None:
        self._parts = parts
        self._kernel = kernel
        self._kind = kind
        self._run = run

    def events(self, part: Part[Any], now_ms: int) -> list[Event]:
        (left, *others) = part.value
        if not left:
            return []
        program: Program = self._kernel().program("worker", self._run)
        taken = self._parts.of("registers", (left - 1, *others))
        spawn = Spawn(self._kind, program, "message")
        return [
            Event("deliver", "it is delivered", ((REGISTERS, taken),), spawn=spawn),
            Event("twice", "it is delivered, and stays", (), COPIES, spawn),
        ]

    def next_ms(self, part: Part[Any], now_ms: int) -> None:
        return None


class WithQueue(Toys):
    """A world without actors, and with messages in register 0."""

    def __init__(
        self, messages: int, run: Any, kind: Kind = DRAWN, budget: Budget = NO_BUDGET, **more: Any
    ) -> None:
        super().__init__([])
        kernel: list[Kernel] = []
        answers = Answers()
        self.service = Registers(self.parts, answers)
        source = Queue(self.parts, lambda: kernel[0], kind, run)
        services = {"registers": self.service}
        self.kernel = Kernel(self.parts, answers, self.kernel.requests, services, [source], **more)
        kernel.append(self.kernel)
        shared: list[Any] = [self.parts.of("registers", (messages, 0))]
        if self.kernel.notes >= 0:
            shared.append(self.parts.of("notes", frozenset()))
        self.first = self.kernel.world(0, budget, shared, [])


def draw(port: Port) -> None:
    write(port, 1, int(new_id(port).rpartition("-")[2]))
    write(port, 1, 5)


def test_messages_bring_workers_to_life_as_many_as_there_may_be_at_once() -> None:
    world = WithQueue(2, draw)

    assert labels(world) == ["+deliver"]
    assert labels(world, "+deliver") == ["worker1"]
    assert labels(world, "+deliver", "worker1", "worker1") == ["+deliver"]


def test_a_message_that_stays_is_delivered_again() -> None:
    world = WithQueue(1, draw, Kind("worker", limit=2), Budget(copies=1))

    assert labels(world) == ["+deliver", "+twice"]
    assert labels(world, "+twice") == ["worker1", "+deliver"]
    assert labels(world, "+twice", "+deliver") == ["worker1", "worker2"]


def test_a_name_is_given_again() -> None:
    assert labels(WithQueue(2, draw), "+deliver", "worker1", "worker1", "+deliver") == ["worker1"]


def test_an_id_is_given_again_unless_somebody_remembers_it() -> None:
    two = Kind("worker", limit=2)

    again = after(WithQueue(2, draw), "+deliver", "worker1", "worker1", "+deliver")
    both = after(WithQueue(2, draw, two), "+deliver", "+deliver")
    told = WithQueue(1, draw, mentions=lambda _world: frozenset({"id-p-1", "id-p-3"}))

    assert [part.value.node.ids for part in again.actors] == [("id-p-1",)]
    assert [part.value.node.ids for part in both.actors] == [("id-p-1",), ("id-p-2",)]
    assert [part.value.node.ids for part in after(told, "+deliver").actors] == [("id-p-2",)]


def test_what_workers_are_called_makes_no_difference() -> None:
    world = WithQueue(2, two_writes, Kind("worker", limit=2))

    first = after(world, "+deliver", "+deliver", "worker1")
    second = after(world, "+deliver", "+deliver", "worker2")

    assert first.key == second.key
    assert first.key != after(world, "+deliver", "+deliver").key


def test_workers_that_stand_at_the_same_place_are_several() -> None:
    world = WithQueue(2, two_writes, Kind("worker", limit=2))
    none = WithQueue(0, two_writes, Kind("worker", limit=2))

    both = after(world, "+deliver", "+deliver")

    assert len(both.actors) == 2
    assert both.key - sum(part.key for part in both.actors) == sum(
        part.key for part in (both.now, both.budget, *both.shared)
    )
    assert both.key != none.first.key


def test_an_end_changes_the_world_as_its_kind_says_and_is_a_step_where_one_may_die() -> None:
    ends: list[Ending] = []

    def ended(ending: Ending) -> Changes:
        ends.append(ending)
        part: Part[tuple[int, ...]] = ending.shared[REGISTERS]
        return ((REGISTERS, world.parts.of("registers", (*part.value[:1], 100))),)

    world = WithQueue(1, draw, Kind("worker", ended=ended), Budget(faults=1))

    way = ["+deliver", "worker1", "worker1"]
    assert registers_of(after(world, *way)) == (0, 5)
    assert labels(world, *way) == ["worker1", "worker1=dies"]
    assert registers_of(after(world, *way, "worker1")) == (0, 100)
    assert {(end.how, end.ids, end.origin) for end in ends} == {
        (RETURNED, ("id-p-1",), "message"),
        (DIED, ("id-p-1",), "message"),
    }


def test_notes_are_kept_at_an_end_and_lost_with_a_death() -> None:
    def noting(port: Port) -> None:
        note(port, "noted")
        write(port, 1, 1)
        write(port, 1, 2)

    world = WithQueue(1, noting, budget=Budget(faults=1), notes=1)

    assert after(world, "+deliver", "worker1", "worker1").shared[1].value == {"noted"}
    assert after(world, "+deliver", "worker1", "worker1=dies").shared[1].value == frozenset()


def test_what_a_human_has_seen_is_kept_even_if_the_human_dies() -> None:
    def seeing(port: Port) -> None:
        port(RUNTIME, BEGIN, {})
        note(port, "seen")
        write(port, 0, 1)
        write(port, 0, 2)

    human = Kind("human", is_human=True, stays=True)
    toys = Toys([seeing], kinds=[human], budget=Budget(faults=1), notes=1)

    assert after(toys, "toy1", "toy1=dies").shared[1].value == {"seen"}


def test_faults_of_services_that_are_not_remembered_are_asked_for_while_there_are_any() -> None:
    asked: list[bool] = []
    toys = Toys([two_writes], faulty=True, budget=Budget(faults=1))
    plain = toys.service.outcomes

    def outcomes(*request: Any, **how: Any) -> list[Outcome]:
        asked.append(how["with_faults"])
        return plain(*request, **how)

    toys.service.outcomes = outcomes  # type: ignore[method-assign]
    toys.service.is_remembered = False

    labels(toys, "toy1", "toy1=lost")

    assert asked == [True, True]
    labels(toys, "toy1=lost")
    assert asked == [True, True, True]
