"""``wxlive configure``: create or change the secret, and say what to paste where."""

import json
import secrets
import string
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from wxlive.errors import Misconfigured
from wxlive.settings import Secrets
from wxlive_cli.console import Outcome, facts_table, stack_name_command, words
from wxlive_cli.stack import connect

SECRET_NAME = "wxlive/wechat"  # noqa: S105 - a name
_FIELDS = ("appid", "secret", "token", "aes_key")
_ROTATING = ("token", "aes_key")
_ALPHANUMERIC = string.ascii_letters + string.digits
_LENGTHS = {"token": 32, "aes_key": 43}
"""What the console takes: a token of 3 to 32 letters and digits, a key of exactly 43."""

Fields = dict[str, str]


@click.command()
@click.option("--secret-name", help="Its name; else the stack's, else wxlive/wechat.")
@click.option(
    "--from",
    "source",
    type=click.File(encoding="utf-8"),
    help="Take appid, secret, token, aes_key from a JSON file (- is stdin) instead of asking.",
)
@stack_name_command
def configure(name: str, *, secret_name: str | None, source: Any) -> Outcome:
    """Create the secret, or change it; then say what to paste where.

    The AppSecret is asked for without showing it and never shown. Token and key are generated
    unless given; what changes stays valid as the previous value. To change token and key of a
    running stack see `wxlive rotate`.

    \b
    Examples:
      wxlive configure                    before the first deployment
      wxlive configure --from secret.json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    outputs = _outputs(name)
    secret_name = secret_name or outputs.get("WechatSecretName", SECRET_NAME)
    client: Any = boto3.client("secretsmanager")
    stored = _stored(client, secret_name)
    known = stored or {}
    wanted = merged(known, _asked(known) if source is None else _read(source))
    Secrets.from_json(json.dumps(wanted), "what was given")
    _store(client, secret_name, wanted, exists=stored is not None)
    return _told(secret_name, wanted, outputs, created=stored is None)


def merged(stored: Fields, given: Fields) -> Fields:
    """Change the stored fields; a token or key that changes lives on as the previous one."""
    replaced = {
        f"previous_{name}": stored[name]
        for name in _ROTATING
        if stored.get(name) and given.get(name, stored[name]) != stored[name]
    }
    return {**stored, **replaced, **given}


def generated(name: str) -> str:
    """Make up a token or a key that the console takes."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(_LENGTHS[name]))


def _read(source: Any) -> Fields:
    try:
        raw = json.load(source)
    except ValueError as error:
        raise Misconfigured(f"{source.name} is not JSON; it needs {', '.join(_FIELDS)}") from error
    if not isinstance(raw, dict):
        raise Misconfigured(f"{source.name} is not a JSON object; it needs {', '.join(_FIELDS)}")
    return {name: raw[name] for name in _FIELDS if name in raw}


def _asked(stored: Fields) -> Fields:
    """Ask for what only a person knows; empty keeps what is stored."""
    appid = click.prompt("appid", default=stored.get("appid"), err=True)
    secret = click.prompt(
        "AppSecret (not shown" + ("; empty keeps it)" if stored else ")"),
        default=stored.get("secret"),
        hide_input=True,
        show_default=False,
        err=True,
    )
    missing = {name: generated(name) for name in _ROTATING if not stored.get(name)}
    return {"appid": appid.strip(), "secret": secret.strip(), **missing}


def _stored(client: Any, secret_name: str) -> Fields | None:
    """What the secret holds; None where there is none."""
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
        words.print(f"What {secret_name} holds is no JSON object; it is replaced.")
        return {}
    return {name: value for name, value in raw.items() if isinstance(value, str)}


def _store(client: Any, secret_name: str, wanted: Fields, *, exists: bool) -> None:
    text = json.dumps(wanted)
    if exists:
        client.put_secret_value(SecretId=secret_name, SecretString=text)
    else:
        client.create_secret(Name=secret_name, SecretString=text)


def _outputs(stack_name: str) -> dict[str, str]:
    """The stack's outputs; none before the first deployment."""
    try:
        return dict(connect(stack_name).outputs)
    except Misconfigured:
        return {}


def _told(secret_name: str, wanted: Fields, outputs: Fields, *, created: bool) -> Outcome:
    paste = {
        "URL": outputs.get("CallbackUrl", "the stack's CallbackUrl, once it is deployed"),
        "Token": wanted["token"],
        "EncodingAESKey": wanted.get("aes_key", ""),
        "Encryption mode": "安全模式 (secure), or as MessageMode says",
        "Data format": "XML or JSON",
    }
    words.print(
        f"{'Created' if created else 'Changed'} {secret_name}. The functions use it within five "
        "minutes; then paste this in the WeChat console (开发管理 → 消息推送) and save:"
    )
    facts = {"secret_name": secret_name, "created": created, "paste": paste}
    return Outcome(facts, table=facts_table("Message push", paste))
