"""What the shipped functions recall: nothing that they forget makes a difference."""

from collections.abc import Hashable
from typing import Any

import pytest

from explore.engine.kernel import Kernel
from explore.engine.search import explore
from explore.engine.world import World
from explore.stack import shipped
from explore.stack.build import build
from explore.worlds import WORLDS


def explored(name: str, faults: int) -> tuple[int | None, int, frozenset[Hashable]]:
    """Return how many histories a world has, how many states, and what is shared in these."""
    shared: set[Hashable] = set()
    built = build(WORLDS[name].bounded(faults=faults))
    steps = Kernel.steps

    def noted(kernel: Kernel, world: World) -> Any:
        tables, *others = world.shared
        shared.add((world.now.value, tables.key, *map(repr, others)))
        return steps(kernel, world)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kernel, "steps", noted)
        found = explore(built.kernel, built.first, built.invariants)
    assert found.is_exhausted
    return found.histories, found.states, frozenset(shared)


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("cold", 1),
        ("old-token", 1),
        ("auto-push", 0),
        ("pause", 1),
        ("split", 1),
        ("sync-doubled", 0),
    ],
)
def test_a_world_has_the_same_histories_in_fewer_states(
    name: str, faults: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shipped.in_place():
        histories, states, shared = explored(name, faults)
    monkeypatch.setattr(shipped, "_recalled", lambda: ())
    with shipped.in_place():
        all_histories, all_states, all_shared = explored(name, faults)

    assert histories == all_histories
    assert shared == all_shared
    assert states < all_states
