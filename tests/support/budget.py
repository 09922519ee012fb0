"""How many examples Hypothesis tries: few in every test run, many where time is given."""

import os

from hypothesis import settings

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE", "fast") == "thorough"


def register_profiles() -> None:
    """Make ``fast`` the profile of a test run, unless HYPOTHESIS_PROFILE says ``thorough``."""
    settings.register_profile("fast", deadline=None)
    settings.register_profile("thorough", deadline=None, print_blob=True)
    settings.load_profile("thorough" if THOROUGH else "fast")


def budget(*, fast: int, thorough: int) -> settings:
    """Return settings with the number of examples of the profile."""
    return settings(max_examples=thorough if THOROUGH else fast)
