"""Programs: code that runs from request to request, against recorded answers and new ones.

A program is deterministic in the answers that it has seen. So what it does after some answers is
found out once and kept, as nodes: those of runs that remember the same are one
(``explore.engine.memory``). A run that waits at a node goes on with the first answer that is given
there; for another answer a new run is given the same answers from the start.
"""

import copy
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it ships no types

from explore.engine.memory import MEMORY, Memory, Remembered
from explore.engine.values import frozen

CLOCK, RUNTIME = "clock", "runtime"
"""The services that the kernel itself answers."""

NOW, NEW_ID, REMAINING, NOTE, PUBLISH = "now", "new_id", "remaining", "note", "publish"
"""What it answers at once: the clock (Unix ms), a fresh id, how long an actor may still live (ms).
A note (``text``) is kept until the actor ends and needs no answer."""

SLEEP, BEGIN = "sleep", "begin"
"""What it answers in time: a wait (``ms``), and nothing at all when an actor's turn comes."""

INLINE = frozenset({(CLOCK, NOW), (RUNTIME, NEW_ID), (RUNTIME, REMAINING), (RUNTIME, PUBLISH)})
"""Requests that are answered at once: nobody else can tell when they are made."""


class Interrupted(BaseException):
    """Ends a run that nobody needs any more. Not for the program to catch."""


class NotDeterministic(BaseException):
    """A program made another request than the last time, after answers that are the same to it.

    Not for the program to catch.
    """


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a program asks for. ``origin`` is the method that asks, ``key`` what it is known by."""

    service: str
    operation: str
    body: Any
    origin: str
    key: Hashable
    inline: bool


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a program is told: a value, or an error that is raised where it asked.

    Of an error, ``value`` makes one. ``key`` is what the answer is known by.
    """

    value: Any
    key: Hashable
    is_error: bool = False

    def give(self) -> Any:
        """Return a copy of the value that the program may change, or raise the error."""
        if self.is_error:
            raise self.value()
        return copy.deepcopy(self.value) if isinstance(self.value, dict | list) else self.value


class Answers:
    """Keeps each answer once, so that answers can be compared by identity."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Answer] = {}

    def value(self, value: object) -> Answer:
        """Return the answer that is this value: plain data."""
        key = ("value", frozen(value))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Answer(copy.deepcopy(value), key)
        return found

    def outcome(self, outcome: Hashable) -> Answer:
        """Return the answer that is this immutable object."""
        key = ("value", outcome)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Answer(outcome, key)
        return found

    def error(self, key: Hashable, make: Callable[[], BaseException]) -> Answer:
        """Return the answer that raises what ``make`` returns; ``key`` names it."""
        known = ("error", key)
        found = self._known.get(known)
        if found is None:
            found = self._known[known] = Answer(make, known, is_error=True)
        return found


@dataclass(frozen=True, slots=True)
class End:
    """How a program ended. ``result`` is what it returned, or the error's words."""

    is_error: bool
    result: Hashable

    def __str__(self) -> str:
        return f"raises {self.result}" if self.is_error else f"returns {self.result!r}"


class Node:
    """Where a program stands: at its next request, or at its end.

    ``ids`` and ``notes`` are what it has drawn and written on its way here, ``seen`` the ids that
    it has seen, if somebody has asked. ``live`` is a run that waits here. Runs that remember the
    same stand at one node, whose way is that of the first, and so do runs that have ended alike.
    """

    __slots__ = (
        "_child", "_children", "answer", "end", "ids", "live", "notes", "parent", "request",
        "seen",
    )  # fmt: skip

    def __init__(
        self, parent: "Node | None", answer: Answer | None, request: Request | None, end: End | None
    ) -> None:
        self.parent = parent
        self.answer = answer
        self.request = request
        self.end = end
        self.ids: tuple[str, ...] = ()
        self.notes: frozenset[str] = frozenset()
        self.seen: frozenset[str] | None = None
        self.live: _Live | None = None
        self._child: tuple[Answer, Node] | None = None
        self._children: dict[Answer, Node] | None = None

    def child(self, answer: Answer) -> "Node | None":
        """Return where the program stands after one more answer, if that is known."""
        if self._children is not None:
            return self._children.get(answer)
        only = self._child
        return only[1] if only is not None and only[0] is answer else None

    def adopt(self, answer: Answer, child: "Node") -> None:
        """Remember a child. Most nodes have one, so a dict is made for the second."""
        if self._child is None:
            self._child = (answer, child)
        elif self._children is None:
            self._children = dict([self._child, (answer, child)])
        else:
            self._children[answer] = child

    def children(self) -> "list[Node]":
        """Return the children that are known."""
        if self._children is not None:
            return list(self._children.values())
        return [self._child[1]] if self._child is not None else []

    def answers(self) -> list[Answer]:
        """Return the answers on the way here."""
        found: list[Answer] = []
        node: Node | None = self
        while node is not None and node.answer is not None:
            found.append(node.answer)
            node = node.parent
        return found[::-1]

    def requests(self) -> list[Request]:
        """Return the requests that those were the answers to, and the one that is open."""
        found: list[Request] = []
        node: Node | None = self
        while node is not None:
            if node.request is not None:
                found.append(node.request)
            node = node.parent
        return found[::-1]


