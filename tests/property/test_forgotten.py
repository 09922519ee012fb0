"""Whatever arrives in whatever order, nothing from before the forgetting is stored after it."""

from hypothesis import given
from hypothesis import strategies as st

from factories import NOW_S, PSEUDONYM_KEY, a_follower
from support.memory_followers import MemoryForgotten
from wxlive.domain.followers import Follower, Status
from wxlive.domain.forgotten import Forgotten, is_pseudonym, pseudonym_of

FORGET = "forget"

times = st.integers(NOW_S - 3, NOW_S + 3)
subscriptions = times.map(lambda at: a_follower("a", subscribed_at=at, changed_at=at))
departures = times.map(
    lambda at: a_follower("a", status=Status.UNSUBSCRIBED, subscribed_at=0, changed_at=at)
)
arrivals = st.lists(st.one_of(subscriptions, departures, st.just(FORGET)), max_size=12)


@given(arrivals)
def test_only_who_subscribed_later_is_on_record(arrivals: list[Follower | str]) -> None:
    forgotten, record = MemoryForgotten(), None
    forgotten.begin()
    was_forgotten = False
    for arrival in arrivals:
        if isinstance(arrival, str):
            forgotten.add("a", NOW_S)
            record, was_forgotten = None, True
        elif forgotten.admits(arrival) and arrival.beats(record):
            record = arrival
        is_back = bool(was_forgotten and record)
        assert is_back == (was_forgotten and not forgotten.forgotten_at("a"))
    if was_forgotten and record is not None and record.status is Status.SUBSCRIBED:
        assert record.subscribed_at > NOW_S


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.text("ab", min_size=1, max_size=8))
def test_a_pseudonym_is_the_same_for_one_key_only(openid: str, key: str) -> None:
    pseudonym = pseudonym_of(openid, PSEUDONYM_KEY)

    assert is_pseudonym(pseudonym)
    assert pseudonym == pseudonym_of(openid, PSEUDONYM_KEY)
    assert pseudonym != pseudonym_of(openid, key)
    assert Forgotten({pseudonym: NOW_S}, PSEUDONYM_KEY).forgotten_at(openid) == NOW_S
    assert Forgotten({pseudonym: NOW_S}).forgotten_at(openid) == 0
