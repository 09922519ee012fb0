"""A NAT before a server, on the loopback, that forgets idle connections without a word."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Final
from urllib.parse import urlsplit

from wxlive_local.loopback_server import LOOPBACK, LoopbackServer

_PIECE: Final = 65_536


class ForgetfulNat(LoopbackServer):
    """Passes connections on to the server at ``url`` for the time of a ``with`` block.

    One that was idle for more than ``idle_s`` is dead: whatever either side sends is swallowed,
    and neither is told. ``died`` counts those into which somebody sent something afterwards.
    """

    def __init__(self, url: str, idle_s: float, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.died = 0
        self._to = urlsplit(url)
        self._idle_s, self._now = idle_s, now
        self._open: set[asyncio.Task[None]] = set()

    async def start(self, running: AsyncExitStack) -> int:
        server = await asyncio.start_server(self._connect, LOOPBACK, 0)
        running.push_async_callback(self._end, server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _end(self, server: asyncio.Server) -> None:
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine of an event loop
        self._open.add(task)
        with suppress(OSError, asyncio.CancelledError):
            await self._pass_on(reader, writer)
        writer.close()
        self._open.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(self._to.hostname, self._to.port)
        connection = _Connection(self._idle_s, self._now, self._count_death)
        try:
            await asyncio.gather(
                connection.pass_on(reader, to_server), connection.pass_on(from_server, writer)
            )
        finally:
            to_server.close()

    def _count_death(self) -> None:
        self.died += 1


class _Connection:
    """Both directions of one connection; ``mourn`` is called once if it is used after its death."""

    def __init__(self, idle_s: float, now: Callable[[], float], mourn: Callable[[], None]) -> None:
        self._idle_s, self._now, self._mourn = idle_s, now, mourn
        self._last_used = now()
        self._dead = self._mourned = False

    async def pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Pass on what comes until the source is closed; the closing too, unless it is dead."""
        while piece := await source.read(_PIECE):
            if self._is_dead():
                if not self._mourned:
                    self._mourned = True
                    self._mourn()
            else:
                self._last_used = self._now()
                target.write(piece)
                await target.drain()
        if not self._is_dead():
            target.close()

    def _is_dead(self) -> bool:
        self._dead = self._dead or self._now() - self._last_used > self._idle_s
        return self._dead
