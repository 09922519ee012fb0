"""A campaign: its holds stay on record, the latest of them."""

from typing import Any

from factories import NOW_S, a_campaign
from wxlive.domain.campaigns import PAST_HOLDS_KEPT, CampaignState, HoldKind, PastHold


def test_a_campaign_keeps_a_bounded_number_of_holds() -> None:
    past = tuple(PastHold(HoldKind.ROOM, "not live", n, n + 1) for n in range(PAST_HOLDS_KEPT))
    facts: dict[str, Any] = {
        "held_since": NOW_S,
        "hold_kind": HoldKind.OPERATOR,
        "reason": "why",
    }
    held = a_campaign(state=CampaignState.PAUSED, past_holds=past, **facts)

    stands = PastHold(HoldKind.OPERATOR, "why", NOW_S, NOW_S + 9)
    assert held.holds_until(NOW_S + 9.5) == (*past[1:], stands)
    assert a_campaign(past_holds=past).holds_until(NOW_S) == past
