"""SQS and Lambda in memory: late, twice, in any order."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from explore.aws.fates import Retries
from explore.aws.outcomes import Answer as AwsAnswer
from explore.aws.outcomes import Outcome as AwsOutcome
from explore.engine.programs import Answers, Program, Request
from explore.engine.values import Part, Parts, rounded_up
from explore.engine.world import (
    COPIES,
    RETURNED,
    Changes,
    Ending,
    Event,
    Kind,
    Outcome,
    Spawn,
)
from explore.stack.aws_fates import USUAL_FATES, AwsFates, outcome_of
from explore.stack.places import (
    INVOCATIONS,
    LAST_ROUNDS,
    QUEUE,
    Invocation,
    Lambda,
    Message,
    Queue,
    Timer,
)
from wxlive.aws import DEFAULT, ClientConfig

GRAIN_MS, DELAY_GRAIN_MS = 60_000, 1000
"""What comes back, and what is delayed, comes at a multiple of these: SQS and Lambda may be late,
and so histories meet."""

VISIBILITY_MS = 360_000
MAX_RECEIVES = 5
RETRY_DELAYS_MS = {2: 60_000, 1: 120_000}
"""Lambda invokes a function again that failed: after a minute, and after two more."""

_SENT = AwsAnswer.of(MessageId="m")
_INVOKED = AwsAnswer.of(StatusCode=202)


def with_message(queue: Queue, message: Message, now_ms: int) -> Queue:
    """Return the queue with one more message."""
    return _tidy(queue._replace(messages=(*queue.messages, message)), now_ms)


def _tidy(queue: Queue, now_ms: int) -> Queue:
    """Forget since when a message has been visible: it makes no difference."""
    seen = (m._replace(visible_ms=0) if m.visible_ms <= now_ms else m for m in queue.messages)
    return queue._replace(messages=tuple(sorted(seen)))


def _without(queue: Queue, message: Message) -> Queue:
    left = list(queue.messages)
    left.remove(message)
    return queue._replace(messages=tuple(left))


class SqsService:
    """Takes messages."""

    reads = (QUEUE,)
    is_timed = True
    is_remembered = True

    def __init__(
        self,
        parts: Parts,
        answers: Answers,
        fates: Sequence[str] = USUAL_FATES,
        config: ClientConfig = DEFAULT,
    ) -> None:
        self._parts = parts
        self._fates = AwsFates("sqs", answers, fates, Retries.of(config))

    def outcomes(
        self,
        request: Request,
        parts: Sequence[Part[Any]],
        now_ms: int,
        *,
        attempt: int = 1,
        with_faults: bool = True,
    ) -> Sequence[Outcome]:
        sent = [_message_of(entry, now_ms) for entry in _entries(request)]
        answer = _SENT if request.operation == "SendMessage" else _sent_all(request)

        def send(queue: Queue) -> tuple[Queue, AwsOutcome]:
            for message in sent:
                queue = with_message(queue, message, now_ms)
            return queue, answer

        return [
            outcome_of(result, ((QUEUE, self._parts.of("queue", result.state)),))
            for result in self._fates.come_to(request, parts[0].value, send, attempt=attempt)
        ]

    def is_local(self, request: Request) -> bool:
        return False

    def is_punctual(self, request: Request) -> bool:
        return False

    def words(self, request: Request) -> str:
        named = ", ".join(what_of(entry["MessageBody"]) for entry in _entries(request))
        delay_s = request.body.get("DelaySeconds", 0)
        return f"SQS {request.operation} {named}{f' in {delay_s} s' if delay_s else ''}"


def _entries(request: Request) -> Sequence[Mapping[str, Any]]:
    if request.operation == "SendMessage":
        return [request.body]
    assert request.operation == "SendMessageBatch", request.operation
    entries: Sequence[Mapping[str, Any]] = request.body["Entries"]
    return entries


def _message_of(entry: Mapping[str, Any], now_ms: int) -> Message:
    delay_ms = entry.get("DelaySeconds", 0) * 1000
    return Message(entry["MessageBody"], rounded_up(now_ms + delay_ms, DELAY_GRAIN_MS))


def _sent_all(request: Request) -> AwsOutcome:
    return AwsAnswer.of(
        Successful=tuple(AwsAnswer.of(Id=entry["Id"], MessageId="m") for entry in _entries(request))
    )


def what_of(body: str) -> str:
    """Return what a message is about, in words."""
    message = json.loads(body)
    if message.get("wake"):
        return "wake"
    kind = "outcome of chunk" if "outcome" in message else "chunk"
    return f"{kind} {message['chunk']}"


class Deliveries:
    """The queue's deliveries, each to a worker of its own."""

    reads = QUEUE
    is_timed = True

    def __init__(self, parts: Parts, kind: Kind, worker: Callable[[str], Program]) -> None:
        self._parts = parts
        self._kind = kind
        self._worker = worker

    def events(self, part: Part[Any], now_ms: int) -> Iterator[Event]:
        queue: Queue = part.value
        known: set[tuple[str, int]] = set()
        for message in queue.messages:
            if message.visible_ms > now_ms or (message.body, message.receives) in known:
                continue
            known.add((message.body, message.receives))
            what = what_of(message.body)
            number = what.removeprefix("chunk ").replace(" ", "-") + "~" * message.receives
            back_ms = rounded_up(now_ms + VISIBILITY_MS, GRAIN_MS)
            taken = Message(message.body, back_ms, message.receives + 1)
            spawn = Spawn(self._kind, self._worker(message.body), taken)
            left = _without(queue, message)
            if message.receives >= MAX_RECEIVES:
                dead = left._replace(dead=(*left.dead, message.body))
                words = f"the message ({what}) is given up: it was received too often"
                yield Event(f"dead:{number}", words, ((QUEUE, self._parts.of("queue", dead)),))
                continue
            words = f"the message ({what}) is delivered"
            once = self._parts.of("queue", with_message(left, taken, now_ms))
            yield Event(f"deliver:{number}", words, ((QUEUE, once),), spawn=spawn)
            twice = self._parts.of("queue", with_message(queue, taken, now_ms))
            words = f"{words}, and will be again"
            yield Event(f"deliver:{number}:twice", words, ((QUEUE, twice),), COPIES, spawn)

    def next_ms(self, part: Part[Any], now_ms: int) -> int | None:
        queue: Queue = part.value
        moments = [m.visible_ms for m in queue.messages if m.visible_ms > now_ms]
        return min(moments, default=None)


