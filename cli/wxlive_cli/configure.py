"""``wxlive configure``: create or change the secret, and show what to enter in the console."""

import json
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from wxlive.errors import Misconfigured
from wxlive.settings import Secrets
from wxlive_cli.console import CommandResult, facts_table, stack_name_command, stderr
from wxlive_cli.stack import read_outputs
from wxlive_cli.wechat_secret import (
    GENERATED_FIELDS,
    change_fields,
    check_original_id,
    check_token,
    generate,
)

_FIELDS = ("appid", "secret", "token", "aes_key", "original_id")

Fields = dict[str, str]


@click.command()
@click.option(
    "--secret-name",
    help="Name of the secret; default: that of the deployed stack, else STACK/wechat.",
)
@click.option(
    "--from",
    "source",
    type=click.File(encoding="utf-8"),
    help="Read appid, secret, token, aes_key and original_id from a JSON file (- is stdin); do not "
    "prompt.",
)
@click.option(
    "--original-id",
    help="Store the account's original ID (gh_..., 原始ID) and do not prompt. In plaintext mode "
    "the callback then refuses messages to other accounts.",
)
@stack_name_command
def configure(
    name: str, *, secret_name: str | None, source: Any, original_id: str | None
) -> CommandResult:
    """Create or change the secret, and show what to enter in the WeChat console.

    The AppSecret is read without echo and never shown. The token and the AES key are generated
    unless they are given; a value that changes stays valid as the previous one. To replace them on
    a running stack, use `wxlive rotate`.

    \b
    Examples:
      wxlive configure                         before the first deployment
      wxlive configure --stack wxlive-staging  the secret wxlive-staging/wechat
      wxlive configure --from secret.json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    outputs = _outputs(name)
    secret_name = secret_name or outputs.get("WechatSecretName", f"{name}/wechat")
    client: Any = boto3.client("secretsmanager")
    stored = _load(client, secret_name)
    known = stored or {}
    given = _given(known, source, original_id)
    fields = change_fields(known, given)
    Secrets.from_json(json.dumps(fields), "the new secret")
    if "token" in given:
        check_token(given["token"])
    if "original_id" in given:
        check_original_id(given["original_id"])
    _store(client, secret_name, fields, exists=stored is not None)
    return _result(secret_name, fields, outputs, created=stored is None)


def _given(stored: Fields, source: Any, original_id: str | None) -> Fields:
    if source is None and original_id is None:
        return _prompt(stored)
    given = {} if source is None else _read(source)
    return given if original_id is None else {**given, "original_id": original_id}


def _read(source: Any) -> Fields:
    try:
        raw = json.load(source)
    except ValueError as error:
        raise Misconfigured(f"{source.name} is not JSON; it needs {', '.join(_FIELDS)}") from error
    if not isinstance(raw, dict):
        raise Misconfigured(f"{source.name} is not a JSON object; it needs {', '.join(_FIELDS)}")
    return {name: raw[name] for name in _FIELDS if name in raw}


def _prompt(stored: Fields) -> Fields:
    """Prompt for what WeChat issues (empty keeps the stored value), and generate the rest."""
    appid = click.prompt("appid", default=stored.get("appid"), err=True)
    secret = click.prompt(
        "AppSecret (not shown" + ("; empty keeps it)" if stored else ")"),
        default=stored.get("secret"),
        hide_input=True,
        show_default=False,
        err=True,
    )
    missing = {name: generate(name) for name in GENERATED_FIELDS if not stored.get(name)}
    return {"appid": appid.strip(), "secret": secret.strip(), **missing}


def _load(client: Any, secret_name: str) -> Fields | None:
    """Return the fields of the secret, or None if it does not exist."""
    try:
        text = client.get_secret_value(SecretId=secret_name)["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    try:
        raw = json.loads(text)
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        stderr.print(f"The content of {secret_name} is not a JSON object and is replaced.")
        return {}
    return {name: value for name, value in raw.items() if isinstance(value, str)}


def _store(client: Any, secret_name: str, fields: Fields, *, exists: bool) -> None:
    text = json.dumps(fields)
    if exists:
        client.put_secret_value(SecretId=secret_name, SecretString=text)
    else:
        client.create_secret(Name=secret_name, SecretString=text)


def _outputs(stack_name: str) -> dict[str, str]:
    """Return the outputs of the stack, none before the first deployment."""
    try:
        return read_outputs(stack_name)
    except Misconfigured:
        return {}


def _result(secret_name: str, fields: Fields, outputs: Fields, *, created: bool) -> CommandResult:
    paste = {
        "URL": outputs.get("CallbackUrl", "the stack's CallbackUrl, once it is deployed"),
        "Token": fields["token"],
        "EncodingAESKey": fields.get("aes_key", ""),
        "Encryption mode": "安全模式 (secure), or the mode that MessageMode names",
        "Data format": "XML or JSON",
    }
    stderr.print(
        f"{'Created' if created else 'Changed'} {secret_name}. The functions use it within five "
        "minutes. Then enter these values in the WeChat console (开发管理 → 消息推送) and save:"
    )
    facts = {"secret_name": secret_name, "created": created, "paste": paste}
    return CommandResult(facts, table=facts_table("Message push", paste))
