"""A proxy before the local AWS, on the loopback, that refuses, delays and loses calls.

Everything else passes byte for byte, with the caller's own Host.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from bench_harness.aws_faults import AwsAnswer, AwsFaults, Fault, read_call
from wxlive_local.loopback_server import LOOPBACK, LoopbackServer

PASSED: Final = "passed"
UNREACHED: Final = "unreached"
"""The local AWS itself gave no answer."""

_LATE_S: Final = 1.0
_MAX_BODY: Final = 64 * 1024 * 1024
_KEEP_ALIVE_S: Final = 3600
_OF_THE_CONNECTION: Final = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class FaultyProxy(LoopbackServer):
    """Passes calls on to ``aws_url`` for the time of a ``with`` block; ``faults`` spoils some.

    ``counts`` has the calls by operation and by what became of them: a ``Fault``, ``passed`` or
    ``unreached``.
    """

    def __init__(self, aws_url: str, faults: AwsFaults) -> None:
        super().__init__()
        self.counts: Counter[tuple[str, str]] = Counter()
        self._aws_url = aws_url
        self._faults = faults

    def outcomes(self) -> Counter[str]:
        """Return the number of calls by what became of them."""
        outcomes: Counter[str] = Counter()
        for (_, outcome), calls in self.counts.items():
            outcomes[outcome] += calls
        return outcomes

    async def start(self, running: AsyncExitStack) -> int:
        # A connection for each call: a kept one may be closed just as the next call begins.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        no_timeout = aiohttp.ClientTimeout(total=None)
        session = await running.enter_async_context(
            aiohttp.ClientSession(connector=connector, timeout=no_timeout, auto_decompress=False)
        )
        app = web.Application(client_max_size=_MAX_BODY)
        handler = _Handler(self._aws_url, session, self._faults, self.counts)
        app.router.add_route("*", "/{path:.*}", handler.handle)
        server = web.AppRunner(
            app, access_log=None, shutdown_timeout=1, keepalive_timeout=_KEEP_ALIVE_S
        )
        await server.setup()
        running.push_async_callback(server.cleanup)
        await web.TCPSite(server, LOOPBACK, 0).start()
        port: int = server.addresses[0][1]
        return port


class _Handler:
    """Serves every path."""

    def __init__(
        self,
        aws_url: str,
        session: aiohttp.ClientSession,
        faults: AwsFaults,
        counts: Counter[tuple[str, str]],
    ) -> None:
        self._aws_url = aws_url
        self._session = session
        self._faults = faults
        self._counts = counts

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.read()
        except ConnectionResetError:  # the caller was killed during its request
            return web.Response(status=400)
        call = read_call(request.path, request.headers.get("X-Amz-Target", ""), body)
        if call is None:
            return await self._pass_on(request, body, "runtime")
        name, fault = f"{call.service}.{call.operation}", self._faults.decide(call)
        self._counts[name, fault or PASSED] += 1
        if fault is None:
            return await self._pass_on(request, body, name)
        return await self._spoil(request, body, name, fault) or _response(
            self._faults.answer(fault, call)
        )

    async def _spoil(
        self, request: web.Request, body: bytes, name: str, fault: Fault
    ) -> web.StreamResponse | None:
        """Carry out a call that gets a fault, or don't; None: the fault has an answer."""
        match fault:
            case Fault.DROPPED:
                return _reset(request)
            case Fault.LOST:
                await self._pass_on(request, body, name)
                return _reset(request)
            case Fault.LATE:
                answer = await self._pass_on(request, body, name)
                await asyncio.sleep(_LATE_S)
                return answer
            case Fault.FAILED_LATE:
                await self._pass_on(request, body, name)
        return None

    async def _pass_on(self, request: web.Request, body: bytes, name: str) -> web.Response:
        """Return the answer of the local AWS; without one the caller gets none either."""
        try:
            return await self._ask(request, body)
        except aiohttp.ClientError:
            self._counts[name, UNREACHED] += 1
            return _reset(request)

    async def _ask(self, request: web.Request, body: bytes) -> web.Response:
        async with self._session.request(
            request.method,
            URL(self._aws_url + request.raw_path, encoded=True),
            headers=_end_to_end(request.headers),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            data=body,
            allow_redirects=False,
        ) as response:
            return web.Response(
                status=response.status,
                reason=response.reason,
                headers=_end_to_end(response.headers),
                body=await response.read(),
            )


def _end_to_end(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return the headers that are not about the connection itself."""
    kept = CIMultiDict(headers)
    for name in _OF_THE_CONNECTION:
        kept.popall(name, None)
    return kept


def _response(answer: AwsAnswer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _reset(request: web.Request) -> web.Response:
    """Reset the connection: the caller gets no answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
