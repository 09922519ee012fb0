"""The platform over HTTP: reads the call, misbehaves if ordered to, passes the answer on."""

import asyncio
from typing import Final

from aiohttp import web

from wxlive_local.simulator.answers import ApiError, error_body
from wxlive_local.simulator.control import Control
from wxlive_local.simulator.delivery import Deliverer
from wxlive_local.simulator.ledger import Mishap
from wxlive_local.simulator.misbehave import Kind, Misbehaviour, Rule
from wxlive_local.simulator.platform import Answer, Json, Platform

_MAX_BODY: Final = 16 * 1024 * 1024
_HTML: Final = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def build_app(
    platform: Platform, deliverer: Deliverer, misbehaviour: Misbehaviour
) -> web.Application:
    """The app with WeChat's routes and the control routes."""
    app = web.Application(client_max_size=_MAX_BODY)
    api = _Api(platform, deliverer, misbehaviour)
    for path in platform.paths:
        # Any method: the platform refuses a GET with an errcode, not with HTTP 405.
        app.router.add_route("*", path, api.handle)
    app.add_routes(Control(platform, deliverer, misbehaviour).routes())
    return app


class _Api:
    """Serves the platform's own paths."""

    def __init__(
        self, platform: Platform, deliverer: Deliverer, misbehaviour: Misbehaviour
    ) -> None:
        self._platform = platform
        self._deliverer = deliverer
        self._misbehaviour = misbehaviour

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            raw = await request.read()
        except ConnectionResetError:  # the caller died in the middle of its request
            return web.Response(status=400)
        rule = self._misbehaviour.take(request.path)
        if rule is None:
            return web.json_response(await self._process(request, raw))
        now = self._platform.now()
        self._platform.ledger.mishaps.append(Mishap(now, request.path, rule.kind))
        return await self._go_wrong(rule, request, raw)

    async def _process(self, request: web.Request, raw: bytes) -> Json:
        """Have the platform judge the call; it arrives now, whatever held it up before."""
        answer: Answer = self._platform.call(
            request.path, request.query.get("access_token"), raw, request.method
        )
        if answer.result is not None:
            await self._deliverer.report_result(answer.result)
        return answer.body

    async def _go_wrong(self, rule: Rule, request: web.Request, raw: bytes) -> web.StreamResponse:
        if rule.kind is Kind.DELAY_BEFORE:
            await asyncio.sleep(rule.seconds)
        elif rule.kind is Kind.TOKEN_DEAD:
            self._platform.tokens.kill_current()
        answer: Json = {}
        if rule.kind is Kind.ERRCODE:
            answer = error_body(ApiError(rule.errcode), self._platform.now())
            self._platform.ledger.called(request.path, rule.errcode)
        elif _carries_out(rule):
            answer = await self._process(request, raw)
        if rule.kind is Kind.DELAY_AFTER:
            await asyncio.sleep(rule.seconds)
        if rule.kind in {Kind.DROP_BEFORE, Kind.DROP_AFTER}:
            return _cut(request)
        if rule.kind in {Kind.GARBAGE, Kind.HTTP_500}:
            status = 500 if rule.kind is Kind.HTTP_500 else 200
            return web.Response(text=_HTML, content_type="text/html", status=status)
        return web.json_response(answer)


def _carries_out(rule: Rule) -> bool:
    if rule.kind in {Kind.GARBAGE, Kind.HTTP_500}:
        return rule.processed
    return rule.kind is not Kind.DROP_BEFORE


def _cut(request: web.Request) -> web.Response:
    """Reset the connection: the caller sees no answer at all."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
