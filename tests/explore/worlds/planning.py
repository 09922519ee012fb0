"""A planner beside senders, and chunks that are split."""

from explore.stack.places import MIDNIGHT_S, OTHER_ROOM, ROOM, START, START_OTHER
from explore.stack.scenario import Scenario
from explore.stack.shipped import Setting
from explore.stack.wechat import Rules
from wxlive.domain.rooms import RoomStatus

WORLDS = (
    Scenario(
        "plan",
        "A planner cuts three followers in two chunks; a sender is given each as it is queued.",
        followers=("a", "b", "c"),
        invocations=("plan",),
        minutes=3,
        faults=1,
        ablated_with=0,
    ),
    Scenario(
        "plan-pause",
        "The operator pauses a campaign that is being planned.",
        followers=("a",),
        invocations=("plan",),
        senders=1,
        humans=("pause",),
        minutes=3,
        faults=1,
    ),
    Scenario(
        "two-plans",
        "Two planners are at work on the same campaign.",
        followers=("a", "b", "c"),
        invocations=("plan", "plan"),
        minutes=3,
        faults=1,
        ablated_with=0,
    ),
    Scenario(
        "two-starts",
        "A push is started twice at the same time.",
        followers=("a", "b"),
        invocations=(START, START),
        senders=1,
        minutes=3,
        faults=1,
        ablated_with=0,
    ),
    Scenario(
        "auto-push",
        "live_watch polls twice and starts the push of a live room.",
        followers=("a",),
        senders=1,
        setting=Setting(auto_push=True),
        minutes=2,
        polls=2,
        faults=0,
        ablated_with=0,
    ),
    Scenario(
        "flicker",
        "A room that is being pushed closes and opens again around midnight, with auto-push on.",
        chunks=(("a", "b"),),
        messages=(1,),
        senders=1,
        setting=Setting(auto_push=True),
        minutes=2,
        polls=2,
        rooms=((ROOM, RoomStatus.ENDED.value), (ROOM, RoomStatus.LIVE.value)),
        begins_s=MIDNIGHT_S - 3,
        faults=1,
    ),
    Scenario(
        "two-rooms",
        "Two rooms are started at the same time.",
        followers=("a",),
        invocations=(START, START_OTHER),
        senders=1,
        rooms=((OTHER_ROOM, RoomStatus.LIVE.value),),
        minutes=2,
        faults=0,
        ablated_with=0,
    ),
    Scenario(
        "split",
        "An openid spoils its call, so the chunk is cut in two.",
        chunks=(("a", "x"),),
        messages=(1,),
        rules=Rules(bad_openids=frozenset({"x"})),
        minutes=3,
        faults=2,
    ),
)
