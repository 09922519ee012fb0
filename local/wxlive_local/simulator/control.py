"""The control interface: ``/_sim/`` routes that change the platform and read its ledger.

Tests, benchmarks and people use them; wxlive itself never does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from wxlive_local.simulator.delivery import Deliverer
from wxlive_local.simulator.entities import FollowChange
from wxlive_local.simulator.faults import FaultRule, FaultRules
from wxlive_local.simulator.list_shapes import ListShape
from wxlive_local.simulator.platform import Json, Platform

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlError(ValueError):
    """A control request is malformed; the message says how."""


class Control:
    """Serves the control routes. A malformed request gets HTTP 400 and a message."""

    def __init__(self, platform: Platform, deliverer: Deliverer, faults: FaultRules) -> None:
        self._platform = platform
        self._deliverer = deliverer
        self._faults = faults
        self._background: set[asyncio.Task[Any]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return all control routes."""
        posts = {
            "followers": self._add_followers,
            "events": self._deliver_events,
            "list": self._shape_list,
            "rooms": self._set_room,
            "quota": self._set_quota,
            "misbehave": self._inject,
            "callback_url": self._set_callback_url,
            "verify": self._verify,
            "wait": self._wait,
        }
        gets = {"ledger": self._show_ledger, "followers": self._show_followers}
        return [
            *(web.post(f"/_sim/{name}", _checked(handle)) for name, handle in posts.items()),
            *(web.get(f"/_sim/{name}", _checked(handle)) for name, handle in gets.items()),
        ]

    async def _add_followers(self, request: web.Request) -> Json:
        """``{"count": n}`` or ``{"list": [openid, ...]}``, and ``room_id``, ``spread_s``."""
        body = await _object(request)
        room_id, spread_s = _int(body, "room_id", 1), _int(body, "spread_s", 3600)
        if "list" not in body:
            openids = self._platform.add_followers(
                _int(body, "count"), room_id=room_id, spread_s=spread_s
            )
        else:
            openids = _texts(body, "list")
            self._platform.list_followers(openids, room_id=room_id, spread_s=spread_s)
        return {"added": len(openids), "followers": len(self._platform.followers)}

    async def _shape_list(self, request: web.Request) -> Json:
        """``{"cursor": …, "order": …, "end": …, "shrinking": bool}``: what the list is like."""
        self._platform.list_shape = ListShape.from_json(await _object(request))
        return asdict(self._platform.list_shape)

    async def _deliver_events(self, request: web.Request) -> Json:
        """``{"events": [...], "doubled": bool, "late": seconds, "wait": bool}``.

        The events occur at once; with ``wait`` (the default) the answer comes after their
        delivery and holds their records.
        """
        body = await _object(request)
        raw, late = body.get("events"), body.get("late", 0)
        if not isinstance(raw, list) or not all(isinstance(event, dict) for event in raw):
            raise ControlError("events is a list of objects")
        if not isinstance(late, int | float) or late < 0:
            raise ControlError("late is a number of seconds")
        changes = [FollowChange.from_json(event) for event in raw]
        events = [self._platform.apply(change) for change in changes]
        delivery = asyncio.create_task(
            self._deliverer.deliver(events, doubled=body.get("doubled") is True, late_s=late)
        )
        self._background.add(delivery)
        delivery.add_done_callback(self._background.discard)
        if body.get("wait", True) is not True:
            return {"generated": len(events)}
        # The delivery goes on if the client disconnects.
        records = await asyncio.shield(delivery)
        return {"generated": len(events), "records": [record.as_json() for record in records]}

    async def _set_room(self, request: web.Request) -> Json:
        """``{"roomid": n, "live_status": n, ...}``: create a room or change it."""
        body = await _object(request)
        known = {"start_time", "end_time", "name", "anchor_name"}
        changes = {name: value for name, value in body.items() if name in known}
        unknown = body.keys() - known - {"roomid", "live_status"}
        if unknown:
            raise ControlError(f"a room has no {', '.join(sorted(unknown))}")
        room = self._platform.set_room(_int(body, "roomid"), _int(body, "live_status"), **changes)
        return room.as_json()

    async def _set_quota(self, request: web.Request) -> Json:
        """``{"path": "/wxa/...", "used": n}``: set how many of today's calls are used."""
        body = await _object(request)
        self._platform.quotas.set_used(str(body.get("path")), _int(body, "used"))
        return self._platform.quotas.usage(body["path"])

    async def _inject(self, request: web.Request) -> Json:
        """``{"rules": [rule, ...]}`` or one rule; ``"clear": true`` removes all others first."""
        body = await _object(request)
        clear = body.pop("clear", False) is True
        raw = body.get("rules", [body] if body else [])
        if not isinstance(raw, list) or not all(isinstance(rule, dict) for rule in raw):
            raise ControlError("rules is a list of objects")
        rules = [FaultRule.from_json(rule, self._platform.paths) for rule in raw]
        if clear:
            self._faults.clear()
        self._faults.add(*rules)
        return {"pending": [asdict(rule) for rule in self._faults.pending]}

    async def _set_callback_url(self, request: web.Request) -> Json:
        """``{"url": "http://127.0.0.1:..."}``."""
        url = (await _object(request)).get("url")
        if not isinstance(url, str):
            raise ControlError("url is a string")
        self._deliverer.set_url(url)
        return {"url": url}

    async def _verify(self, _: web.Request) -> Json:
        """Verify the callback URL as the console does when it is saved."""
        return asdict(await self._deliverer.verify_url())

    async def _wait(self, request: web.Request) -> Json:
        """``{"timeout_s": n}``: wait until no callback is being delivered."""
        body = await _object(request)
        return {"settled": await self._deliverer.wait_until_idle(_int(body, "timeout_s", 30))}

    async def _show_ledger(self, request: web.Request) -> Json:
        """The ledger's figures; ``?openids=1`` adds every push, openid and callback."""
        full = request.query.get("openids") == "1"
        return self._platform.summary(openids=full)

    async def _show_followers(self, _: web.Request) -> Json:
        """All current followers, in the order of WeChat's list."""
        rows = [asdict(follower) for follower in self._platform.followers]
        return {"count": len(rows), "followers": rows}


def _checked(handle: Callable[[web.Request], Awaitable[Json]]) -> _Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await handle(request))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    return handler


async def _object(request: web.Request) -> Json:
    body = await request.json()
    if not isinstance(body, dict):
        raise ControlError("the body is a JSON object")
    return body


def _int(body: Json, name: str, default: int | None = None) -> int:
    value = body.get(name, default)
    if type(value) is not int or value < 0:
        raise ControlError(f"{name} is a whole number, 0 or more")
    return value


def _texts(body: Json, name: str) -> list[str]:
    value = body[name]
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise ControlError(f"{name} is a list of non-empty strings")
    return value
