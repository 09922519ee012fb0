"""Programs: what is known of them is found out once, and is what the code does."""

from typing import Any

import pytest

from explore.engine.programs import (
    Answers,
    Interrupted,
    Lives,
    Node,
    NotDeterministic,
    Port,
    Program,
    Requests,
)
from explore.engine.toys import new_id, note, now, read, write
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.quota import QuotaStore
from wxlive.wechat.apis import Api


class Bench:
    """A program, and answers for it."""

    def __init__(self, run: Any, *, most_lives: int = 100) -> None:
        self.answers = Answers()
        self.requests = Requests()
        self.program = Program("p", run, self.requests, Lives(most_lives), thorough=True)

    def after(self, *values: object) -> Node:
        node = self.program.first
        for value in values:
            node = self.program.after(node, self.answers.value(value))
        return node


def asked(node: Node) -> Any:
    assert node.request is not None
    return node.request.operation, dict(node.request.body)


def double(port: Port) -> int:
    value = read(port, 0)
    write(port, 1, 2 * value)
    return value


def test_a_program_stands_at_its_next_request_or_its_end() -> None:
    bench = Bench(double)

    assert asked(bench.after()) == ("read", {"register": 0})
    assert asked(bench.after(4)) == ("write", {"register": 1, "value": 8})
    end = bench.after(4, True).end
    assert end is not None
    assert (end.is_error, end.result) == (False, 4)


def test_what_is_known_is_not_run_again() -> None:
    bench = Bench(double)
    first = [bench.after(4, True), bench.after(5, True)]
    runs, nodes = bench.program.runs, bench.program.nodes

    assert [bench.after(4, True), bench.after(5, True)] == first
    assert (bench.program.runs, bench.program.nodes) == (runs, nodes)


def test_the_first_answer_goes_to_the_run_that_waits_and_another_one_to_a_new_run() -> None:
    bench = Bench(double)

    bench.after(4, True)
    assert bench.program.runs == 1
    bench.after(5)
    assert bench.program.runs == 2


@pytest.mark.parametrize("most_lives", [0, 1, 100])
def test_runs_that_wait_are_stopped_when_there_are_too_many_and_nobody_can_tell(
    most_lives: int,
) -> None:
    bench = Bench(double, most_lives=most_lives)

    for value in range(5):
        bench.after(value)
    ends = [bench.after(value, True).end for value in range(5)]

    assert [end.result for end in ends if end] == [0, 1, 2, 3, 4]


def test_a_run_that_is_stopped_asks_for_nothing_while_it_unwinds() -> None:
    unwound: list[str] = []

    def stubborn(port: Port) -> None:
        try:
            read(port, 0)
        except Exception:  # noqa: BLE001 - what shipped code does
            unwound.append("an exception")
        finally:
            unwound.append("the end")
            write(port, 0, 1)

    bench = Bench(stubborn, most_lives=0)

    assert asked(bench.after()) == ("read", {"register": 0})
    assert unwound == ["the end"]
    assert [request.operation for request in bench.requests] == ["read"]


def test_a_run_that_goes_on_after_it_was_stopped_has_not_ended() -> None:
    def deaf(port: Port) -> str:
        try:
            read(port, 0)
        except Interrupted:
            return "I go on"
        return "answered"

    bench = Bench(deaf, most_lives=0)

    assert bench.after().end is None
    end = bench.after(1).end
    assert end is not None
    assert end.result == "answered"


def test_errors_are_raised_where_the_program_asked_and_are_ends_if_it_does_not_catch_them() -> None:
    bench = Bench(double)
    lost = bench.answers.error("lost", lambda: ConnectionError("no answer"))

    end = bench.program.after(bench.after(), lost).end

    assert end is not None
    assert (end.is_error, end.result) == (True, "ConnectionError: no answer")


def test_ends_that_are_alike_are_one() -> None:
    def forget(port: Port) -> None:
        read(port, 0)

    bench = Bench(forget)

    assert bench.after(1) is bench.after(2)


def test_a_program_that_is_not_deterministic_is_found_out() -> None:
    registers = iter(range(10))

    def fickle(port: Port) -> None:
        read(port, next(registers))
        read(port, 0)

    bench = Bench(fickle)
    bench.after(1)

    with pytest.raises(NotDeterministic):
        bench.after(2)


def test_an_answer_that_a_program_changes_is_the_same_the_next_time() -> None:
    def greedy(port: Port) -> Any:
        answer: Any = read(port, 0)
        answer.append(9)
        return [*answer, read(port, 1)]

    bench = Bench(greedy)

    ends = [bench.after([1], 2).end, bench.after([1], 3).end]

    assert [end.result for end in ends if end] == [("[]", 1, 9, 2), ("[]", 1, 9, 3)]


def test_between_two_requests_the_clock_is_asked_once() -> None:
    def watchful(port: Port) -> tuple[int, int, int]:
        first, second = now(port), now(port)
        read(port, 0)
        return first, second, now(port)

    bench = Bench(watchful)

    end = bench.after(5, 0, 7).end

    assert end is not None
    assert end.result == ("[]", 5, 5, 7)


def test_a_node_knows_the_ids_and_notes_on_the_way_to_it() -> None:
    def busy(port: Port) -> None:
        note(port, "begun")
        new_id(port)
        note(port, "drawn")
        read(port, 0)

    node = Bench(busy).after("id-1")

    assert node.ids == ("id-1",)
    assert node.notes == {"begun", "drawn"}


def test_requests_are_named_after_the_method_of_a_store_that_makes_them() -> None:
    requests = Requests(origins=("wxlive.stores.",))
    made: list[str] = []

    class Table:
        def update_item(self, **request: Any) -> None:
            made.append(requests.of("dynamodb", "UpdateItem", request).origin)

    table: Any = Table()
    QuotaStore(table, Api.PUSH_MESSAGE, 10).refund("2026-11-22", "a call")
    LedgerStore(table).abandon("c", Chunk(1, ChunkState.SENDING, 2), reason="gone")

    assert made == ["QuotaStore.refund", "LedgerStore.abandon"]
