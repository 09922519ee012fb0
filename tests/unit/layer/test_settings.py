"""Settings and secrets: read once, refused by name, never shown."""

import json
import traceback
from dataclasses import replace
from typing import Any

import pytest

import factories
from wxlive.errors import Misconfigured
from wxlive.settings import Language, MessageMode, Secrets, Settings
from wxlive_local.paths import TEMPLATE
from wxlive_local.template import Template

# Values that a field could take for another's, and defaults, are changed.
ENV = factories.ENV | {
    "PUSH_CHUNK_SIZE": "1500",
    "CALLBACK_MAX_AGE_S": "600",
    "AUTO_PUSH": "on",
}
SETTINGS = Settings(
    followers_table="followers",
    state_table="state",
    push_queue_url="https://sqs.test/push",
    callback_backlog_url="https://sqs.test/backlog",
    callback_quarantine_url="https://sqs.test/quarantine",
    callback_allow_list="none",
    notify_secret_name="none",
    language=Language.EN,
    secret_name="wxlive/wechat",
    wechat_api_base="https://wechat.test",
    message_mode=MessageMode.SECURE,
    push_rate_per_second=2000,
    push_chunk_size=1500,
    push_retry_busy=False,
    room_wait_limit_s=3600,
    daily_call_quota=5000,
    sync_daily_calls=4500,
    callback_max_age_s=600,
    day_offset_hours=8,
    sweep_guard_percent=20,
    clock_margin_s=120,
    brake_percent=50,
    auto_push=True,
    trial_openids=0,
    trial_go_on_percent=50,
    watch_daily_calls=400,
    push_start_function="wxlive-push-start",
    stack_name="wxlive",
)
RANGES = {
    "PUSH_RATE_PER_SECOND": (1, 1_000_000),
    "PUSH_CHUNK_SIZE": (1, 2000),
    "ROOM_WAIT_LIMIT_S": (0, 86_400),
    "DAILY_CALL_QUOTA": (1, 100_000_000),
    "SYNC_DAILY_CALLS": (1, 100_000_000),
    "CALLBACK_MAX_AGE_S": (0, 86_400),
    "DAY_OFFSET_HOURS": (-12, 14),
    "SWEEP_GUARD_PERCENT": (0, 100),
    "CLOCK_MARGIN_S": (0, 3600),
    "WATCH_DAILY_CALLS": (1, 100_000),
}
RAW = {"appid": "wx1", "secret": "s3cr3t", "token": "t0k3n", "aes_key": "A" * 43}


def test_the_settings_are_read_from_the_environment() -> None:
    assert Settings.from_env(ENV) == SETTINGS


def test_the_template_sets_every_variable_that_is_read() -> None:
    template = Template.read(TEMPLATE)
    functions = template.of_type("AWS::Serverless::Function")
    assert functions
    read: set[str] = set()

    class Recorder(dict[str, str]):
        def get(self, key: str, default: Any = None) -> Any:
            read.add(key)
            return super().get(key, default)

    Settings.from_env(Recorder(ENV))
    assert read == set(ENV)
    assert [name for name in read if f"        {name}: " not in TEMPLATE.read_text("utf-8")] == []


@pytest.mark.parametrize("name", ENV)
@pytest.mark.parametrize("empty", [True, False])
def test_a_missing_or_empty_variable_is_named(name: str, *, empty: bool) -> None:
    env = {key: value for key, value in ENV.items() if key != name}
    if empty:
        env[name] = ""
    with pytest.raises(Misconfigured, match=f"^{name} is not set"):
        Settings.from_env(env)


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("text", ["many", "1.5", "0x10", " "])
def test_what_is_no_whole_number_is_named_and_shown(name: str, text: str) -> None:
    with pytest.raises(Misconfigured, match=f"^{name} is '{text}', not a whole number"):
        Settings.from_env({**ENV, name: text})


@pytest.mark.parametrize(("name", "limits"), RANGES.items())
def test_a_number_is_taken_up_to_its_limits_and_no_further(
    name: str, limits: tuple[int, int]
) -> None:
    low, high = limits
    for allowed in (low, high):
        Settings.from_env({**ENV, name: str(allowed)})
    for refused in (low - 1, high + 1):
        with pytest.raises(Misconfigured, match=rf"^{name} is {refused}; it must be between"):
            Settings.from_env({**ENV, name: str(refused)})


@pytest.mark.parametrize("name", ["PUSH_RETRY_BUSY", "AUTO_PUSH"])
def test_a_switch_is_on_or_off_and_nothing_else(name: str) -> None:
    field = name.lower()
    assert getattr(Settings.from_env({**ENV, name: "on"}), field) is True
    assert getattr(Settings.from_env({**ENV, name: "off"}), field) is False
    for text in ("yes", "1", "On", "true"):
        with pytest.raises(Misconfigured, match=f"^{name} is '{text}'; it must be 'on' or 'off'"):
            Settings.from_env({**ENV, name: text})


@pytest.mark.parametrize("mode", MessageMode)
def test_each_message_mode_is_known(mode: MessageMode) -> None:
    assert Settings.from_env({**ENV, "MESSAGE_MODE": mode.value}).message_mode is mode


