"""The worlds of the push: what is explored in them, and that it would find a fault."""

from collections.abc import Iterator

import pytest

from explore.engine.history import decode, encode, play
from explore.engine.search import explore
from explore.jobs import Limits, replay
from explore.stack import shipped
from explore.stack.ablation import Without
from explore.stack.build import build, explored
from explore.stack.places import LAST_ROUNDS
from explore.stack.scenario import Scenario
from explore.worlds import WORLDS

SMALL_STATES = 6_000
"""How far a world is explored here. `make prove` explores each world to its end."""


@pytest.fixture(autouse=True)
def _in_place() -> Iterator[None]:
    with shipped.in_place():
        yield


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WORLDS))
def test_without_faults_nothing_is_broken_within_the_small_bound(name: str) -> None:
    small = WORLDS[name].bounded(faults=0, ticks=0)
    _, found = explored(small, thorough=True, max_states=SMALL_STATES)

    assert found.violations == ()
    assert found.is_exhausted or found.states > SMALL_STATES
    assert not found.has_cycle


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one-chunk", "two-chunks", "cold", "answers", "pause"])
def test_with_any_one_fault_nothing_is_broken(name: str) -> None:
    _, found = explored(WORLDS[name].bounded(faults=1), thorough=True)

    assert found.violations == ()
    assert found.is_exhausted


def test_what_one_sender_does_is_known() -> None:
    scenario = Scenario("one", "A sender.", chunks=(("a",),), messages=(1,), senders=1)
    built, found = explored(scenario.bounded(faults=0))

    assert (found.histories, found.violations) == (1, ())
    assert built.kernel.runs == 1 + LAST_ROUNDS


def test_reads_of_what_is_never_written_take_no_turn_and_change_no_finding() -> None:
    scenario = WORLDS["one-chunk"].bounded(faults=1)
    built = build(scenario)
    each = explore(built.kernel, built.first, built.invariants)
    _, fewer = explored(scenario)

    assert fewer.histories < each.histories  # type: ignore[operator]  # both are counted
    assert {v.invariant for v in fewer.violations} == {v.invariant for v in each.violations}


@pytest.mark.parametrize(
    ("world", "condition", "invariant"),
    [
        ("one-chunk", "LedgerStore.claim[2]", "moves-are-legal"),
        ("pause", "LedgerStore.claim[1]", "a-pause-holds"),
        ("midnight", "LedgerStore.claim[3]", "within-the-quota"),
        ("midnight-choice", "LedgerStore.claim[5]", "claims-are-lawful"),
        ("plan-pause", "CampaignStore.activate", "a-pause-holds"),
        ("resend-late", "LedgerStore.finish: claim = :claim", "openids-of-the-ledger"),
        ("trial-first", "CampaignStore.hold: #state IN (:in0)", "moves-are-legal"),
    ],
)
def test_a_condition_that_is_needed_is_missed(world: str, condition: str, invariant: str) -> None:
    _, found = explored(WORLDS[world].bounded(faults=0), Without(condition))

    assert invariant in {broken.invariant for broken in found.violations}


def test_nobody_is_pushed_oftener_than_the_operator_decided() -> None:
    scenario = WORLDS["resend-late"].bounded(faults=0)
    without = Without("LedgerStore.claim[2]")

    _, found = explored(scenario, without, known=("moves-are-legal", "openids-of-the-ledger"))

    assert "nobody-twice" in {broken.invariant for broken in found.violations}


def test_a_condition_that_a_world_does_not_need_is_not_missed() -> None:
    scenario = WORLDS["one-chunk"].bounded(faults=0)

    _, found = explored(scenario, Without("PaceStore.reserve"))

    assert found.violations == ()  # one chunk is pushed once, at whatever pace


def test_a_counterexample_is_replayed_with_the_shipped_code() -> None:
    scenario = WORLDS["one-chunk"].bounded(faults=0)
    without = Without("LedgerStore.claim[2]")
    _, found = explored(scenario, without, stop_at_first=True)
    [broken] = found.violations
    built = build(scenario, without)
    *_, last = play(built.kernel, built.first, decode(encode(broken.labels)))

    assert last.choice.label == broken.labels[-1]


def test_a_history_is_told_in_words() -> None:
    lines = list(
        replay("one-chunk", "+deliver:1,sender1*6,+deliver:1,sender2*2,@time", Limits(faults=0))
    )

    assert lines[0] == "  1. the message (chunk 1) is delivered"
    told = "\n".join(lines)
    assert "sender1: LedgerStore.claim (push/living, campaign/" in told
    assert "state 'queued' -> 'sending'" in told
    assert "0.15 s pass (time)" in told
