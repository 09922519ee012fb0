"""The simulator in a thread of its own, for tests, the demo and the local run."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from wxlive_local.simulator.delivery import Courier, Deliverer, Verification
from wxlive_local.simulator.facts import Happening, Room
from wxlive_local.simulator.ledger import CallbackRecord
from wxlive_local.simulator.misbehave import Misbehaviour, Rule
from wxlive_local.simulator.platform import Account, Json, Platform, Rules
from wxlive_local.simulator.server import build_app

_LOOPBACK: Final = "127.0.0.1"
_START_S: Final = 30

T = TypeVar("T")


class Simulator:
    """WeChat on ``127.0.0.1``. A context manager; ``port`` 0 takes a free one.

    Its methods may be called from any thread but the simulator's own, and block until done.
    ``platform`` and ``misbehaviour`` belong to the simulator's thread: read and change them
    through ``ask`` only, or after the simulator has stopped.
    """

    def __init__(
        self,
        account: Account | None = None,
        *,
        rules: Rules | None = None,
        courier: Courier | None = None,
        port: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.account = account or Account()
        self.courier = courier or Courier()
        self.misbehaviour = Misbehaviour()
        self.platform = Platform(self.account, now, rules)
        self._port = port
        self._deliverer = Deliverer(
            self.account, self.platform.ledger, self.misbehaviour, now, self.courier
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, name="wechat-simulator", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._port = self._started.result(_START_S)
        except BaseException:
            self._thread.join(_START_S)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://{_LOOPBACK}:{self._port}"

    # ------------------------------------------------------------ commands

    def ask(self, question: Callable[[Platform], T]) -> T:
        """Run ``question`` on the simulator's thread and return its answer."""

        async def answer() -> T:
            return question(self.platform)

        return self._wait_for(answer())

    def set_callback_url(self, url: str) -> None:
        """Where callbacks go.

        Raises:
            ValueError: not an http address on this machine.
        """
        self.ask(lambda _: self._deliverer.set_url(url))

    def verify_url(self) -> Verification:
        """Verify the callback URL as the console does when it is saved."""
        return self._wait_for(self._deliverer.verify_url())

    def add_followers(self, count: int, *, room_id: int = 1, spread_s: int = 3600) -> list[str]:
        """Make up followers the product heard nothing of; their openids."""
        return self.ask(lambda p: p.add_followers(count, room_id=room_id, spread_s=spread_s))

    def set_room(self, roomid: int, live_status: int, **changes: Any) -> Room:
        """Create a room or change it."""
        return self.ask(lambda p: p.set_room(roomid, live_status, **changes))

    def misbehave(self, *rules: Rule) -> None:
        """Queue rules of misbehaviour."""
        self.ask(lambda _: self.misbehaviour.add(*rules))

    def deliver(
        self, *happenings: Happening, doubled: bool = False, late_s: float = 0.0
    ) -> list[CallbackRecord]:
        """Make these happen and report them; returns when each is delivered or given up."""

        async def report() -> list[CallbackRecord]:
            events = [self.platform.happen(happening) for happening in happenings]
            return await self._deliverer.report(events, doubled=doubled, late_s=late_s)

        return self._wait_for(report())

    def wait_for_results(self, timeout_s: float = 60.0) -> bool:
        """Wait until no callback is under way, results included; whether it was so in time."""
        return self._wait_for(self._deliverer.settled(timeout_s))

    def ledger(self, *, openids: bool = False) -> Json:
        """The ledger's figures, as ``GET /_sim/ledger`` shows them."""
        return self.ask(lambda p: p.summary(openids=openids))

    # ------------------------------------------------------------- thread

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None or not self._thread.is_alive():
            work.close()
            raise RuntimeError("the simulator is not running; use it inside its with block")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = build_app(self.platform, self._deliverer, self.misbehaviour)
        server = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        async with self._deliverer:
            try:
                await server.setup()
                await web.TCPSite(server, _LOOPBACK, self._port).start()
            except (OSError, OverflowError) as error:
                # The port is taken or no port: who entered gets to know, nobody else can.
                self._started.set_exception(error)
            else:
                self._started.set_result(server.addresses[0][1])
                await self._stop.wait()
            finally:
                # Before the deliverer closes: a call that is being answered may still use it.
                await server.cleanup()
