"""`--param` is checked against the template before anything starts."""

import pytest

from wxlive.errors import Misconfigured
from wxlive_local.paths import TEMPLATE
from wxlive_local.template import Template


@pytest.fixture(scope="module")
def template() -> Template:
    return Template.read(TEMPLATE)


def test_key_and_value_are_split_at_the_first_equals_sign(template: Template) -> None:
    pairs = ["WechatApiBase=http://127.0.0.1:1/?a=b", "SyncSchedule=rate(5 minutes)"]

    assert template.parameter_overrides(pairs) == {
        "WechatApiBase": "http://127.0.0.1:1/?a=b",
        "SyncSchedule": "rate(5 minutes)",
    }


def test_the_last_of_the_same_key_counts(template: Template) -> None:
    overrides = template.parameter_overrides(["PushChunkSize=10", "PushChunkSize=20"])

    assert overrides == {"PushChunkSize": "20"}


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("PushChunkSize", "is not Key=Value"),
        ("PushChunksize=1", "has no such parameter"),
        ("=1", "has no such parameter"),
        ("PushChunkSize=many", "a whole number"),
        ("PushChunkSize=2001", "at least 1 and at most 2000"),
        ("PushRatePerSecond=0", "at least 1"),
        ("MessageMode=loud", "one of secure, compatible, plaintext"),
        ("AutoPush=true", "one of off, on"),
        ("WechatApiBase=ftp://x", "must match"),
    ],
)
def test_what_the_template_refuses_is_refused_in_one_sentence(
    template: Template, pair: str, words: str
) -> None:
    with pytest.raises(Misconfigured, match=words) as refusal:
        template.parameter_overrides([pair])

    assert "\n" not in str(refusal.value)
