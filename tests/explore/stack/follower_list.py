"""WeChat's followers: the list as it is asked for page by page, and what happens to them.

The list is in order of subscription and its cursor counts rows, so whoever leaves moves all that
follow: docs/wechat-protocol.md#follower-list.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from explore.engine.programs import Program
from explore.engine.values import Part, Parts
from explore.engine.world import COPIES, FAULTS, Event, Kind, Spawn
from explore.stack.places import ROOM, WECHAT, Notice, Wechat
from wxlive.domain.rooms import RoomStatus
from wxlive.wechat.apis import FOLLOWERS_PER_PAGE


def page(state: Wechat, asked: Mapping[str, Any], rows_a_page: int) -> Mapping[str, Any]:
    """Return a page of the list: up to ``rows_a_page`` rows, or fewer in proportion."""
    rows = max(1, asked["limit"] * rows_a_page // FOLLOWERS_PER_PAGE)
    first = int(asked.get("page_break", 0))
    listed = sorted(state.followers, key=lambda follower: (follower[1], follower[0]))
    followers = [
        {
            "openid": openid,
            "subscribe_time": since_s,
            "room_id": ROOM,
            "room_status": RoomStatus.LIVE.value,
        }
        for openid, since_s in listed[first : first + rows]
    ]
    more = {"page_break": first + rows} if first + rows < len(listed) else {}
    return {"followers": followers, **more}


class FollowChanges:
    """Followers come and go when they like, each change of the world once."""

    reads = WECHAT
    is_timed = True

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def events(self, part: Part[Any], now_ms: int) -> Sequence[Event]:
        state: Wechat = part.value
        if not state.follows:
            return ()
        (openid, is_subscribed), *later = state.follows
        now_s = now_ms // 1000
        left = dict(state.followers)
        left.pop(openid, None)
        if is_subscribed:
            left[openid] = now_s
        after = state._replace(
            followers=tuple(sorted(left.items())),
            follows=tuple(later),
            notices=(*state.notices, Notice(openid, is_subscribed, now_s)),
        )
        words = f"{openid} {'subscribes' if is_subscribed else 'leaves'}"
        changes = ((WECHAT, self._parts.of("wechat", after)),)
        return (Event(words.replace(" ", ":"), words, changes, is_optional=True),)

    def next_ms(self, part: Part[Any], now_ms: int) -> int | None:
        return None


class Notices:
    """What happens to followers, delivered to the callback: in any order, or lost, or twice."""

    reads = WECHAT
    is_timed = False

    def __init__(self, parts: Parts, kind: Kind, callback: Callable[[Notice], Program]) -> None:
        self._parts = parts
        self._kind = kind
        self._callback = callback

    def events(self, part: Part[Any], now_ms: int) -> Iterator[Event]:
        state: Wechat = part.value
        for notice in state.notices:
            left = tuple(one for one in state.notices if one is not notice)
            gone = ((WECHAT, self._parts.of("wechat", state._replace(notices=left))),)
            spawn = Spawn(self._kind, self._callback(notice), None)
            done = "subscribed" if notice.is_subscribed else "left"
            words, label = f"WeChat says that {notice.openid} {done}", f"notice:{notice.openid}"
            yield Event(f"{label}:{done}", words, gone, spawn=spawn)
            yield Event(f"{label}:{done}:twice", f"{words}, and will again", (), COPIES, spawn)
            yield Event(f"{label}:{done}:lost", f"{words}; nobody hears it", gone, FAULTS)

    def next_ms(self, part: Part[Any], now_ms: int) -> int | None:
        return None