def message_done(parts: Parts, ending: Ending) -> Changes:
    """Delete the message that a worker has dealt with; otherwise it comes back."""
    if ending.how != RETURNED:
        return ()
    queue: Queue = ending.shared[QUEUE].value
    message = ending.origin
    if message not in queue.messages:
        return ()
    assert isinstance(message, Message)
    return ((QUEUE, parts.of("queue", _tidy(_without(queue, message), ending.now_ms))),)


class LambdaService:
    """Takes asynchronous invocations."""

    reads = (INVOCATIONS,)
    is_timed = False
    is_remembered = True

    def __init__(self, parts: Parts, answers: Answers, fates: Sequence[str] = USUAL_FATES) -> None:
        self._parts = parts
        self._fates = AwsFates("lambda", answers, fates, Retries.of(DEFAULT))

    def outcomes(
        self,
        request: Request,
        parts: Sequence[Part[Any]],
        now_ms: int,
        *,
        attempt: int = 1,
        with_faults: bool = True,
    ) -> Sequence[Outcome]:
        assert request.body.get("InvocationType") == "Event", "only without waiting"
        invocation = Invocation(request.body["FunctionName"], _text(request.body["Payload"]))

        def invoke(there: Lambda) -> tuple[Lambda, AwsOutcome]:
            return _and(there, invocation), _INVOKED

        return [
            outcome_of(result, ((INVOCATIONS, self._parts.of("invocations", result.state)),))
            for result in self._fates.come_to(request, parts[0].value, invoke, attempt=attempt)
        ]

    def is_local(self, request: Request) -> bool:
        return False

    def is_punctual(self, request: Request) -> bool:
        return False

    def words(self, request: Request) -> str:
        return f"Lambda Invoke {request.body['FunctionName']} {_text(request.body['Payload'])}"


def _text(payload: str | bytes) -> str:
    return payload.decode() if isinstance(payload, bytes) else payload


def _and(there: Lambda, invocation: Invocation) -> Lambda:
    return there._replace(waiting=tuple(sorted((*there.waiting, invocation))))


