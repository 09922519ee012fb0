"""The secret of a stack, as Secrets Manager keeps it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

import boto3

from wxlive.settings import Secrets
from wxlive_cli.stack import Stack
from wxlive_cli.wechat_secret import PREVIOUS_FIELDS


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """The secret as it is stored. ``since_s`` (Unix s) is when it was written."""

    name: str
    fields: Mapping[str, str]
    since_s: float

    @property
    def is_rotating(self) -> bool:
        """Whether previous values are still accepted."""
        return any(self.fields.get(field) for field in PREVIOUS_FIELDS)


def load_secret(stack: Stack) -> StoredSecret:
    """Read the secret of a stack.

    Raises:
        Misconfigured: the functions could not read it.
    """
    name = stack.output("WechatSecretName")
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=name)
    Secrets.from_json(answer["SecretString"], f"The secret {name}")
    written_s = answer["CreatedDate"].timestamp()
    return StoredSecret(name, json.loads(answer["SecretString"]), written_s)


def store_secret(stored: StoredSecret, fields: Mapping[str, str]) -> StoredSecret:
    """Replace the fields of a secret; returns it as it is stored now."""
    boto3.client("secretsmanager").put_secret_value(
        SecretId=stored.name, SecretString=json.dumps(dict(fields))
    )
    return StoredSecret(stored.name, fields, time.time())
