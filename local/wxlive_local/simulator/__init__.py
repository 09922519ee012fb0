"""WeChat on the loopback: strict where the platform is strict, unreliable on order.

``Simulator`` runs it; ``Platform`` is the model inside, usable alone with a made-up clock.
"""

from wxlive_local.simulator.delivery import Courier, Verification
from wxlive_local.simulator.facts import LIVE, Follower, FollowEvent, Happening, PushResult, Room
from wxlive_local.simulator.ledger import CallbackRecord, Ledger, PushCall, State
from wxlive_local.simulator.misbehave import (
    CALLBACK_FOLLOW,
    CALLBACK_RESULT,
    Kind,
    Misbehaviour,
    Rule,
)
from wxlive_local.simulator.platform import Account, Answer, Platform, Rules
from wxlive_local.simulator.quota import (
    FOLLOWERS,
    LIVE_INFO,
    PUSH,
    QUOTA_GET,
    STABLE_TOKEN,
    Limit,
)
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
    "Answer",
    "CallbackRecord",
    "Courier",
    "FollowEvent",
    "Follower",
    "Happening",
    "Kind",
    "Ledger",
    "Limit",
    "Misbehaviour",
    "Platform",
    "PushCall",
    "PushResult",
    "Room",
    "Rule",
    "Rules",
    "Simulator",
    "State",
    "Verification",
]
