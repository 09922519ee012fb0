"""What a step changed, in words."""

from collections.abc import Iterator
from typing import Any

from explore.aws.store import Item, Tables
from explore.engine.world import World
from explore.stack.places import INVOCATIONS, NOTES, QUEUE, TABLES, WECHAT, Wechat
from explore.stack.queue import what_of

_LEFT_OUT = frozenset({"pk", "sk", "expires_at", "number", "openids"})


def changes(before: World, after: World) -> Iterator[str]:
    """Yield a line for each fact that differs."""
    old, new = before.shared, after.shared
    yield from _of_tables(old[TABLES], new[TABLES])
    if old[QUEUE] is not new[QUEUE]:
        yield f"queue: {_queue(after)}"
    if old[INVOCATIONS] is not new[INVOCATIONS]:
        waiting = [invocation.payload for invocation in new[INVOCATIONS].value.waiting]
        yield f"invocations: {', '.join(waiting) or 'none'}"
    if old[WECHAT] is not new[WECHAT]:
        yield from _of_wechat(old[WECHAT].value, new[WECHAT].value)
    if old[NOTES] is not new[NOTES]:
        yield f"noted: {', '.join(sorted(new[NOTES].value - old[NOTES].value))}"


def _of_tables(old: Tables, new: Tables) -> Iterator[str]:
    if old is new:
        return
    for key in sorted({*old.layout.keys, *new.layout.keys}):
        was, now = old.get(key), new.get(key)
        if was is not now:
            name = "/".join(part for part in key[1:] if part)
            yield f"{name}: {_difference(was, now)}"


def _difference(was: Item | None, now: Item | None) -> str:
    if now is None:
        return "gone"
    before: dict[str, Any] = was.attributes if was is not None else {}
    found = [
        f"{name} {before[name]!r} -> {value!r}" if name in before else f"{name} {value!r}"
        for name, value in now.attributes.items()
        if name not in _LEFT_OUT and before.get(name) != value
    ]
    return ", ".join(found) or "rewritten"


def _queue(world: World) -> str:
    now_ms, queue = world.now.value, world.shared[QUEUE].value
    messages = []
    for message in queue.messages:
        wait_s = (message.visible_ms - now_ms) / 1000
        hidden = f" (hidden for {wait_s:g} s)" if wait_s > 0 else ""
        messages.append(what_of(message.body) + hidden)
    dead = [f"dead: {body}" for body in queue.dead]
    return ", ".join([*messages, *dead]) or "empty"


def _of_wechat(old: Wechat, new: Wechat) -> Iterator[str]:
    for call in new.calls:
        if new.calls.count(call) > old.calls.count(call):
            yield f"WeChat pushes {' '.join(call.openids)} ({call.message_id})"
    if old.rooms != new.rooms:
        yield f"rooms: {dict(new.rooms)}"
    if old.token != new.token:
        yield f"WeChat's token is {new.token}"
