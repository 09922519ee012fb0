"""The fields of the secret: how values are generated, and how they change. Pure but for chance."""

import secrets
import string
from collections.abc import Mapping

GENERATED_FIELDS = ("token", "aes_key")
"""The fields that wxlive generates and rotates; the others come from WeChat."""

PREVIOUS_FIELDS = tuple(f"previous_{name}" for name in GENERATED_FIELDS)
"""Where the values of the generated fields live on after a change."""

_ALPHANUMERIC = string.ascii_letters + string.digits
_LENGTHS = {"token": 32, "aes_key": 43}
"""The console takes a token of 3 to 32 letters and digits, and a key of exactly 43."""


def generate(name: str) -> str:
    """Generate a value for one of ``GENERATED_FIELDS`` that the console accepts."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(_LENGTHS[name]))


def change_fields(stored: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the stored fields changed to those that are given.

    A token or key that changes is kept as the previous one, which the callback still accepts.
    """
    previous = {
        f"previous_{name}": stored[name]
        for name in GENERATED_FIELDS
        if stored.get(name) and given.get(name, stored[name]) != stored[name]
    }
    return {**stored, **previous, **given}
