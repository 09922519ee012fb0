"""The shipped code as programs: with clients, clock and ids that go through a port.

What the code takes from a module (``uuid``, ``time.sleep``, thread pools) is put in its place
while a program runs. Thread pools run their work at once, in the order in which it is handed
in: so the planner's prefetching asks for the same pages, each when it would be handed to a thread.
The short pauses between the tries of a colliding write pass no time.
"""

import inspect
import json
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, Self

from explore.engine.memory import is_recallable, recalled
from explore.engine.programs import (
    BEGIN,
    NOTE,
    RUNTIME,
    Port,
    Run,
)
from explore.stack.dependencies import (
    Setting,
    for_callback,
    for_follower_sync,
    for_live_watch,
    for_push_start,
    for_sender,
    now_s,
)
from explore.stack.places import (
    ROOM,
    Call,
    Notice,
)
from wxlive import prefetch
from wxlive.domain import brakes
from wxlive.domain.events import FollowAction, FollowNotify, PushResult
from wxlive.domain.rooms import RoomStatus
from wxlive.stores import dynamo, followers
from wxlive_follower_sync import handler as sync
from wxlive_follower_sync import walk
from wxlive_live_watch import poll as watch
from wxlive_push_fanout import brake
from wxlive_push_fanout import handler as fanout
from wxlive_push_start import handler as start

BRAKED_AFTER = 1
"""A campaign of a world makes few calls: the brake judges the last one."""

ORIGINS = ("wxlive.stores.",)
"""Requests are named after the stores' methods that make them."""

_FUNCTIONS = (
    "wxlive_follower_sync.", "wxlive_live_watch.", "wxlive_push_fanout.", "wxlive_push_start."
)  # fmt: skip


def sender(body: str, setting: Setting) -> Run:
    """Process one message, as ``push_fanout``'s handler does."""

    def run(port: Port) -> str:
        deps = for_sender(port, setting)
        event = {"Records": [{"messageId": "m", "body": body, "eventSource": "aws:sqs"}]}
        _DEPS.set(deps)
        _unwrapped(fanout.lambda_handler)(event, None)
        return "done"

    return run


def push_start(payload: str, setting: Setting) -> Run:
    """Execute a command (start, plan, pause, …), as ``push_start``'s handler does."""

    def run(port: Port) -> str:
        deps = for_push_start(port, setting)
        _DEPS.set(deps)
        answer = _unwrapped(start.lambda_handler)(json.loads(payload), None)
        return str(answer.get("refused") or answer.get("planning") or answer["state"])

    return run


def live_watch(payload: str, setting: Setting) -> Run:
    """Poll once, as ``live_watch``'s handler does."""

    def run(port: Port) -> str:
        deps = for_live_watch(port, setting)
        event = json.loads(payload)
        if "push" in event:
            watch.plan_push(int(event["push"]), int(event["at"]), deps)
        return str(watch.poll(deps).facts["recovery"])

    return run


def callback(call: Call, setting: Setting, failing: Collection[str] = ()) -> Run:
    """Ingest the result of a push, as the callback does once the message is authentic."""

    def run(port: Port) -> str:
        counts = dict.fromkeys(
            ("openid_error", "relation_error", "user_recv_limit", "internal_error"), 0
        )
        at_s = now_s(port)
        size = len(call.openids)
        counts["relation_error"] = len(set(call.openids).intersection(failing))
        success = size - counts["relation_error"]
        result = PushResult(
            call.message_id, call.room_id, int(at_s), total=size, success=success, **counts
        )
        for_callback(port, setting)._ingest_result(result, at_s)
        return "success"

    return run


def follower_sync(payload: str, setting: Setting) -> Run:
    """Execute a command or do a turn of a sync, as ``follower_sync``'s handler does."""

    def run(port: Port) -> str:
        _DEPS.set(for_follower_sync(port, setting))
        answer = _unwrapped(sync.lambda_handler)(json.loads(payload), None)
        return str(answer.get("refused") or answer.get("turn") or answer["state"])

    return run


