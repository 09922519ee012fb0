"""Configuration: one typed object, built once from the environment, failing by name.

The environment holds names and numbers only. Secrets stay in Secrets Manager (``Secrets``).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self, TypeVar

from wxlive.domain.chunks import MAX_OPENIDS_PER_CALL
from wxlive.errors import Misconfigured

Choice = TypeVar("Choice", bound=StrEnum)


class MessageMode(StrEnum):
    """How WeChat delivers messages. Pinned by the deployment, never chosen by a request."""

    SECURE = "secure"
    COMPATIBLE = "compatible"
    PLAINTEXT = "plaintext"


class Language(StrEnum):
    """The languages of what people read."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a function must know about its deployment.

    Units: ``*_s`` are seconds, ``*_hours`` hours, ``*_percent`` percent.
    """

    followers_table: str
    state_table: str
    push_queue_url: str
    callback_backlog_url: str
    callback_quarantine_url: str
    callback_allow_list: str
    secret_name: str
    wechat_api_base: str
    message_mode: MessageMode
    push_rate_per_second: int
    push_chunk_size: int
    push_retry_busy: bool
    room_wait_limit_s: int
    daily_call_quota: int
    sync_daily_calls: int
    callback_max_age_s: int
    day_offset_hours: int
    sweep_guard_percent: int
    clock_margin_s: int
    brake_percent: int
    auto_push: bool
    trial_openids: int
    trial_go_on_percent: int
    watch_daily_calls: int
    push_start_function: str
    notify_secret_name: str
    language: Language
    stack_name: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            Misconfigured: a variable is missing, not a number, or out of range; it is named.
        """
        return cls(
            followers_table=_text(env, "FOLLOWERS_TABLE"),
            state_table=_text(env, "STATE_TABLE"),
            push_queue_url=_text(env, "PUSH_QUEUE_URL"),
            callback_backlog_url=_text(env, "CALLBACK_BACKLOG_URL"),
            callback_quarantine_url=_text(env, "CALLBACK_QUARANTINE_URL"),
            callback_allow_list=_text(env, "CALLBACK_ALLOW_LIST"),
            secret_name=_text(env, "WECHAT_SECRET_NAME"),
            wechat_api_base=_text(env, "WECHAT_API_BASE").rstrip("/"),
            message_mode=_choice(env, "MESSAGE_MODE", MessageMode),
            push_rate_per_second=_number(env, "PUSH_RATE_PER_SECOND", low=1, high=1_000_000),
            push_chunk_size=_number(env, "PUSH_CHUNK_SIZE", low=1, high=MAX_OPENIDS_PER_CALL),
            push_retry_busy=_switch(env, "PUSH_RETRY_BUSY"),
            room_wait_limit_s=_number(env, "ROOM_WAIT_LIMIT_S", low=0, high=86_400),
            daily_call_quota=_number(env, "DAILY_CALL_QUOTA", low=1, high=100_000_000),
            sync_daily_calls=_number(env, "SYNC_DAILY_CALLS", low=1, high=100_000_000),
            callback_max_age_s=_number(env, "CALLBACK_MAX_AGE_S", low=0, high=86_400),
            day_offset_hours=_number(env, "DAY_OFFSET_HOURS", low=-12, high=14),
            sweep_guard_percent=_number(env, "SWEEP_GUARD_PERCENT", low=0, high=100),
            clock_margin_s=_number(env, "CLOCK_MARGIN_S", low=0, high=3600),
            brake_percent=_number(env, "BRAKE_PERCENT", low=0, high=100),
            auto_push=_switch(env, "AUTO_PUSH"),
            trial_openids=_number(env, "TRIAL_OPENIDS", low=0, high=MAX_OPENIDS_PER_CALL),
            trial_go_on_percent=_number(env, "TRIAL_GO_ON_PERCENT", low=0, high=100),
            watch_daily_calls=_number(env, "WATCH_DAILY_CALLS", low=1, high=100_000),
            push_start_function=_text(env, "PUSH_START_FUNCTION"),
            notify_secret_name=_text(env, "NOTIFY_SECRET_NAME"),
            language=_choice(env, "NOTIFY_LANGUAGE", Language),
            stack_name=_text(env, "STACK_NAME"),
        )

    @property
    def chunk_openids(self) -> int:
        """Openids in one push call: a chunk larger than a second's rate could never be sent."""
        return min(self.push_chunk_size, self.push_rate_per_second, MAX_OPENIDS_PER_CALL)

    @property
    def sync_budget_calls(self) -> int:
        """Calls of a day that walking the list may take: some of the quota stays for others."""
        return min(self.sync_daily_calls, self.daily_call_quota)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only WeChat and the merchant know. Never shown: not by ``repr``, not in a log.

    ``tokens`` and ``aes_keys`` list the current one first, then the previous one during a
    rotation. ``aes_keys`` may be empty in plaintext mode only. ``original_id`` (``gh_…``) is the
    account that WeChat's messages are addressed to, empty where it is not known. ``pseudonym_key``
    is the key of the pseudonyms, empty until somebody is forgotten; no rotation replaces it.
    """

    appid: str
    secret: str = field(repr=False)
    tokens: tuple[str, ...] = field(repr=False)
    aes_keys: tuple[str, ...] = field(repr=False)
    original_id: str = ""
    pseudonym_key: str = field(default="", repr=False)

    @property
    def are_rotating(self) -> bool:
        """Whether a previous token or key is still accepted."""
        return len(self.tokens) > 1 or len(self.aes_keys) > 1

    @classmethod
    def from_json(cls, text: str, name: str = "the secret") -> Self:
        """Read the secret's JSON.

        Its fields: ``appid``, ``secret``, ``token``, ``aes_key``, ``previous_token``,
        ``previous_aes_key``, ``original_id``, ``pseudonym_key``.

        Raises:
            Misconfigured: not JSON, a field is missing or malformed; the field is named, its
                value is not shown.
        """
        try:
            raw = json.loads(text)
        except ValueError as error:
            raise Misconfigured(
                f"{name} is not JSON; store an object with appid, secret, token and aes_key"
            ) from error
        if not isinstance(raw, dict):
            raise Misconfigured(
                f"{name} is not a JSON object; it needs appid, secret, token and aes_key"
            )
        current_key = _field(raw, "aes_key", name, optional=True)
        previous_key = _field(raw, "previous_aes_key", name, optional=True)
        previous_token = _field(raw, "previous_token", name, optional=True)
        keys = tuple(key for key in (current_key, previous_key) if key)
        if not all(re.fullmatch(r"[A-Za-z0-9+/]{43}", key) for key in keys):
            raise Misconfigured(
                f"{name}: an EncodingAESKey must be exactly 43 base64 characters; "
                "copy it again from the Mini Program console"
            )
        return cls(
            appid=_field(raw, "appid", name),
            secret=_field(raw, "secret", name),
            tokens=tuple(t for t in (_field(raw, "token", name), previous_token) if t),
            aes_keys=keys,
            original_id=_field(raw, "original_id", name, optional=True),
            pseudonym_key=_field(raw, "pseudonym_key", name, optional=True),
        )


def _field(raw: Mapping[str, Any], key: str, name: str, *, optional: bool = False) -> str:
    value = raw.get(key, "" if optional else None)
    if not isinstance(value, str) or not (value or optional):
        raise Misconfigured(f"{name} has no usable {key!r}; store it as a non-empty string")
    return value


def _text(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise Misconfigured(f"{name} is not set; deploy the function with template.yaml")
    return value


def _number(env: Mapping[str, str], name: str, *, low: int, high: int) -> int:
    text = _text(env, name)
    try:
        value = int(text)
    except ValueError:
        raise Misconfigured(f"{name} is {text!r}, not a whole number") from None
    if not low <= value <= high:
        raise Misconfigured(f"{name} is {value}; it must be between {low} and {high}")
    return value


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = _text(env, name)
    if text not in {"on", "off"}:
        raise Misconfigured(f"{name} is {text!r}; it must be 'on' or 'off'")
    return text == "on"


def _choice(env: Mapping[str, str], name: str, of: type[Choice]) -> Choice:
    text = _text(env, name)
    try:
        return of(text)
    except ValueError:
        choices = ", ".join(of)
        raise Misconfigured(f"{name} is {text!r}; it must be one of {choices}") from None
