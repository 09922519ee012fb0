"""Follower syncs, alone and beside callbacks."""

from explore.stack.places import DAY_OFFSET_HOURS, NOW_S
from explore.stack.scenario import Scenario
from wxlive.domain.calendar import stamp_of

LISTED = (("a", NOW_S - 3000), ("b", NOW_S - 2000), ("c", NOW_S - 1000))
START = {"action": "start", "command": "one"}
TRUSTED = {"action": "start", "command": "one", "trust_list": True}
ABANDON = {"action": "abandon", "run": f"{stamp_of(NOW_S, DAY_OFFSET_HOURS)}-id-p"}
CONTINUE = {"action": "continue"}
SCHEDULED: dict[str, str] = {}

WORLDS = (
    Scenario(
        "sync",
        "A sync lists three followers, one of them new, and lacks one that is in the table.",
        listed=LISTED,
        followers=("a", "b", "x"),
        syncs=((0, START),),
        turns=2,
        faults=1,
    ),
    Scenario(
        "sync-trusted",
        "The operator vouches for a list that lacks one who is in the table.",
        listed=LISTED,
        followers=("a", "b", "x"),
        syncs=((0, TRUSTED),),
        turns=2,
        faults=1,
    ),
    Scenario(
        "sync-doubled",
        "A sync is started twice, and an invocation that continues it comes at any time.",
        listed=LISTED[:2],
        followers=("a", "x"),
        syncs=((0, START), (0, START), (0, CONTINUE)),
        turns=2,
        faults=1,
    ),
    Scenario(
        "sync-late",
        "A worker may be late once, so that another one takes its lease.",
        listed=LISTED[:2],
        followers=("a", "x"),
        syncs=((0, TRUSTED), (0, CONTINUE)),
        ticks=1,
        faults=0,
        ablated_with=0,
    ),
    Scenario(
        "sync-abandoned",
        "The operator abandons a run at any moment.",
        listed=LISTED[:1],
        followers=("a", "x"),
        syncs=((0, TRUSTED), (0, ABANDON)),
        turns=1,
        faults=1,
    ),
    Scenario(
        "sync-follows",
        "Somebody subscribes and somebody leaves while the list is walked.",
        listed=LISTED,
        followers=("a", "b"),
        follows=(("d", True), ("b", False)),
        syncs=((0, TRUSTED),),
        turns=2,
        faults=1,
        ablated_with=0,
    ),
    Scenario(
        "sync-returns",
        "The operator vouches for the list; somebody whom it lacks subscribes again.",
        listed=LISTED[:1],
        followers=("a", "x"),
        follows=(("x", True),),
        syncs=((0, TRUSTED),),
        turns=2,
        faults=1,
    ),
    Scenario(
        "two-syncs",
        "Two runs lack the same follower.",
        listed=LISTED[:1],
        followers=("a", "x"),
        syncs=((0, SCHEDULED), (3000, SCHEDULED)),
        turns=1,
        faults=1,
    ),
)