def follow_callback(notice: Notice, setting: Setting) -> Run:
    """Ingest who subscribed or left, as the callback does once the message is authentic."""

    def run(port: Port) -> str:
        ingestor = for_callback(port, setting)
        action = FollowAction.ADD_FOLLOW if notice.is_subscribed else FollowAction.DEL_FOLLOW
        live = RoomStatus.LIVE.value
        ingestor._ingest_follow(FollowNotify(notice.openid, ROOM, notice.time_s, live, action))
        return "success"

    return run


def operator(payloads: Sequence[str], setting: Setting) -> Run:
    """Give commands one after the other, each whenever the operator likes."""
    commands = [
        (json.loads(payload)["action"], push_start(payload, setting)) for payload in payloads
    ]

    def run(port: Port) -> str:
        answers = []
        for action, command in commands:
            port(RUNTIME, BEGIN, {})
            port(RUNTIME, NOTE, {"text": f"begun {action}"})
            try:
                answers.append(str(command(port)))
            except Exception as error:  # noqa: BLE001 - the operator sees that it failed
                answers.append(f"failed: {type(error).__name__}")
            port(RUNTIME, NOTE, {"text": f"{action} answered {answers[-1]}"})
        return ", ".join(answers)

    return run


# ------------------------------------------------------------------ patches


class PoolAtOnce:
    """Stands in for a thread pool: work is done when it is handed in."""

    def __init__(self, _workers: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work: Callable[..., Any], *args: Any) -> Future[Any]:
        """Do it; what it raises is raised by the future, but for interruptions."""
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args))
        except Exception as error:  # noqa: BLE001 - the future's to raise
            future.set_exception(error)
        return future

    def map(self, work: Callable[..., Any], *args: Any) -> Iterator[Any]:
        """Do all of it."""
        return iter([work(*each) for each in zip(*args, strict=False)])

    def shutdown(self, **_: object) -> None:
        """Wait for nothing."""


_DEPS: ContextVar[Any] = ContextVar("dependencies")
"""Those of a run: each has a context of its own."""

_NO_PAUSES = SimpleNamespace(sleep=lambda _seconds: None, monotonic=lambda: 0.0)


@contextmanager
def in_place() -> Iterator[None]:
    """Put what belongs to a program's port in place of what the shipped modules use."""
    patches: tuple[tuple[Any, str, Any], ...] = (
        (dynamo, "time", _NO_PAUSES),
        (prefetch, "ThreadPoolExecutor", PoolAtOnce),
        (followers, "ThreadPoolExecutor", PoolAtOnce),
        (fanout, "build_dependencies", lambda _context: _DEPS.get()),
        (start, "build_dependencies", lambda _context: _DEPS.get()),
        (start, "telemetry", lambda: _DEPS.get().telemetry),
        (sync, "build_dependencies", lambda _context: _DEPS.get()),
        (sync, "telemetry", lambda: _DEPS.get().telemetry),
        (walk, "PREFETCHED_PAGES", 1),
        (brakes, "CALLS_JUDGED", BRAKED_AFTER),
        (brake, "CALLS_JUDGED", BRAKED_AFTER),
    )
    with ExitStack() as stack:
        for module, name, new in (*_recalled(), *patches):
            stack.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, new)
        yield


def _recalled() -> Iterator[tuple[Any, str, Any]]:
    """Yield the stores' methods and what the functions do with their ``deps``, as recalled.

    None of them has a state of its own but the WeChat client, whose state is kept.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith(ORIGINS):
            own = (each for each in vars(module).values() if inspect.isclass(each))
            for store in [each for each in own if each.__module__ == name]:
                for method, function in list(vars(store).items()):
                    if not method.startswith("__") and is_recallable(function):
                        yield store, method, recalled(function)
        elif name.startswith(_FUNCTIONS):
            for attribute, function in list(vars(module).items()):
                if is_recallable(function) and "deps" in inspect.signature(function).parameters:
                    yield module, attribute, recalled(function)


def _unwrapped(handler: Any) -> Any:
    """Return a handler without the frame that logs and writes metrics."""
    return handler.__wrapped__
