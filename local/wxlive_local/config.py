"""The Mini Program's four secrets and its message mode, from a file or random."""

import json
import secrets
import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from wxlive.errors import Misconfigured
from wxlive.settings import MessageMode, Secrets

_ALPHANUMERIC = string.ascii_letters + string.digits
_FIELDS = ("appid", "secret", "token", "aes_key", "mode")


@dataclass(frozen=True, slots=True)
class WechatConfig:
    """What the WeChat console shows. ``aes_key`` may be empty in plaintext mode."""

    appid: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    mode: MessageMode

    @classmethod
    def random(cls) -> Self:
        """Return new random values in WeChat's format."""
        return cls(
            appid="wx" + secrets.token_hex(8),
            secret=secrets.token_hex(16),
            token=_random_text(32),
            aes_key=_random_text(43),
            mode=MessageMode.SECURE,
        )

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the JSON object ``{"appid", "secret", "token", "aes_key", "mode"}``.

        Raises:
            Misconfigured: the file can't be read, is not such an object, or a field is missing
                or malformed; the message names the field and never shows its value.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise Misconfigured(f"--config {path} can't be read: {reason}") from error
        return cls.from_json(text, f"--config {path}")

    @classmethod
    def from_json(cls, text: str, name: str) -> Self:
        """Read the same object from a text; ``name`` says in messages where it came from.

        Raises:
            Misconfigured: as for ``from_file``.
        """
        raw = _object(text, name)
        mode = _mode(raw["mode"], name)
        values = Secrets.from_json(text, name)
        if not values.aes_keys and mode is not MessageMode.PLAINTEXT:
            raise Misconfigured(f"{name}: 'aes_key' is empty; {mode} mode needs its 43 characters")
        return cls(
            appid=values.appid,
            secret=values.secret,
            token=values.tokens[0],
            aes_key=values.aes_keys[0] if values.aes_keys else "",
            mode=mode,
        )

    def secret_json(self) -> str:
        """Return the secret as the functions expect it in Secrets Manager."""
        return json.dumps(
            {
                "appid": self.appid,
                "secret": self.secret,
                "token": self.token,
                "aes_key": self.aes_key,
            }
        )


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        raw = json.loads(text)
    except ValueError:
        raise Misconfigured(f"{name} is not JSON; it needs {', '.join(_FIELDS)}") from None
    if not isinstance(raw, dict):
        raise Misconfigured(f"{name} is not a JSON object; it needs {', '.join(_FIELDS)}")
    missing = [key for key in _FIELDS if key not in raw]
    if missing:
        raise Misconfigured(f"{name} lacks {', '.join(missing)}; it needs {', '.join(_FIELDS)}")
    return raw


def _mode(value: Any, name: str) -> MessageMode:
    try:
        return MessageMode(value)
    except ValueError:
        choices = ", ".join(MessageMode)
        raise Misconfigured(f"{name}: 'mode' must be one of {choices}") from None


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))
