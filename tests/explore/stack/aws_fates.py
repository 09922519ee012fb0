"""What may become of the shipped code's calls of AWS: its clients' fates, chosen and named."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from explore.aws.fates import DONE, Again, Fate, Retries, Step, fates, steps
from explore.aws.outcomes import Outcome as AwsOutcome
from explore.engine.programs import Answer, Answers, Request
from explore.engine.world import FAULTS, Changes, Outcome

S = TypeVar("S")

BUSY, LOST, LOSING = "busy", "lost", "losing"
USUAL_FATES = (BUSY, LOST, LOSING)
"""Each takes one fault: an outage, however many attempts it spoils.

busy: not done, however often client and caller try. lost: done, but the answer is lost; client or
caller repeat what they repeat, after others could act. losing: done, and the answers to all
repetitions are lost too.
"""

BUSY_MS = 4000
"""How long the stores go on trying: ``wxlive.stores.dynamo.PATIENCE_S``."""

_READS = frozenset({"GetItem", "Query", "Scan"})
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})
_FINE = _WRITES - {"TransactWriteItems"}
"""Writes without a token: what others do between two attempts makes a difference."""

_REFUSED, _SILENT, _REPEATED = "throttled to the end", "lost to the end", "lost, then done again"

Execute = Callable[[S], tuple[S, AwsOutcome]]


class Result(NamedTuple, Generic[S]):
    """What a request comes to: ``answer`` is None if its client makes it again."""

    fate: str
    state: S
    answer: Answer | None
    takes_ms: int
    cost: str
    persists: bool = False


class AwsFates:
    """The fates of the requests of one client, and what they come to."""

    def __init__(
        self, service: str, answers: Answers, chosen: Sequence[str], retries: Retries
    ) -> None:
        self._service = service
        self._answers = answers
        self._chosen = frozenset(chosen)
        self._retries = retries
        self._fates: dict[Request, list[tuple[Fate, str, int]]] = {}
        self._steps: dict[tuple[Request, int], list[Step]] = {}
        self._known: dict[AwsOutcome, Answer] = {}

    def answer(self, outcome: AwsOutcome) -> Answer:
        """Return the answer that an outcome is."""
        found = self._known.get(outcome)
        if found is None:
            found = self._known[outcome] = self._answers.outcome(outcome)
        return found

    def come_to(
        self, request: Request, state: S, execute: Execute[S], *, attempt: int = 1
    ) -> Iterator[Result[S]]:
        """Yield what may become of the attempt of a request with this number."""
        if attempt == 1:
            for fate, name, takes_ms in self._of(request):
                after, outcome = fate.apply(state, execute)
                persists = name in {BUSY, LOSING} and request.operation in _READS | _WRITES
                cost = FAULTS if name else ""
                yield Result(name, after, self.answer(outcome), takes_ms, cost, persists)
        if LOST in self._chosen and self._is_fine(request):
            yield from self._attempts(request, state, execute, attempt)

    def _of(self, request: Request) -> list[tuple[Fate, str, int]]:
        """Return each fate of a request, its short name, and how long it takes in ms.

        Whole seconds, so that histories meet at the same times.
        """
        found = self._fates.get(request)
        if found is None:
            all_of_them = fates(self._service, request.operation, request.body, self._retries)
            by_name = {fate.name: fate for fate in all_of_them}
            found = [
                (by_name[full], short, self._takes_ms(request, by_name[full], short))
                for full, short in self._names(request)
                if not short or short in self._chosen
            ]
            self._fates[request] = found
        return found

    def _names(self, request: Request) -> Iterator[tuple[str, str]]:
        yield DONE, ""
        yield _REFUSED, BUSY
        if request.operation in _READS:
            return
        is_single = self._retries.attempts == 1
        if not self._is_fine(request):
            yield _SILENT if is_single else _REPEATED, LOST
        if not is_single or request.operation in _WRITES:
            yield _SILENT, LOSING

    def _takes_ms(self, request: Request, fate: Fate, name: str) -> int:
        if not name:
            return 0
        if name in {BUSY, LOSING} and request.operation in _READS | _WRITES:
            return BUSY_MS
        return round(fate.longest_s) * 1000 if name != BUSY else 0

    def _is_fine(self, request: Request) -> bool:
        return request.operation in _FINE and self._retries.attempts > 1

    def _attempts(
        self, request: Request, state: S, execute: Execute[S], attempt: int
    ) -> Iterator[Result[S]]:
        found = self._steps.get((request, attempt))
        if found is None:
            how = (self._service, request.operation, request.body, self._retries)
            found = self._steps[request, attempt] = steps(*how, number=attempt)
        for step in found:
            if step.name == DONE and attempt == 1:
                continue  # its fate is known
            after, outcome = step.apply(state, execute)
            name = "" if step.name == DONE else LOST
            takes_ms = round(self._retries.read_timeout_s) * 1000 if name else 0
            answer = None if isinstance(outcome, Again) else self.answer(outcome)
            yield Result(name, after, answer, takes_ms, FAULTS if step.cost else "")


def outcome_of(result: Result[S], changes: Changes) -> Outcome:
    """Return a result as an outcome of a world's request."""
    return Outcome(
        result.fate,
        result.answer or NO_ANSWER,
        changes,
        result.cost,
        result.takes_ms,
        persists=result.persists,
        again=result.answer is None,
    )


NO_ANSWER = Answer(None, ("value", "none yet"))
