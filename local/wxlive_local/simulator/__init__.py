"""A simulated WeChat: as strict as the real one, with faults on request.

``Simulator`` serves it on the loopback; ``Platform`` is the model, usable alone with any clock.
"""

from wxlive_local.simulator.delivery import DeliveryPolicy, Verification
from wxlive_local.simulator.entities import (
    LIVE,
    FollowChange,
    Follower,
    FollowEvent,
    PushResult,
    Room,
)
from wxlive_local.simulator.faults import (
    CALLBACK_FOLLOW,
    CALLBACK_RESULT,
    Fault,
    FaultRule,
    FaultRules,
)
from wxlive_local.simulator.ledger import CallbackRecord, DeliveryState, Ledger, PushCall
from wxlive_local.simulator.list_shapes import Cursor, End, ListShape, Order
from wxlive_local.simulator.platform import Account, ApiReply, Platform, PlatformSettings
from wxlive_local.simulator.quota import (
    FOLLOWERS,
    LIVE_INFO,
    PUSH,
    QUOTA_GET,
    STABLE_TOKEN,
    Limit,
)
from wxlive_local.simulator.robots import Robots, robot_url
from wxlive_local.simulator.runner import Simulator

__all__ = [
    "CALLBACK_FOLLOW",
    "CALLBACK_RESULT",
    "FOLLOWERS",
    "LIVE",
    "LIVE_INFO",
    "PUSH",
    "QUOTA_GET",
    "STABLE_TOKEN",
    "Account",
    "ApiReply",
    "CallbackRecord",
    "Cursor",
    "DeliveryPolicy",
    "DeliveryState",
    "End",
    "Fault",
    "FaultRule",
    "FaultRules",
    "FollowChange",
    "FollowEvent",
    "Follower",
    "Ledger",
    "Limit",
    "ListShape",
    "Order",
    "Platform",
    "PlatformSettings",
    "PushCall",
    "PushResult",
    "Robots",
    "Room",
    "Simulator",
    "Verification",
    "robot_url",
]
