"""A WeChat of which only the list of rooms is asked for."""

from typing import TYPE_CHECKING

from wxlive.wechat.answers import RoomPage
from wxlive.wechat.client import WechatClient

if TYPE_CHECKING:
    from wxlive.domain.rooms import Room
    from wxlive.errors import WxliveError


class RoomList(WechatClient):
    """Lists the rooms in ``listed``, or refuses with ``refusal``; ``asked`` counts its calls."""

    def __init__(self) -> None:
        self.listed: tuple[Room, ...] = ()
        self.refusal: WxliveError | None = None
        self.asked = 0

    def rooms(self, start: int, limit: int) -> RoomPage:
        self.asked += 1
        if self.refusal is not None:
            raise self.refusal
        return RoomPage(self.listed[start : start + limit])
