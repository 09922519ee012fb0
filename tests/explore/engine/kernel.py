"""The kernel: from one state of a world, every step that can come next.

Actors run programs and call services; sources make things happen that nobody in the world
asked for just then (a message is delivered). Nothing else ever happens, and time passes only
when nothing else can, or as a choice that the budget pays for.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import blake2b
from typing import Any

from explore.engine import programs
from explore.engine.programs import (
    CLOCK,
    RUNTIME,
    SLEEP,
    Answer,
    Answers,
    Lives,
    Node,
    Program,
    Request,
    Requests,
    Run,
)
from explore.engine.values import Budget, Part, Parts, rounded_up
from explore.engine.world import (
    DIED,
    FAULTS,
    RAISED,
    RETURNED,
    TICKS,
    Changes,
    Choice,
    Ending,
    Event,
    Jumps,
    Kind,
    Outcome,
    Position,
    Service,
    Source,
    Spawn,
    Step,
    Steps,
    World,
)

NEVER_MS = 1 << 62

MOST_KEPT = 20_000
"""Outcomes and events that are remembered at once."""

_ID = re.compile(r"\bid-\w+-\d+\b")
"""An id that an actor has drawn: its program's tag and a number."""


def _no_jumps(_world: World) -> Mapping[str, int]:
    return {}


def _no_changes(_world: World) -> Changes:
    return ()


def _no_ids(_world: World) -> frozenset[str]:
    return frozenset()


class _Turn(IntEnum):
    """What an actor's steps mean for the rest of the world."""

    NONE = 0  # it has none, or need not make one: time may pass
    SOME = 1  # time waits for them
    PUNCTUAL = 2  # as before, and not even a tick comes between
    ALONE = 3  # nothing else need be considered: they commute with whatever else may come


class Begin:
    """Answers actors that wait for their turn."""

    reads: tuple[int, ...] = ()
    is_timed = False
    is_remembered = True

    def __init__(self, answers: Answers) -> None:
        self._done = (Outcome("", answers.value(None)),)

    def outcomes(
        self,
        request: Request,
        parts: Sequence[Any],
        now_ms: int,
        *,
        attempt: int,
        with_faults: bool,
    ) -> Sequence[Outcome]:
        return self._done

    def is_local(self, request: Request) -> bool:
        return False

    def is_punctual(self, request: Request) -> bool:
        return False

    def words(self, request: Request) -> str:
        return "begins"


