"""How many examples Hypothesis tries: few in a test run, fewer after an edit, many given time."""

import os

from hypothesis import settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "fast")
THOROUGH = PROFILE == "thorough"

QUICK_SHARE = 0.2
"""The share of a test run's examples that ``quick`` tries."""

_USUAL_EXAMPLES = 100


def register_profiles() -> None:
    """Make ``fast`` the profile, unless HYPOTHESIS_PROFILE says ``quick`` or ``thorough``."""
    settings.register_profile("fast", deadline=None, max_examples=_USUAL_EXAMPLES)
    settings.register_profile("quick", deadline=None, max_examples=_quick(_USUAL_EXAMPLES))
    settings.register_profile("thorough", deadline=None, print_blob=True)
    settings.load_profile(PROFILE)


def budget(*, fast: int, thorough: int) -> settings:
    """Return settings with the number of examples of the profile."""
    examples = {"fast": fast, "quick": _quick(fast), "thorough": thorough}
    return settings(max_examples=examples[PROFILE])


def _quick(fast: int) -> int:
    return max(1, round(fast * QUICK_SHARE))