class Port(Protocol):
    """The one way out of a program: a call of a service, answered or raised."""

    def __call__(self, service: str, operation: str, request: Mapping[str, Any], /) -> Any:
        """Make a request."""
        ...


Run = Callable[[Port], Hashable]
"""What a program is: it gets a port and returns something plain."""

Rewrite = Callable[[str, str, Mapping[str, Any], str], Mapping[str, Any]]
"""Changes a request before it is made: service, operation, body, origin to a body."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Requests:
    """Keeps each request once."""

    def __init__(self, origins: Sequence[str] = (), rewrite: Rewrite | None = None) -> None:
        self._known: dict[Hashable, Request] = {}
        self._origins = tuple(origins)
        self._rewrite = rewrite

    def of(self, service: str, operation: str, body: Mapping[str, Any]) -> Request:
        """Return the request; its body is copied, and changed if a rewrite is set."""
        origin = "" if (service, operation) in INLINE else self._origin()
        if self._rewrite is not None and origin:
            body = self._rewrite(service, operation, body, origin)
        key = (service, operation, frozen(body), origin)
        found = self._known.get(key)
        if found is None:
            inline = (service, operation) in INLINE
            found = Request(service, operation, copy.deepcopy(dict(body)), origin, key, inline)
            self._known[key] = found
        return found

    def __iter__(self) -> Any:
        return iter(self._known.values())

    def _origin(self) -> str:
        """Name the outermost public method on the stack that belongs to one of the modules."""
        frame = sys._getframe(2)
        found = ""
        while frame is not None:
            module = frame.f_globals.get("__name__", "")
            name = frame.f_code.co_qualname
            if module.startswith(self._origins):
                if "<" not in name and "._" not in f".{name}":
                    found = name
            elif found and module != Memory.__module__:
                break
            frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
        return found


class _Live:
    """A run of a program, which goes on from request to request. It is a ``Port``.

    The answers that are recorded are given at once. From then on the run waits at each request
    until ``go_on`` brings the answer.
    """

    def __init__(self, run: Run, requests: Requests, node: Node | None, *, thorough: bool) -> None:
        self._run = run
        self._requests = requests
        self._recorded = [] if node is None else node.answers()
        self._asked = [] if node is None else node.requests()
        self._next = 0
        self._thorough = thorough
        self._is_stopped = False
        self._greenlet = greenlet(self._body)
        self.memory = Memory()
        self.notes: frozenset[str] = frozenset()
        self.ids: tuple[str, ...] = ()

    def go_on(self, answer: Answer | None) -> Request | End:
        """Run up to the next request without an answer, or to the end."""
        self._greenlet.parent = getcurrent()
        found: Request | End = self._greenlet.switch(answer)
        return found

    def stop(self) -> None:
        """End the run where it waits. Whatever it asks for while it unwinds is not asked."""
        self._is_stopped = True
        self._greenlet.parent = getcurrent()
        self._greenlet.throw(Interrupted)

    def _body(self, _first: object) -> End | None:
        MEMORY.set(self.memory)
        try:
            return End(is_error=False, result=frozen(self._run(self)))
        except Interrupted:
            return None
        except Exception as error:  # noqa: BLE001 - an error is an end like another
            return End(is_error=True, result=f"{type(error).__name__}: {error}")

    def recorded(self, service: str, operation: str) -> Answer | None:
        """Return the answer to the next call if it is recorded and need not be compared in full.

        Whoever makes the call can spare itself the request.
        """
        place = self._next
        if self._is_stopped or self._thorough or place >= len(self._recorded):
            return None
        self._next += 1
        self._check(place, service, operation, NOTHING)
        self.memory.clock = None
        self.memory.add(self._recorded[place])
        return self._recorded[place]

    def __call__(self, service: str, operation: str, request: Mapping[str, Any], /) -> Any:
        if self._is_stopped:
            raise Interrupted
        if operation == NOTE and service == RUNTIME:
            self.notes |= {request["text"]}
            return None
        is_now = operation == NOW and service == CLOCK
        if is_now and self.memory.clock is not None:  # between two requests no time passes
            return self.memory.clock.give()
        answer = self._answer(service, operation, request)
        self.memory.add(answer)
        if is_now:
            self.memory.clock = answer
        elif operation == NEW_ID and service == RUNTIME:
            self.ids += (answer.value,)
        elif service != RUNTIME or operation not in {REMAINING, PUBLISH}:
            self.memory.clock = None
        return answer.give()

    def _answer(self, service: str, operation: str, request: Mapping[str, Any]) -> Answer:
        place = self._next
        self._next += 1
        if place < len(self._recorded):
            self._check(place, service, operation, request)
            return self._recorded[place]
        asked = self._requests.of(service, operation, request)
        answer: Answer = self._greenlet.parent.switch(asked)
        return answer

    def _check(self, place: int, service: str, operation: str, request: Mapping[str, Any]) -> None:
        before = self._asked[place]
        if self._thorough:
            is_same = self._requests.of(service, operation, request) is before
        else:
            is_same = before.service == service and before.operation == operation
        if is_same:
            return
        raise NotDeterministic(
            f"after {place} answers it asked for {before.key}, now for {service} {operation} "
            f"{request}"
        )


class Program:
    """One program with its arguments, and all that is known of what it does.

    ``tag`` marks its ids. ``runs`` counts how often it was begun, ``nodes`` the answer sequences
    that it has seen. With
    ``thorough`` each run is compared with what is known, request by request, in full.
    """

    def __init__(
        self,
        name: str,
        run: Run,
        requests: Requests,
        lives: "Lives",
        tag: str = "p",
        *,
        thorough: bool = False,
    ) -> None:
        self.name = name
        self.tag = tag
        self.runs = self.nodes = 0
        self._run = run
        self._requests = requests
        self._lives = lives
        self._thorough = thorough
        self._ends: dict[tuple[End, frozenset[str]], Node] = {}
        self._known: dict[tuple[Remembered, frozenset[str], tuple[str, ...]], Node] = {}
        self.first = self._stand(None, None, self._begun(None), None)

    def __repr__(self) -> str:
        return self.name

    def after(self, node: Node, answer: Answer) -> Node:
        """Return where the program stands after one more answer."""
        found = node.child(answer)
        if found is None:
            live = self._lives.take(node) or self._caught_up(node)
            found = self._stand(node, answer, live, answer)
            node.adopt(answer, found)
        return found

    def _begun(self, node: Node | None) -> _Live:
        self.runs += 1
        return _Live(self._run, self._requests, node, thorough=self._thorough)

    def _caught_up(self, node: Node) -> _Live:
        live = self._begun(node)
        reached = live.go_on(None)
        if reached is not node.request:
            raise NotDeterministic(f"it stood at {node.request}, and now at {reached}")
        return live

    def _stand(
        self, parent: Node | None, answer: Answer | None, live: _Live, given: Answer | None
    ) -> Node:
        """Have a run go on, and return where it comes to stand."""
        self.nodes += 1
        reached = live.go_on(given)
        if isinstance(reached, Request):
            node = Node(parent, answer, reached, None)
        else:
            node = Node(parent, answer, None, reached)
        node.notes, node.ids = live.notes, live.ids
        if node.end is not None:
            return self._ends.setdefault((node.end, node.notes), node)
        known = self._known.setdefault((live.memory.remembered, node.notes, node.ids), node)
        if known is node:
            self._lives.keep(node, live)
        else:
            live.stop()
            self._compare(known, node)
        return known

    def _compare(self, known: Node, node: Node) -> None:
        if known.request is not node.request:
            raise NotDeterministic(
                f"two runs of {self.name} remember the same and ask for different things: after "
                f"{known.answers()} for {known.request}, after {node.answers()} for {node.request};"
                " some function that is recalled does more than it returns"
            )


class Lives:
    """The runs that wait, up to a number; the one that has waited longest is stopped.

    ``kept`` counts how often one began to wait.
    """

    def __init__(self, most: int = 2000) -> None:
        self.kept = 0
        self._most = most
        self._waiting: OrderedDict[Node, None] = OrderedDict()

    def keep(self, node: Node, live: _Live) -> None:
        """Have a run wait at its node."""
        node.live = live
        self.kept += 1
        self._waiting[node] = None
        if len(self._waiting) > self._most:
            oldest, _ = self._waiting.popitem(last=False)
            stopped, oldest.live = oldest.live, None
            assert stopped is not None
            stopped.stop()

    def take(self, node: Node) -> _Live | None:
        """Return the run that waits at a node, if one does; it waits there no longer."""
        live = node.live
        if live is not None:
            node.live = None
            del self._waiting[node]
        return live
