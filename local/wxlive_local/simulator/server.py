"""The platform over HTTP: reads a call, injects the fault that is due, returns the reply."""

import asyncio
from typing import Final

from aiohttp import web

from wxlive_local.simulator.control import Control
from wxlive_local.simulator.delivery import Deliverer
from wxlive_local.simulator.errcodes import ApiError, error_body
from wxlive_local.simulator.faults import Fault, FaultRule, FaultRules
from wxlive_local.simulator.ledger import InjectedFault
from wxlive_local.simulator.platform import ApiReply, Json, Platform
from wxlive_local.simulator.robots import Robots

_MAX_BODY: Final = 16 * 1024 * 1024
_HTML: Final = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def build_app(
    platform: Platform, deliverer: Deliverer, faults: FaultRules, robots: Robots
) -> web.Application:
    """Return the app with WeChat's routes, the robots' and the control routes."""
    app = web.Application(client_max_size=_MAX_BODY)
    api = _Api(platform, deliverer, faults)
    for path in platform.paths:
        # Any method: WeChat refuses a GET with an errcode, not with HTTP 405.
        app.router.add_route("*", path, api.handle)
    app.router.add_route("*", "/_robots/{kind}/{token}", robots.handle)
    app.add_routes(Control(platform, deliverer, faults).routes())
    return app


class _Api:
    """Serves WeChat's own paths."""

    def __init__(self, platform: Platform, deliverer: Deliverer, faults: FaultRules) -> None:
        self._platform = platform
        self._deliverer = deliverer
        self._faults = faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            raw = await request.read()
        except ConnectionResetError:  # the caller was killed during its request
            return web.Response(status=400)
        rule = self._faults.take(request.path)
        if rule is None:
            return web.json_response(await self._process(request, raw))
        now = self._platform.now()
        self._platform.ledger.faults.append(InjectedFault(now, request.path, rule.kind))
        return await self._inject(rule, request, raw)

    async def _process(self, request: web.Request, raw: bytes) -> Json:
        """Have the platform answer the call, which arrives now, whatever delayed it before."""
        reply: ApiReply = self._platform.call(
            request.path, request.query.get("access_token"), raw, request.method
        )
        if reply.result is not None:
            await self._deliverer.deliver_result(reply.result)
        return reply.body

    async def _inject(
        self, rule: FaultRule, request: web.Request, raw: bytes
    ) -> web.StreamResponse:
        if rule.kind is Fault.DELAY_BEFORE:
            await asyncio.sleep(rule.seconds)
        elif rule.kind is Fault.TOKEN_DEAD:
            self._platform.tokens.invalidate_current()
        body: Json = {}
        if rule.kind is Fault.ERRCODE:
            body = error_body(ApiError(rule.errcode), self._platform.now())
            self._platform.ledger.called(request.path, rule.errcode)
        elif _is_processed(rule):
            body = await self._process(request, raw)
        if rule.kind is Fault.DELAY_AFTER:
            await asyncio.sleep(rule.seconds)
        if rule.kind in {Fault.DROP_BEFORE, Fault.DROP_AFTER}:
            return _reset(request)
        if rule.kind in {Fault.GARBAGE, Fault.HTTP_500}:
            status = 500 if rule.kind is Fault.HTTP_500 else 200
            return web.Response(text=_HTML, content_type="text/html", status=status)
        return web.json_response(body)


def _is_processed(rule: FaultRule) -> bool:
    if rule.kind in {Fault.GARBAGE, Fault.HTTP_500}:
        return rule.processed
    return rule.kind is not Fault.DROP_BEFORE


def _reset(request: web.Request) -> web.Response:
    """Reset the connection: the caller gets no answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
