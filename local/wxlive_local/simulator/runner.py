"""The simulator as a server, in a thread of its own."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from aiohttp import web

from wxlive_local.loopback_server import LOOPBACK, LoopbackServer
from wxlive_local.simulator.delivery import Deliverer, DeliveryPolicy, Verification
from wxlive_local.simulator.entities import FollowChange, Room
from wxlive_local.simulator.faults import FaultRule, FaultRules
from wxlive_local.simulator.ledger import CallbackRecord
from wxlive_local.simulator.platform import Account, Json, Platform, PlatformSettings
from wxlive_local.simulator.robots import Robots, Shown
from wxlive_local.simulator.server import build_app

T = TypeVar("T")


class Simulator(LoopbackServer):
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
        super().__init__()
        self.account = account or Account()
        self.faults = FaultRules()
        self.platform = Platform(self.account, now, settings)
        self.robots = Robots(now)
        self._port = port
        self._deliverer = Deliverer(
            self.account, self.platform.ledger, self.faults, now, delivery or DeliveryPolicy()
        )

    async def start(self, running: AsyncExitStack) -> int:
        """Start to serve; what is in progress when it stops may still use the deliverer."""
        await running.enter_async_context(self._deliverer)
        app = build_app(self.platform, self._deliverer, self.faults, self.robots)
        server = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        running.push_async_callback(server.cleanup)
        await server.setup()
        await web.TCPSite(server, LOOPBACK, self._port).start()
        port: int = server.addresses[0][1]
        return port

    # ------------------------------------------------------------ commands

    def run_on_loop(self, function: Callable[[Platform], T]) -> T:
        """Call ``function`` on the simulator's event loop; return what it returns."""

        async def call() -> T:
            return function(self.platform)

        return self.wait_for(call())

    def set_callback_url(self, url: str) -> None:
        """Set where callbacks are sent.

        Raises:
            ValueError: not an http address on this machine.
        """
        self.run_on_loop(lambda _: self._deliverer.set_url(url))

    def verify_url(self) -> Verification:
        """Verify the callback URL as the console does when it is saved."""
        return self.wait_for(self._deliverer.verify_url())

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

        return self.wait_for(deliver())

    def wait_for_results(self, timeout_s: float = 60.0) -> bool:
        """Wait until no callback is being delivered; return False after ``timeout_s``."""
        return self.wait_for(self._deliverer.wait_until_idle(timeout_s))

    def ledger(self, *, openids: bool = False) -> Json:
        """Return the ledger's figures, as ``GET /_sim/ledger`` does."""
        return self.run_on_loop(lambda p: p.summary(openids=openids))

    def take_shown(self) -> list[Shown]:
        """Return what the team's robots were told since the last call."""

        def take(_: Platform) -> list[Shown]:
            taken, self.robots.shown = self.robots.shown, []
            return taken

        return self.run_on_loop(take)