class Invocations:
    """Functions start that were invoked, and schedules fire."""

    reads = INVOCATIONS
    is_timed = True

    def __init__(
        self,
        parts: Parts,
        kinds: dict[str, Kind],
        function: Callable[[str, str], Program],
    ) -> None:
        self._parts = parts
        self._kinds = kinds
        self._function = function

    def events(self, part: Part[Any], now_ms: int) -> Iterator[Event]:
        there: Lambda = part.value
        for number, timer in enumerate(there.timers):
            if timer.left and timer.next_ms <= now_ms:
                yield self._fired(there, number, timer)
        for invocation in dict.fromkeys(there.waiting):
            if invocation.not_before_ms > now_ms:
                continue
            left = list(there.waiting)
            left.remove(invocation)
            once = self._parts.of("invocations", there._replace(waiting=tuple(left)))
            program = self._function(invocation.function, invocation.payload)
            spawn = Spawn(self._kinds[invocation.function], program, invocation)
            label = f"{invocation.function}:{_brief(invocation)}"
            words = f"Lambda starts {invocation.function} {invocation.payload}"
            yield Event(label, words, ((INVOCATIONS, once),), spawn=spawn)
            yield Event(f"{label}:twice", f"{words}, and will again", (), COPIES, spawn)

    def _fired(self, there: Lambda, number: int, timer: Timer) -> Event:
        later = timer._replace(next_ms=timer.next_ms + timer.every_ms, left=timer.left - 1)
        timers = (*there.timers[:number], later, *there.timers[number + 1 :])
        due = _and(there._replace(timers=timers), Invocation(timer.function, timer.payload, 0, 0))
        changes = ((INVOCATIONS, self._parts.of("invocations", due)),)
        return Event(f"schedule:{number}", f"the schedule of {timer.function} fires", changes)

    def next_ms(self, part: Part[Any], now_ms: int) -> int | None:
        there: Lambda = part.value
        moments = [i.not_before_ms for i in there.waiting] + [
            timer.next_ms for timer in there.timers if timer.left
        ]
        return min((moment for moment in moments if moment > now_ms), default=None)


def _brief(invocation: Invocation) -> str:
    payload = json.loads(invocation.payload)
    tries = "~" * (2 - invocation.retries) if invocation.retries else ""
    return f"{payload.get('action', 'run')}{tries}"


def timers_renewed(parts: Parts, shared: Sequence[Any], now_ms: int) -> Changes:
    """Have the schedules fire as often as they are watched, from the next minute on."""
    there: Lambda = shared[INVOCATIONS].value
    timers = tuple(
        timer._replace(left=timer.often, next_ms=rounded_up(now_ms + 1, timer.every_ms), lasts=0)
        for timer in there.timers
    )
    return _with_timers(parts, there, timers)


def timers_at_last(parts: Parts, shared: Sequence[Any], now_ms: int) -> Changes:
    """Have the schedules fire once more, if they have not done so as often as they may."""
    there: Lambda = shared[INVOCATIONS].value
    timers = tuple(
        _once_more(timer, now_ms) if timer.lasts < LAST_ROUNDS else timer for timer in there.timers
    )
    return _with_timers(parts, there, timers)


def _once_more(timer: Timer, now_ms: int) -> Timer:
    next_ms = rounded_up(now_ms + 1, timer.every_ms)
    return timer._replace(left=1, next_ms=next_ms, lasts=timer.lasts + 1)


def _with_timers(parts: Parts, there: Lambda, timers: tuple[Timer, ...]) -> Changes:
    if timers == there.timers:
        return ()
    return ((INVOCATIONS, parts.of("invocations", there._replace(timers=timers))),)


def invocation_done(parts: Parts, ending: Ending) -> Changes:
    """Have a function that failed invoked again, as Lambda does."""
    invocation = ending.origin
    if ending.how == RETURNED or not isinstance(invocation, Invocation) or not invocation.retries:
        return ()
    there: Lambda = ending.shared[INVOCATIONS].value
    not_before_ms = rounded_up(ending.now_ms + RETRY_DELAYS_MS[invocation.retries], GRAIN_MS)
    again = invocation._replace(not_before_ms=not_before_ms, retries=invocation.retries - 1)
    return ((INVOCATIONS, parts.of("invocations", _and(there, again))),)


__all__ = [
    "Deliveries", "Invocations", "LambdaService", "SqsService", "invocation_done",
    "message_done",
]  # fmt: skip
