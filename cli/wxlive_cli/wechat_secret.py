"""The fields of the secret: how values are generated, and how they change. Pure but for chance."""

import re
import secrets
import string
from collections.abc import Mapping
from typing import Any

from wxlive.errors import InvalidCommand
from wxlive.telemetry import MIN_HIDDEN_LENGTH

GENERATED_FIELDS = ("token", "aes_key")
"""The fields that wxlive generates and rotates; the others come from WeChat."""

PREVIOUS_FIELDS = tuple(f"previous_{name}" for name in GENERATED_FIELDS)
"""Where the values of the generated fields live on after a change."""

ORIGINAL_ID = re.compile(r"gh_[0-9A-Za-z_-]{1,61}")
"""What the ``ToUserName`` of WeChat's messages looks like."""

FORMATS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "appid": (
        re.compile(r"wx[0-9a-z]{16}"),
        (
            "The appid is malformed: it is wx and 16 letters and digits; copy it from the Mini "
            "Program console"
        ),
    ),
    "secret": (
        re.compile(r"[0-9a-zA-Z]{32}"),
        (
            "The AppSecret is malformed: it has exactly 32 letters and digits; copy it from the "
            "Mini Program console"
        ),
    ),
    "token": (
        re.compile(rf"[A-Za-z0-9]{{{MIN_HIDDEN_LENGTH},32}}"),
        (
            f"The token is malformed: it needs at least {MIN_HIDDEN_LENGTH}, better 32 letters and "
            "digits (a shorter one can be guessed), and the WeChat console takes no more"
        ),
    ),
    "aes_key": (
        re.compile(r"(?:[A-Za-z0-9+/]{43})?"),
        (
            "The EncodingAESKey is malformed: it has exactly 43 letters and digits; copy it from "
            "the Mini Program console"
        ),
    ),
    "original_id": (
        ORIGINAL_ID,
        (
            "The original ID is malformed: copy the one that begins with gh_ from the settings of "
            "the Mini Program console (原始ID)"
        ),
    ),
}
"""What each field looks like, and the sentence that refuses another value."""

_ALPHANUMERIC = string.ascii_letters + string.digits
_LENGTHS = {"token": 32, "aes_key": 43}
"""The console takes a token of 3 to 32 letters and digits, and a key of exactly 43:
docs/wechat-protocol.md#message-push."""


def generate(name: str) -> str:
    """Generate a value for one of ``GENERATED_FIELDS`` that the console accepts."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(_LENGTHS[name]))


def check_formats(given: Mapping[str, Any]) -> None:
    """Refuse values that the WeChat console does not issue or accept, without showing them.

    Raises:
        InvalidCommand: one is malformed; it is named.
    """
    for name, value in given.items():
        pattern, sentence = FORMATS[name]
        if not (isinstance(value, str) and pattern.fullmatch(value)):
            raise InvalidCommand(sentence)


def changed_fields(stored: Mapping[str, str], fields: Mapping[str, str]) -> list[str]:
    """Return the names of the fields that differ from those that are stored."""
    names = [*fields, *(name for name in stored if name not in fields)]
    return [name for name in names if fields.get(name) != stored.get(name)]


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
