"""The functions of a push at work on a world: commands, messages, schedules, one at a time."""

import json
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from factories import CAMPAIGN, ROOM
from support.live_watch import watch_deps
from support.push_fanout import fanout_deps
from support.push_start import start_deps
from support.steps import Killed
from support.world import World
from wxlive.errors import WxliveError
from wxlive.stores.push_queue import ChunkMessage
from wxlive_live_watch.poll import poll
from wxlive_push_fanout.handler import process
from wxlive_push_start.commands import execute

SENDER_TIMEOUT_S = 60
VISIBILITY_TIMEOUT_S = 360
"""Those of ``template.yaml``."""

MINUTE_S = 60


@dataclass
class _Message:
    """A message of the push queue, to be received not before ``due_at`` (Unix s)."""

    body: str
    due_at: float


class PushStack:
    """A stack that only pushes. Its schedules fire in ``run``; one warm sender receives.

    ``changes`` are those of live_watch's dependencies. ``processed`` lists how messages were
    processed, or what they raised; ``reconciled`` what each minute's ``reconcile`` returned.
    """

    def __init__(self, world: World, **changes: Any) -> None:
        self.world = world
        self.sender = fanout_deps(world)
        self.starter = start_deps(world)
        self.reconciled: list[dict[str, Any]] = []
        self.processed: list[str] = []
        self._changes = changes
        self._sent = 0
        self._queue: list[_Message] = []

    def command(self, action: str, *, command: str = "", **facts: Any) -> dict[str, Any]:
        """Execute a command of the operator's, as ``wxlive`` sends it; a refusal is an answer."""
        event = {"action": action, "command": command or uuid4().hex, **facts}
        try:
            return execute(event, self.starter)
        except WxliveError as error:
            return {"refused": str(error)}

    def push(self, room_id: int = ROOM, **facts: Any) -> dict[str, Any]:
        """Start a push and do all that follows within a second; returns the command's answer."""
        self.world.clock.now_s += 1
        answer = self.command("start", room_id=room_id, **facts)
        self.work()
        return answer

    def status(self, campaign: str) -> dict[str, Any]:
        """Return the report of a campaign as of now, by a command that changes nothing."""
        return self.command("end_hold", campaign=campaign, hold="none")

    def deliver(self, *numbers: int, campaign: str = CAMPAIGN) -> None:
        """Enqueue chunks of a campaign, and do all that follows at once."""
        now_s = self.world.clock()
        bodies = [json.dumps(asdict(ChunkMessage(campaign, number))) for number in numbers]
        self._queue += [_Message(body, now_s) for body in bodies]
        self.work()

    def lose_messages(self) -> None:
        """Lose every message that waits in the queue."""
        self._receive()
        self._queue.clear()

    def work(self, until_s: float | None = None) -> None:
        """Do what is invoked or due, up to a time (Unix s), by default now."""
        clock = self.world.clock
        while True:
            self._receive()
            if self.world.invoked:
                self._invoke(self.world.invoked.pop(0))
                continue
            message = min(self._queue, key=lambda message: message.due_at, default=None)
            limit_s = clock() if until_s is None else max(until_s, clock())
            if message is None or message.due_at > limit_s:
                return
            clock.now_s = max(clock(), message.due_at)
            self._process(message)

    def run(self, minutes: int) -> None:
        """Let so many minutes pass; the schedules fire at the beginning of each."""
        clock = self.world.clock
        for _ in range(minutes):
            ends_at = (clock() // MINUTE_S + 1) * MINUTE_S
            self.work(ends_at)
            clock.now_s = max(clock(), ends_at)
            self.reconciled.append(execute({"action": "reconcile"}, self.starter))
            poll(watch_deps(self.world, **self._changes))
            self.work()

    def run_to_the_end(self, minutes: int) -> None:
        """Let minutes pass until no campaign lives.

        Raises:
            AssertionError: one still lives after so many.
        """
        for _ in range(minutes):
            self.run(1)
            if self.reconciled[-1].get("finished"):
                return
        raise AssertionError(f"a campaign still lives: {self.reconciled}")

    def _receive(self) -> None:
        sent = self.world.sent_to_push
        now_s = self.world.clock()
        self._queue += [_Message(one.body, now_s + one.delay_s) for one in sent[self._sent :]]
        self._sent = len(sent)

    def _invoke(self, payload: Any) -> None:
        planned = isinstance(payload, str)
        event = {"action": "plan", "campaign": payload} if planned else payload
        try:
            execute(event, self.starter)
        except WxliveError as error:
            self.world.telemetry.problem("push refused", error)

    def _process(self, message: _Message) -> None:
        """Process a message; one that fails is received again after the visibility timeout.

        A sender that was killed is replaced by another one.
        """
        world = self.world
        self._queue.remove(message)
        world.ends_at = world.clock() + SENDER_TIMEOUT_S
        try:
            self.processed.append(process(message.body, self.sender))
        except (Exception, Killed) as error:  # noqa: BLE001 - whatever it is, Lambda goes on
            self.processed.append(type(error).__name__)
            self._queue.append(_Message(message.body, world.clock() + VISIBILITY_TIMEOUT_S))
            if isinstance(error, Killed):
                world.steps.restart()
                self.sender = fanout_deps(world)
        finally:
            world.ends_at = float("inf")
