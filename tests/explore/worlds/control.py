"""An operator beside a sender."""

from explore.stack.places import CAMPAIGN, NOW_S, ROOM
from explore.stack.scenario import Scenario, executed
from explore.stack.shipped import Setting
from explore.stack.wechat import Rules
from wxlive.domain.calendar import day_ends_at
from wxlive.domain.rooms import RoomStatus

MIDNIGHT_S = day_ends_at(NOW_S, 8)

ONE, TWO = ("a", "b"), ("c", "d")

WORLDS = (
    Scenario(
        "pause",
        "A sender is at work when the operator pauses the campaign.",
        chunks=(ONE,),
        messages=(1,),
        humans=("pause",),
        minutes=3,
        faults=1,
    ),
    Scenario(
        "pause-resume",
        "A sender is at work; the operator pauses the campaign and resumes it.",
        chunks=(ONE,),
        messages=(1,),
        humans=(("pause", "resume"),),
        minutes=3,
        faults=1,
    ),
    Scenario(
        "pause-and-resume",
        "A sender is at work; one operator pauses the campaign, another resumes it.",
        chunks=(ONE,),
        messages=(1,),
        humans=("pause", "resume"),
        minutes=3,
        faults=0,
    ),
    Scenario(
        "resume-late",
        "The operator pauses; a resume of his that was executed before is delivered once more.",
        chunks=(ONE,),
        messages=(1,),
        humans=("pause",),
        invocations=({"action": "resume", "campaign": CAMPAIGN, "command": "before"},),
        prepare=executed("before"),
        faults=1,
    ),
    Scenario(
        "hold-ends-late",
        "The operator pauses; the end of an earlier hold is delivered late.",
        chunks=(ONE,),
        messages=(1,),
        humans=("pause",),
        invocations=({"action": "end_hold", "campaign": CAMPAIGN, "hold": "before"},),
        faults=1,
    ),
    Scenario(
        "resend",
        "The answer to a call is lost; the operator has it sent again, and its result comes late.",
        chunks=(ONE,),
        messages=(1,),
        senders=1,
        humans=("resend_unknown",),
        rules=Rules(with_results=True, push_fates=("dropped", "dropped-sent")),
        decides=True,
        minutes=3,
        faults=1,
    ),
    Scenario(
        "room-closes",
        "The room closes and opens again while a sender is at work; live_watch polls each minute.",
        chunks=(ONE,),
        messages=(1,),
        senders=1,
        minutes=3,
        polls=3,
        rooms=((ROOM, RoomStatus.ENDED.value), (ROOM, RoomStatus.LIVE.value)),
        faults=0,
    ),
    Scenario(
        "midnight",
        "Two chunks are sent around midnight, when the day's calls run out with the first.",
        chunks=(ONE, TWO),
        messages=(1, 2),
        senders=2,
        minutes=3,
        polls=3,
        setting=Setting(daily_calls=1),
        rules=Rules(daily_calls=1),
        begins_s=MIDNIGHT_S - 2,
        faults=0,
    ),
)
