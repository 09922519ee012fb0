"""Senders, and what may come between them."""

from explore.stack.scenario import Scenario, claim_grown_old
from explore.stack.wechat import ALL_PUSH_FATES, Rules

ONE, TWO = ("a", "b"), ("c", "d")

WORLDS = (
    Scenario(
        "one-chunk",
        "Two senders are given the same chunk.",
        chunks=(ONE,),
        messages=(1, 1),
        minutes=3,
        faults=2,
    ),
    Scenario(
        "two-chunks",
        "Two senders have a chunk each.",
        chunks=(ONE, TWO),
        messages=(1, 2),
        minutes=3,
        faults=2,
    ),
    Scenario(
        "two-chunks-doubled",
        "Two senders have a chunk each, and each message comes twice.",
        chunks=(ONE, TWO),
        messages=(1, 1, 2, 2),
        minutes=3,
        faults=1,
    ),
    Scenario(
        "three-senders",
        "Three senders are at work on two chunks.",
        chunks=(ONE, TWO),
        messages=(1, 1, 2),
        senders=3,
        minutes=3,
        faults=1,
    ),
    Scenario(
        "cold",
        "A sender without token and connection warms up first.",
        chunks=(ONE,),
        messages=(1,),
        senders=1,
        is_warm=False,
        minutes=3,
        faults=1,
    ),
    Scenario(
        "answers",
        "WeChat answers a push in every way there is.",
        chunks=(ONE,),
        messages=(1,),
        senders=1,
        rules=Rules(push_fates=ALL_PUSH_FATES),
        minutes=3,
        polls=3,
        faults=1,
    ),
    Scenario(
        "old-token",
        "The token dies while a sender waits for its slot.",
        chunks=(ONE, TWO),
        messages=(1, 2),
        senders=2,
        token_life_s=1,
        minutes=3,
        faults=0,
    ),
    Scenario(
        "late",
        "Two senders have a chunk each, and somebody may be late once.",
        chunks=(ONE, TWO),
        messages=(1, 2),
        ticks=1,
        minutes=3,
        faults=0,
        jumps=claim_grown_old,
    ),
    Scenario(
        "results",
        "A call is answered with an error although it was carried out; results come at any time.",
        chunks=(ONE,),
        messages=(1,),
        senders=1,
        rules=Rules(with_results=True, push_fates=("dropped-sent", "busy")),
        copies=1,
        minutes=3,
        faults=1,
    ),
)
