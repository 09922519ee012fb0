"""The simulator as a server, in a thread of its own."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from wxlive_local.simulator.delivery import Deliverer, DeliveryPolicy, Verification
from wxlive_local.simulator.entities import FollowChange, Room
from wxlive_local.simulator.faults import FaultRule, FaultRules
from wxlive_local.simulator.ledger import CallbackRecord
from wxlive_local.simulator.platform import Account, Json, Platform, PlatformSettings
from wxlive_local.simulator.robots import Robots, Shown
from wxlive_local.simulator.server import build_app

_LOOPBACK: Final = "127.0.0.1"
_START_S: Final = 30

T = TypeVar("T")


class Simulator:
    """WeChat on ``127.0.0.1``, for the time of a ``with`` block; ``port`` 0 takes a free one.

    Its methods may be called from any thread but the simulator's own, and block until done.
    ``platform`` and ``faults`` belong to the simulator's event loop: read and change them with
    ``run_on_loop`` only, or after the simulator has stopped.
    """

    def __init__(
        self,
        account: Account | None = None,
        *,
        settings: PlatformSettings | None = None,
        delivery: DeliveryPolicy | None = None,
        port: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.account = account or Account()
        self.faults = FaultRules()
        self.platform = Platform(self.account, now, settings)
        self.robots = Robots(now)
        self._port = port
        self._deliverer = Deliverer(
            self.account, self.platform.ledger, self.faults, now, delivery or DeliveryPolicy()
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
        """Its address, without a slash at the end."""
        return f"http://{_LOOPBACK}:{self._port}"

    # ------------------------------------------------------------ commands

    def run_on_loop(self, function: Callable[[Platform], T]) -> T:
        """Call ``function`` on the simulator's event loop; return what it returns."""

        async def call() -> T:
            return function(self.platform)

        return self._wait_for(call())

    def set_callback_url(self, url: str) -> None:
        """Set where callbacks are sent.

        Raises:
            ValueError: not an http address on this machine.
        """
        self.run_on_loop(lambda _: self._deliverer.set_url(url))

    def verify_url(self) -> Verification:
        """Verify the callback URL as the console does when it is saved."""
        return self._wait_for(self._deliverer.verify_url())

    def add_followers(self, count: int, *, room_id: int = 1, spread_s: int = 3600) -> list[str]:
        """Add followers without any event; return their openids."""
        return self.run_on_loop(
            lambda p: p.add_followers(count, room_id=room_id, spread_s=spread_s)
        )

    def set_room(self, roomid: int, live_status: int, **changes: Any) -> Room:
        """Create a room, or change the fields that are given."""
        return self.run_on_loop(lambda p: p.set_room(roomid, live_status, **changes))

    def inject(self, *rules: FaultRule) -> None:
        """Inject faults into the next calls and callbacks."""
        self.run_on_loop(lambda _: self.faults.add(*rules))

    def deliver(
        self, *changes: FollowChange, doubled: bool = False, late_s: float = 0.0
    ) -> list[CallbackRecord]:
        """Apply the changes and deliver their events; return once each is delivered or given up."""

        async def deliver() -> list[CallbackRecord]:
            events = [self.platform.apply(change) for change in changes]
            return await self._deliverer.deliver(events, doubled=doubled, late_s=late_s)

        return self._wait_for(deliver())

    def wait_for_results(self, timeout_s: float = 60.0) -> bool:
        """Wait until no callback is being delivered; return False after ``timeout_s``."""
        return self._wait_for(self._deliverer.wait_until_idle(timeout_s))

    def ledger(self, *, openids: bool = False) -> Json:
        """Return the ledger's figures, as ``GET /_sim/ledger`` does."""
        return self.run_on_loop(lambda p: p.summary(openids=openids))

    def take_shown(self) -> list[Shown]:
        """Return what the team's robots were told since the last call."""

        def take(_: Platform) -> list[Shown]:
            taken, self.robots.shown = self.robots.shown, []
            return taken

        return self.run_on_loop(take)

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
        app = build_app(self.platform, self._deliverer, self.faults, self.robots)
        server = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        async with self._deliverer:
            try:
                await server.setup()
                await web.TCPSite(server, _LOOPBACK, self._port).start()
            except (OSError, OverflowError) as error:
                # The port is taken or not a port: it is raised where the block is entered.
                self._started.set_exception(error)
            else:
                self._started.set_result(server.addresses[0][1])
                await self._stop.wait()
            finally:
                # Before the deliverer closes: a call in progress may still use it.
                await server.cleanup()
