"""A server on the loopback with an event loop and a thread of its own."""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack, ExitStack
from typing import Any, Final, Self, TypeVar

LOOPBACK: Final = "127.0.0.1"
_START_S: Final = 30

T = TypeVar("T")


class LoopbackServer(ABC):
    """Runs for the time of a ``with`` block; what keeps it from starting is raised there."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._started: Future[int] = Future()
        self._port = 0
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        with ExitStack() as unless_started:
            unless_started.callback(self._stop_serving, _START_S)
            self._port = self._started.result(_START_S)
            unless_started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_serving()

    def _stop_serving(self, within_s: float | None = None) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(within_s)

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{LOOPBACK}:{self._port}"

    @abstractmethod
    async def start(self, running: AsyncExitStack) -> int:
        """Start to serve until ``running`` is closed; return the port."""

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Have work done on the server's event loop, from another thread; return its result.

        Raises:
            RuntimeError: the server is not running.
        """
        if self._loop is None or not self._thread.is_alive():
            work.close()
            raise RuntimeError("the server is not running; use it inside its with block")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with AsyncExitStack() as running:
            try:
                port = await self.start(running)
            except Exception as error:  # noqa: BLE001 - raised where the block is entered
                self._started.set_exception(error)
                return
            self._started.set_result(port)
            await self._stop.wait()
