"""The secret is read from Secrets Manager, kept for a while, and never shown."""

import json
import traceback
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aws_lambda_powertools.utilities.parameters import base

from support.backends import Backend
from wxlive.errors import Misconfigured
from wxlive.settings import Secrets
from wxlive.stores.secrets import KEPT_S, SecretStore

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

FIRST = {"appid": "wx1", "secret": "s3cr3t-one", "token": "tok-one", "aes_key": "A" * 43}
SECOND = {**FIRST, "token": "tok-two", "previous_token": "tok-one"}


@pytest.fixture
def client(backend: Backend) -> "SecretsManagerClient":
    return backend.secretsmanager()


@pytest.fixture
def name(client: "SecretsManagerClient") -> Iterator[str]:
    made = f"contract/{uuid.uuid4().hex}"
    client.create_secret(Name=made, SecretString=json.dumps(FIRST))
    yield made
    client.delete_secret(SecretId=made, ForceDeleteWithoutRecovery=True)


class Clock:
    """A clock for the parameters' cache that only moves when it is told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 9, 22, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: int) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(base, "datetime", made)
    return made


def test_the_secret_is_read(client: "SecretsManagerClient", name: str) -> None:
    assert SecretStore(client, name).load() == Secrets(
        appid="wx1", secret="s3cr3t-one", tokens=("tok-one",), aes_keys=("A" * 43,)
    )


def test_a_rotated_secret_is_in_use_after_a_while_and_not_asked_for_before(
    client: "SecretsManagerClient", name: str, clock: Clock
) -> None:
    store = SecretStore(client, name)
    store.load()
    client.put_secret_value(SecretId=name, SecretString=json.dumps(SECOND))
    clock.advance(KEPT_S)
    assert store.load().tokens == ("tok-one",)
    clock.advance(1)
    assert store.load().tokens == ("tok-two", "tok-one")


def test_a_missing_secret_is_named_with_what_to_do(client: "SecretsManagerClient") -> None:
    with pytest.raises(Misconfigured, match=r"The secret no/such can't be read; create it"):
        SecretStore(client, "no/such").load()


def test_a_secret_that_was_read_serves_on_while_it_can_not_be_read_again(
    client: "SecretsManagerClient", clock: Clock
) -> None:
    name = f"contract/{uuid.uuid4().hex}"
    client.create_secret(Name=name, SecretString=json.dumps(FIRST))
    store = SecretStore(client, name)
    known = store.load()
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    clock.advance(KEPT_S + 1)
    assert store.load() == known


@pytest.mark.parametrize(
    "text",
    [
        "s3cr3t-one",
        json.dumps(["s3cr3t-one"]),
        json.dumps({**FIRST, "aes_key": "s3cr3t-one"}),
        json.dumps({**FIRST, "token": ""}),
    ],
)
def test_a_malformed_secret_is_named_and_not_shown(
    client: "SecretsManagerClient", name: str, text: str
) -> None:
    client.put_secret_value(SecretId=name, SecretString=text)
    with pytest.raises(Misconfigured, match=name) as caught:
        SecretStore(client, name).load()
    assert "s3cr3t-one" not in "".join(traceback.format_exception(caught.value))