@dataclass(slots=True, eq=False)
class Kernel:
    """The rules of one world.

    Args:
        services: who answers which service's requests.
        sources: what else may happen.
        horizon_ms: when the world is no longer watched.
        jumps: named moments that a tick may go to, besides the next moment.
        mentions: ids that the shared parts still speak of; they are not given anew.
        notes: the place of the shared part that collects the notes of actors that ended.
        thorough: whether each run of a program is compared with what is known of it.
        renewed: what changes with each fault, each tick and each act of somebody outside: what
            goes on for some time afterwards begins anew.
        at_last: what changes once nothing else would happen any more; nothing, if that is the end.
        grain_ms: answers that take time arrive at multiples of it, so that histories meet.
    """

    parts: Parts
    answers: Answers
    requests: Requests
    services: Mapping[str, Service]
    sources: Sequence[Source] = ()
    horizon_ms: int = NEVER_MS - 1
    jumps: Jumps = _no_jumps
    mentions: Callable[[World], frozenset[str]] = _no_ids
    notes: int = -1
    thorough: bool = False
    renewed: Callable[[World], Changes] = _no_changes
    at_last: Callable[[World], Changes] = _no_changes
    grain_ms: int = 1
    lives: Lives = field(default_factory=Lives)
    _parts_of_actors: dict[Position, Part[Position]] = field(default_factory=dict)
    _programs: dict[Hashable, Program] = field(default_factory=dict)
    _found: dict[tuple[Any, ...], Sequence[Outcome]] = field(default_factory=dict)
    _by_source: list[tuple[Source, dict[Any, tuple[tuple[Event, ...], int]]]] = field(init=False)
    _spent: dict[tuple[Part[Budget], str], Part[Budget] | None] = field(default_factory=dict)
    _clock: dict[int, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = {RUNTIME: Begin(self.answers), **self.services}
        self._by_source = [(source, {}) for source in self.sources]

    # ------------------------------------------------------------ building
    def program(self, name: str, run: Run, tag: str = "p") -> Program:
        """Return the program of this name; it is made the first time. Its ids carry the tag."""
        found = self._programs.get(name)
        if found is None:
            found = self._programs[name] = Program(
                name, run, self.requests, self.lives, tag, thorough=self.thorough
            )
        return found

    @property
    def runs(self) -> int:
        """Count how often programs were begun."""
        return sum(program.runs for program in self._programs.values())

    @property
    def nodes(self) -> int:
        """Count the different answer sequences that programs have seen."""
        return sum(program.nodes for program in self._programs.values())

    def world(
        self, now_ms: int, budget: Budget, shared: Sequence[Any], actors: Sequence[Position]
    ) -> World:
        """Make the first state. Each actor runs up to its first request."""
        now, left = self.parts.of("now", now_ms), self.parts.of("budget", budget)
        world = World(now, left, (), tuple(shared), now.key + left.key)
        for part in shared:
            world.key += part.key
        for at in actors:
            world = self._arrive(world, None, at, at.program.first)
        return world

    # --------------------------------------------------------------- steps
    def steps(self, world: World) -> tuple[Steps, bool]:
        """Return every step that can come next, and whether the world has ended.

        It has ended if nothing can happen any more unless a human acts.
        """
        steps: Steps = []
        busiest = _Turn.NONE
        for part in world.actors:
            own: Steps = []
            turn = self._turn(world, part, own)
            if turn is _Turn.ALONE:
                return own, False
            busiest = max(busiest, turn)
            steps += own
        happens, next_ms = self._happenings(world, steps)
        next_ms = min(next_ms, _own_moment(world))
        if busiest is _Turn.NONE and not happens:
            passed = self._time_passes(world, next_ms)
            if passed is not None:
                steps.append((Choice(Step.TIME, "time"), passed))
            elif more := self.at_last(world):
                between = World(world.now, world.budget, world.actors, world.shared, world.key)
                steps.append((Choice(Step.TIME, "at-last"), _changed(between, more)))
            else:
                return steps, True
        elif world.budget.value.ticks and busiest is not _Turn.PUNCTUAL:
            self._ticks(world, next_ms, steps)
        return steps, False

    def _turn(self, world: World, part: Part[Position], own: Steps) -> "_Turn":
        """Add the steps of one actor, and say what they mean for the others."""
        at, budget = part.value, world.budget.value
        if at.wake_ms > world.now.value or at.is_over:
            return _Turn.NONE
        if at.wake_ms >= 0:
            own.append((Choice(Step.WAKE, at.name), self._woken(world, part)))
            return _Turn.SOME if budget.ticks else _Turn.ALONE
        request = at.node.request
        turn = _Turn.SOME
        if request is None:
            own.append((Choice(Step.RETURN, at.name), self._returned(world, part)))
        else:
            turn = self._asks(world, part, request, own)
        is_idle = at.node is at.program.first or (
            request is not None and request.operation == programs.BEGIN
        )
        may_die = budget.faults and at.kind.is_mortal and not is_idle
        if may_die and turn is not _Turn.ALONE:
            died = self._gone(world, part, DIED, FAULTS)
            assert died is not None
            own.append((Choice(Step.DIE, at.name), died))
        return turn

    def _asks(self, world: World, part: Part[Position], request: Request, own: Steps) -> "_Turn":
        at, service = part.value, self.services[request.service]
        for outcome in self._outcomes(world, request, service, at.attempt):
            new = self._answered(world, part, request, outcome)
            if new is not None:
                own.append((Choice(Step.CALL, at.name, outcome), new))
        if at.kind.is_human and request.operation == programs.BEGIN:
            return _Turn.NONE
        # An end that everybody can see takes its turn like anything else.
        is_seen = at.kind.stays and _some_over(at.name, own)
        if not world.budget.value.ticks and not is_seen and service.is_local(request):
            return _Turn.ALONE
        return _Turn.PUNCTUAL if service.is_punctual(request) else _Turn.SOME

    def _outcomes(
        self, world: World, request: Request, service: Service, attempt: int
    ) -> Sequence[Outcome]:
        shared, now_ms = world.shared, world.now.value
        parts = [shared[read] for read in service.reads]
        if not service.is_remembered:
            with_faults = world.budget.value.faults > 0
            return service.outcomes(
                request, parts, now_ms, attempt=attempt, with_faults=with_faults
            )
        key = (request, attempt, now_ms if service.is_timed else 0, *parts)
        found = self._found.get(key)
        if found is None:
            if len(self._found) > MOST_KEPT:
                self._found.clear()
            found = service.outcomes(request, parts, now_ms, attempt=attempt, with_faults=True)
            self._found[key] = found
        return found

    def _answered(
        self, world: World, part: Part[Position], request: Request, outcome: Outcome
    ) -> World | None:
        """Return the world after a request has come to an outcome; None if it costs too much."""
        budget = left = world.budget
        key = world.key - part.key
        if outcome.cost:
            paid = self._pay(budget, outcome.cost)
            if paid is None:
                return None
            left = paid
            key += left.key - budget.key
        new = World(world.now, left, world.actors, world.shared, key)
        if outcome.changes:
            _changed(new, outcome.changes)
        if outcome.cost == FAULTS:
            _changed(new, self.renewed(new))
        at = part.value
        node = at.node
        if outcome.again:
            wake_ms = rounded_up(world.now.value + outcome.delay_ms, self.grain_ms)
            return self._placed(new, part, at._replace(wake_ms=wake_ms, attempt=at.attempt + 1))
        child = node.child(outcome.answer) or at.program.after(node, outcome.answer)
        while outcome.persists and child.request is request:
            node, child = child, at.program.after(child, outcome.answer)
        if outcome.delay_ms:
            wake_ms = rounded_up(world.now.value + outcome.delay_ms, self.grain_ms)
            waits = at._replace(node=node, wake_ms=wake_ms, answer=outcome.answer)
            return self._placed(new, part, waits)
        if at.kind.is_human and request.operation == programs.BEGIN:
            _changed(new, self.renewed(new))
        return self._arrive(new, part, at, child)

    def _pay(self, budget: Part[Budget], cost: str) -> Part[Budget] | None:
        key = (budget, cost)
        if key not in self._spent:
            left = budget.value.after(cost)
            self._spent[key] = None if left is None else self.parts.of("budget", left)
        return self._spent[key]

    # -------------------------------------------------------------- actors
    def _placed(self, world: World, part: Part[Position] | None, at: Position | None) -> World:
        """Put an actor in another's place. The key of ``world`` has lost the old one already."""
        actors = world.actors
        place = len(actors) if part is None else actors.index(part)
        after = place if part is None else place + 1
        if at is None:
            world.actors = actors[:place] + actors[after:]
            return world
        new = self._parts_of_actors.get(at)
        if new is None:
            new = self._parts_of_actors[at] = Part(at, _key_of(at))
        world.actors = (*actors[:place], new, *actors[after:])
        world.key += new.key
        return world

    def _arrive(self, world: World, part: Part[Position] | None, at: Position, node: Node) -> World:
        """Have an actor go on to its next request that is no inline one, or to its end."""
        now_ms = world.now.value
        while (request := node.request) is not None and request.inline:
            if request.operation == programs.PUBLISH:
                world = self._noted(world, node)
            answer = self._inline(world, at, node, request)
            node = node.child(answer) or at.program.after(node, answer)
        if request is None:
            if at.kind.ended is not None and world.budget.value.faults:
                new = Position(at.name, at.kind, at.program, node, at.began_ms, at.origin)
                return self._placed(world, part, new)
            return self._ended(world, part, at, node)
        wake_ms, pocket = -1, None
        if request.service == CLOCK and request.operation == SLEEP:
            wake_ms, pocket = now_ms + request.body["ms"], self.answers.value(None)
        new = Position(at.name, at.kind, at.program, node, at.began_ms, at.origin, wake_ms, pocket)
        return self._placed(world, part, new)

    def _inline(self, world: World, at: Position, node: Node, request: Request) -> Answer:
        now_ms = world.now.value
        match request.operation:
            case programs.NOW:
                found = self._clock.get(now_ms)
                if found is None:
                    found = self._clock[now_ms] = self.answers.value(now_ms)
                return found
            case programs.NEW_ID:
                return self.answers.value(self._fresh_id(world, at.program, node))
            case programs.REMAINING:
                return self.answers.value(at.began_ms + at.kind.timeout_ms - now_ms)
            case _:
                return self.answers.value(None)

    def _fresh_id(self, world: World, program: Program, node: Node) -> str:
        """Return the first id of a program that nobody remembers.

        So most worlds that differ in ids alone are one.
        """
        known = self.mentions(world) | _ids_seen(node)
        for part in world.actors:
            at = part.value
            known |= _ids_seen(at.node) | _ids_in(at.answer)
        number = 1
        while f"id-{program.tag}-{number}" in known:
            number += 1
        return f"id-{program.tag}-{number}"

    def _ended(self, world: World, part: Part[Position] | None, at: Position, node: Node) -> World:
        world = self._noted(world, node)
        assert node.end is not None
        how = RAISED if node.end.is_error else RETURNED
        ending = _ending(how, at, node, world)
        if at.kind.ended is not None:
            world = _changed(world, at.kind.ended(ending))
        if not at.kind.stays:
            return self._placed(world, part, None)
        kept = Position(at.name, at.kind, at.program, node, 0)
        return self._placed(world, part, kept)

    def _noted(self, world: World, node: Node) -> World:
        if self.notes < 0 or not node.notes:
            return world
        old = world.shared[self.notes]
        new = self.parts.of("notes", old.value | node.notes)
        return _changed(world, ((self.notes, new),))

    def _woken(self, world: World, part: Part[Position]) -> World:
        at = part.value
        between = World(world.now, world.budget, world.actors, world.shared, world.key - part.key)
        if at.answer is None:
            return self._placed(between, part, at._replace(wake_ms=-1))
        return self._arrive(between, part, at, at.program.after(at.node, at.answer))

    def _returned(self, world: World, part: Part[Position]) -> World:
        between = World(world.now, world.budget, world.actors, world.shared, world.key - part.key)
        return self._ended(between, part, part.value, part.value.node)

    def _gone(self, world: World, part: Part[Position], how: str, cost: str = "") -> World | None:
        """End an actor where it stands."""
        left = self._pay(world.budget, cost)
        if left is None:
            return None
        key = world.key - part.key + left.key - world.budget.key
        between = World(world.now, left, world.actors, world.shared, key)
        if cost:
            between = _changed(between, self.renewed(between))
        if part.value.kind.is_human:  # what somebody has seen done stays done
            between = self._noted(between, part.value.node)
        if part.value.kind.ended is not None:
            ending = _ending(how, part.value, part.value.node, between)
            between = _changed(between, part.value.kind.ended(ending))
        return self._placed(between, part, None)

    # -------------------------------------------------------------- events
    def _happenings(self, world: World, steps: Steps) -> tuple[bool, int]:
        """Add what sources may do.

        Returns:
            Whether any of it is free, and when more may happen, ``NEVER_MS`` if at no time.
        """
        busy, moment = False, NEVER_MS
        now_ms, shared = world.now.value, world.shared
        for source, known in self._by_source:
            part = shared[source.reads]
            key = (part, now_ms) if source.is_timed else part
            found = known.get(key)
            if found is None:
                if len(known) > MOST_KEPT:
                    known.clear()
                next_ms = source.next_ms(part, now_ms)
                found = tuple(source.events(part, now_ms)), NEVER_MS if next_ms is None else next_ms
                known[key] = found
            events, next_ms = found
            moment = min(moment, next_ms)
            for event in events:
                new = self._happened(world, event)
                if new is not None:
                    steps.append((Choice(Step.EVENT, event.label, event), new))
                    busy = busy or not (event.cost or event.is_optional)
        return busy, moment

    def _happened(self, world: World, event: Event) -> World | None:
        left = self._pay(world.budget, event.cost)
        spawn = event.spawn
        if left is None or (spawn is not None and spawn.kind.limit <= _count(world, spawn.kind)):
            return None
        key = world.key + left.key - world.budget.key
        new = World(world.now, left, world.actors, world.shared, key)
        new = _changed(new, event.changes)
        if event.is_optional or event.cost == FAULTS:
            new = _changed(new, self.renewed(new))
        return new if spawn is None else self._spawned(new, spawn)

    def _spawned(self, world: World, spawn: Spawn) -> World:
        name = self._free_name(world, spawn.kind)
        began_ms = world.now.value if spawn.kind.timeout_ms else 0
        first = spawn.program.first
        at = Position(name, spawn.kind, spawn.program, first, began_ms, spawn.origin)
        return self._arrive(world, None, at, first)

    def _free_name(self, world: World, kind: Kind) -> str:
        """Return the first name that nobody has."""
        used = {part.value.name for part in world.actors}
        number = 1
        while f"{kind.name}{number}" in used:
            number += 1
        return f"{kind.name}{number}"

    # ---------------------------------------------------------------- time
    def _ticks(self, world: World, next_ms: int, steps: Steps) -> None:
        moments = {"tick": next_ms} | dict(self.jumps(world))
        taken: set[int] = set()
        for name, moment in moments.items():
            if moment <= world.now.value or moment in taken:
                continue
            passed = self._time_passes(world, moment, TICKS)
            if passed is not None:
                taken.add(moment)
                steps.append((Choice(Step.TIME, name), passed))

    def _time_passes(self, world: World, moment: int, cost: str = "") -> World | None:
        if moment > self.horizon_ms:
            return None
        left = self._pay(world.budget, cost)
        if left is None:
            return None
        now = self.parts.of("now", moment)
        key = world.key + now.key - world.now.key + left.key - world.budget.key
        new = World(now, left, world.actors, world.shared, key)
        for part in world.actors:
            if 0 <= _deadline(part.value) <= moment:
                gone = self._gone(new, part, DIED)
                assert gone is not None
                new = gone
        return _changed(new, self.renewed(new)) if cost else new


def _ending(how: str, at: Position, node: Node, world: World) -> Ending:
    return Ending(how, node.ids, at.origin, world.now.value, world.shared)


def _key_of(at: Position) -> int:
    """Return a number of 128 bits that no other position has, whatever the actor is called.

    Kinds, programs, nodes and answers are never forgotten, so where they are tells them apart.
    """
    name = at.name if at.kind.stays else ""
    who = f"{name} {id(at.kind)} {id(at.program)} {id(at.node)} {id(at.answer)}"
    text = f"actor {who} {at.began_ms} {at.wake_ms} {at.attempt} {at.origin!r}"
    return int.from_bytes(blake2b(text.encode(), digest_size=16).digest())


def _changed(world: World, changes: Changes) -> World:
    """Apply changes to a world that nobody else has seen."""
    if changes:
        shared = list(world.shared)
        for place, new in changes:
            world.key += new.key - shared[place].key
            shared[place] = new
        world.shared = tuple(shared)
    return world


def _some_over(name: str, steps: Steps) -> bool:
    """Whether an actor that stays is over after one of the steps: everybody can see that."""
    ends = (new.actor(name) for _, new in steps)
    return any(at is None or at.is_over for at in ends)


def _count(world: World, kind: Kind) -> int:
    return sum(part.value.kind is kind and not part.value.is_over for part in world.actors)


def _own_moment(world: World) -> int:
    """Return when the next actor wakes or is killed."""
    now_ms, found = world.now.value, NEVER_MS
    for part in world.actors:
        at = part.value
        for moment in (at.wake_ms, _deadline(at)):
            if now_ms < moment < found:
                found = moment
    return found


def _deadline(at: Position) -> int:
    """When an actor is killed for living too long, -1 if it is not."""
    if not at.kind.timeout_ms or at.is_over:
        return -1
    return at.began_ms + at.kind.timeout_ms


def ids_in(text: str) -> frozenset[str]:
    """Return the ids that actors have drawn, as far as a text mentions them."""
    return frozenset(_ID.findall(text))


def _ids_in(answer: Answer | None) -> frozenset[str]:
    return ids_in(repr(answer.key)) if answer is not None else frozenset()


def _ids_seen(node: Node) -> frozenset[str]:
    """Return the ids that a program has seen or drawn."""
    if node.seen is None:
        before = _ids_seen(node.parent) if node.parent is not None else frozenset()
        node.seen = before | _ids_in(node.answer)
    return node.seen
