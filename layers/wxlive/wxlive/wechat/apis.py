"""WeChat's APIs: their paths, the names of our records about them, and their page limits."""

from enum import StrEnum


class Api(StrEnum):
    """An API by its path (docs/wechat-protocol.md)."""

    GET_FOLLOWERS = "/wxa/business/get_wxa_followers"
    PUSH_MESSAGE = "/wxa/business/push_message"
    GET_LIVE_INFO = "/wxa/business/getliveinfo"
    GET_CALLBACK_IP = "/cgi-bin/getcallbackip"
    QUOTA_GET = "/cgi-bin/openapi/quota/get"
    STABLE_TOKEN = "/cgi-bin/stable_token"  # noqa: S105 - a path

    @property
    def record(self) -> str:
        """Return the name of the API in the keys of its pace and quota records."""
        return self.rsplit("/", 1)[-1]


FOLLOWERS_PER_PAGE = 2000
"""Most rows of a page of followers: docs/wechat-protocol.md#follower-list."""

ROOMS_PER_PAGE = 50
"""``getliveinfo`` silently caps its limit at 50: docs/wechat-protocol.md#live-rooms."""

ROOM_PAGES = 4
"""Pages of rooms to read: the latest start comes first, so a live room is near the front."""
