"""The fields of the secret: how values are generated, and how they change. Pure but for chance."""

import re
import secrets
import string
from collections.abc import Mapping

from wxlive.errors import InvalidCommand
from wxlive.telemetry import MIN_HIDDEN_LENGTH

GENERATED_FIELDS = ("token", "aes_key")
"""The fields that wxlive generates and rotates; the others come from WeChat."""

PREVIOUS_FIELDS = tuple(f"previous_{name}" for name in GENERATED_FIELDS)
"""Where the values of the generated fields live on after a change."""

ORIGINAL_ID = re.compile(r"gh_[0-9A-Za-z_-]{1,61}")
"""What the ``ToUserName`` of WeChat's messages looks like."""

_ALPHANUMERIC = string.ascii_letters + string.digits
_LENGTHS = {"token": 32, "aes_key": 43}
"""The console takes a token of 3 to 32 letters and digits, and a key of exactly 43:
docs/wechat-protocol.md#message-push."""


def generate(name: str) -> str:
    """Generate a value for one of ``GENERATED_FIELDS`` that the console accepts."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(_LENGTHS[name]))


def check_token(token: str) -> None:
    """Refuse a token that is too short to be kept secret.

    From one captured request a short one can be guessed, and the log could not redact it.

    Raises:
        InvalidCommand: it has fewer than ``MIN_HIDDEN_LENGTH`` characters.
    """
    if len(token) < MIN_HIDDEN_LENGTH:
        raise InvalidCommand(
            f"The token has {len(token)} characters; use at least {MIN_HIDDEN_LENGTH}, better 32 "
            "letters and digits"
        )


def check_original_id(original_id: str) -> None:
    """Refuse what is not the original ID of an account.

    Raises:
        InvalidCommand: it does not look like one.
    """
    if not ORIGINAL_ID.fullmatch(original_id):
        raise InvalidCommand(
            f"{original_id} is not an original ID: copy the one that begins with gh_ from the "
            "settings of the Mini Program console (原始ID)"
        )


def change_fields(stored: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the stored fields changed to those that are given.

    A token or key that changes is kept as the previous one, which the callback still accepts. No
    accepted value is dropped, because WeChat may be using it.

    Raises:
        InvalidCommand: a rotation is under way, and the secret cannot keep a third value.
    """
    changed = {**stored, **given}
    for name in GENERATED_FIELDS:
        accepted = (stored.get(name), stored.get(f"previous_{name}"))
        kept = [value for value in accepted if value and value != changed.get(name)]
        if len(kept) > 1:
            raise InvalidCommand(
                f"A rotation of the {name} is under way, and WeChat may use the previous value: "
                "finish it with `wxlive rotate --finish`, then try again"
            )
        changed |= {f"previous_{name}": value for value in kept}
    return changed