@pytest.mark.parametrize("language", Language)
def test_each_language_is_known(language: Language) -> None:
    assert Settings.from_env({**ENV, "NOTIFY_LANGUAGE": language.value}).language is language


def test_an_unknown_language_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match="NOTIFY_LANGUAGE is 'fr'; it must be one of en, zh"):
        Settings.from_env({**ENV, "NOTIFY_LANGUAGE": "fr"})


def test_an_unknown_message_mode_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match=r"MESSAGE_MODE is 'open'.*secure, compatible, plain"):
        Settings.from_env({**ENV, "MESSAGE_MODE": "open"})


def test_a_slash_after_the_api_base_is_ignored() -> None:
    env = {**ENV, "WECHAT_API_BASE": "https://sh.api.weixin.qq.com/"}
    assert Settings.from_env(env).wechat_api_base == "https://sh.api.weixin.qq.com"


@pytest.mark.parametrize(
    ("rate", "chunk", "sent"), [(2000, 2000, 2000), (2000, 700, 700), (500, 2000, 500)]
)
def test_a_call_never_has_more_openids_than_a_second_may(rate: int, chunk: int, sent: int) -> None:
    settings = replace(SETTINGS, push_rate_per_second=rate, push_chunk_size=chunk)
    assert settings.chunk_openids == sent


def test_a_call_never_has_more_openids_than_wechat_takes() -> None:
    settings = replace(SETTINGS, push_rate_per_second=9000, push_chunk_size=9000)
    assert settings.chunk_openids == 2000


# ---------------------------------------------------------------- secrets


def test_the_secret_is_read() -> None:
    assert Secrets.from_json(json.dumps(RAW)) == Secrets(
        appid="wx1", secret="s3cr3t", tokens=("t0k3n",), aes_keys=("A" * 43,)
    )


def test_during_a_rotation_the_current_values_come_first() -> None:
    raw = {**RAW, "previous_token": "t-old", "previous_aes_key": "B" * 43}
    secrets = Secrets.from_json(json.dumps(raw))
    assert secrets.tokens == ("t0k3n", "t-old")
    assert secrets.aes_keys == ("A" * 43, "B" * 43)


def test_the_original_id_is_read_where_there_is_one() -> None:
    assert Secrets.from_json(json.dumps({**RAW, "original_id": "gh_1"})).original_id == "gh_1"
    assert Secrets.from_json(json.dumps(RAW)).original_id == ""


@pytest.mark.parametrize("change", [{"aes_key": ""}, {"previous_token": ""}])
def test_what_is_optional_may_be_empty(change: dict[str, str]) -> None:
    secrets = Secrets.from_json(json.dumps({**RAW, **change}))
    assert secrets.tokens == ("t0k3n",)
    assert secrets.aes_keys == (() if "aes_key" in change else ("A" * 43,))


def test_no_aes_key_is_needed_in_plaintext_mode() -> None:
    raw = {key: value for key, value in RAW.items() if key != "aes_key"}
    assert Secrets.from_json(json.dumps(raw)).aes_keys == ()


@pytest.mark.parametrize("field", ["appid", "secret", "token"])
@pytest.mark.parametrize("value", ["", None, 7, ["s3cr3t"]])
def test_a_field_that_is_no_text_is_named(field: str, value: object) -> None:
    with pytest.raises(Misconfigured, match=f"^the vault has no usable '{field}'"):
        Secrets.from_json(json.dumps({**RAW, field: value}), "the vault")


@pytest.mark.parametrize("field", ["appid", "secret", "token"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    raw = {key: value for key, value in RAW.items() if key != field}
    with pytest.raises(Misconfigured, match=f"no usable '{field}'"):
        Secrets.from_json(json.dumps(raw))


@pytest.mark.parametrize("field", ["aes_key", "previous_aes_key"])
@pytest.mark.parametrize(
    "key", ["A" * 42, "A" * 44, "A" * 42 + "!", "A" * 43 + "\n", "A" * 42 + "="]
)
def test_an_aes_key_has_43_base64_characters(field: str, key: str) -> None:
    with pytest.raises(Misconfigured, match="exactly 43"):
        Secrets.from_json(json.dumps({**RAW, field: key}))


@pytest.mark.parametrize("field", ["aes_key", "previous_aes_key", "previous_token", "original_id"])
def test_what_is_optional_must_still_be_text(field: str) -> None:
    with pytest.raises(Misconfigured, match=f"no usable '{field}'"):
        Secrets.from_json(json.dumps({**RAW, field: None}))


@pytest.mark.parametrize("text", ["s3cr3t", '["s3cr3t"]', '"s3cr3t"', "{s3cr3t", ""])
def test_what_is_no_json_object_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^the vault is not") as caught:
        Secrets.from_json(text, "the vault")
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))


def test_secrets_are_not_shown_by_their_repr() -> None:
    shown = repr(Secrets.from_json(json.dumps({**RAW, "previous_token": "t-old"})))
    assert "wx1" in shown
    for hidden in ("s3cr3t", "t0k3n", "t-old", "A" * 43):
        assert hidden not in shown
