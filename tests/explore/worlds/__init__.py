"""The worlds that are explored, by name."""

from explore.stack.scenario import Scenario
from explore.worlds import control, planning, results, sending, syncing

WORLDS: dict[str, Scenario] = {
    scenario.name: scenario
    for module in (sending, control, planning, results, syncing)
    for scenario in module.WORLDS
}
