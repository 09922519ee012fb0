"""``wxlive configure``: create or change the secret, and show what to enter in the console."""

import json
from collections.abc import Mapping, Sequence
from gettext import gettext as _
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from wxlive.errors import InvalidCommand, Misconfigured, WxliveError
from wxlive.settings import Secrets
from wxlive.wechat.access_token import NoTokenCache
from wxlive.wechat.client import WechatClient
from wxlive_cli.console import CommandResult, say, stack_name_command
from wxlive_cli.language import N_
from wxlive_cli.stack import Description, callback_url, describe_stack
from wxlive_cli.tables import facts_table
from wxlive_cli.wechat_secret import (
    FORMATS,
    GENERATED_FIELDS,
    change_fields,
    changed_fields,
    check_formats,
    generate,
)

WECHAT_API_BASE = "https://api.weixin.qq.com"
"""Where WeChat is asked before there is a stack."""

_ISSUED_BY_WECHAT = frozenset({"appid", "secret"})

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
@click.option(
    "--unchecked",
    is_flag=True,
    help="Save a new appid or AppSecret without asking WeChat for a token.",
)
@stack_name_command
def configure(
    name: str, *, secret_name: str | None, source: Any, original_id: str | None, unchecked: bool
) -> CommandResult:
    """Create or change the secret, and show what to enter in the WeChat console.

    The AppSecret is read without echo and never shown. A new appid or AppSecret is saved once
    WeChat has issued a token for it. The token and the AES key are generated unless they are given;
    a value that changes stays valid as the previous one. To replace them on a running stack, use
    `wxlive rotate`.

    \b
    Examples:
      wxlive configure                         before the first deployment
      wxlive configure --stack wxlive-staging  the secret wxlive-staging/wechat
      wxlive configure --from secret.json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    described = _describe(name)
    secret_name = secret_name or described.outputs.get("WechatSecretName", f"{name}/wechat")
    client: Any = boto3.client("secretsmanager")
    stored = _load(client, secret_name)
    known = stored or {}
    given = _given(known, source, original_id)
    fields = change_fields(known, given)
    secrets = Secrets.from_json(json.dumps(fields), "the new secret")
    check_formats(given)
    changed = changed_fields(known, fields)
    if _ISSUED_BY_WECHAT.intersection(changed) and not unchecked:
        _ask_wechat(described.parameters.get("WechatApiBase", WECHAT_API_BASE), secrets)
    if changed:
        _store(client, secret_name, fields, exists=stored is not None)
    _say_what_changed(secret_name, known, fields, changed, created=stored is None)
    return _result(secret_name, fields, described.outputs, changed, created=stored is None)


def _given(stored: Fields, source: Any, original_id: str | None) -> Fields:
    if source is None and original_id is None:
        return _prompt(stored)
    given = {} if source is None else _read(source)
    return given if original_id is None else {**given, "original_id": original_id}


def _read(source: Any) -> Fields:
    needs = N_("it needs {names}").format(names=", ".join(FORMATS))
    try:
        raw = json.load(source)
    except ValueError as error:
        raise Misconfigured(f"{source.name} is not JSON; {needs}") from error
    if not isinstance(raw, dict):
        raise Misconfigured(f"{source.name} is not a JSON object; {needs}")
    return {name: raw[name] for name in FORMATS if name in raw}


def _prompt(stored: Fields) -> Fields:
    """Prompt for what WeChat issues (empty keeps the stored value), and generate the rest."""
    appid = click.prompt("appid", default=stored.get("appid"), err=True)
    secret = click.prompt(
        _("AppSecret (not shown; empty keeps it)") if stored else _("AppSecret (not shown)"),
        default=stored.get("secret"),
        hide_input=True,
        show_default=False,
        err=True,
    )
    missing = {name: generate(name) for name in GENERATED_FIELDS if not stored.get(name)}
    return {"appid": appid.strip(), "secret": secret.strip(), **missing}


def _ask_wechat(base: str, secrets: Secrets) -> None:
    """Have WeChat issue a token for the new appid and AppSecret.

    Raises:
        InvalidCommand: it does not, or could not be asked.
    """
    try:
        WechatClient(base, secrets, NoTokenCache()).log_in()
    except WxliveError as error:
        raise InvalidCommand(
            f"Nothing was saved, because WeChat issues no token: {error}. To save the secret "
            "nevertheless, add --unchecked, then run `wxlive doctor`"
        ) from error


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
        say(
            _("The content of {secret_name} is not a JSON object and is replaced.").format(
                secret_name=secret_name
            )
        )
        return {}
    return {name: value for name, value in raw.items() if isinstance(value, str)}


def _store(client: Any, secret_name: str, fields: Fields, *, exists: bool) -> None:
    text = json.dumps(fields)
    if exists:
        client.put_secret_value(SecretId=secret_name, SecretString=text)
    else:
        client.create_secret(Name=secret_name, SecretString=text)


def _describe(stack_name: str) -> Description:
    """Return what is known of the stack, nothing before the first deployment."""
    try:
        return describe_stack(stack_name)
    except Misconfigured:
        return Description(status="", outputs={}, parameters={})


def _say_what_changed(
    secret_name: str, known: Fields, fields: Fields, changed: Sequence[str], *, created: bool
) -> None:
    if not changed:
        say(_("Nothing changed in {secret_name}.").format(secret_name=secret_name))
        return
    if created:
        say(
            _("Created {secret_name}. The functions use it within five minutes.").format(
                secret_name=secret_name
            )
        )
        return
    say(
        _("Changed {changed} in {secret_name}. The functions use it within five minutes.").format(
            changed=", ".join(changed), secret_name=secret_name
        )
    )
    if "appid" in changed and "appid" in known:
        say(
            _("The appid was {before} and is {now} now: another Mini Program.").format(
                before=known["appid"], now=fields["appid"]
            )
        )


def _result(
    secret_name: str,
    fields: Fields,
    outputs: Mapping[str, str],
    changed: Sequence[str],
    *,
    created: bool,
) -> CommandResult:
    paste = {
        "URL": callback_url(outputs) or _("the stack's CallbackUrl, once it is deployed"),
        "Token": fields["token"],
        "EncodingAESKey": fields.get("aes_key", ""),
        "Encryption mode": _("安全模式 (secure), or the mode that MessageMode names"),
        "Data format": _("XML or JSON"),
    }
    say(_("These values belong in the WeChat console (开发管理 → 消息推送); enter them and save:"))
    facts = {
        "secret_name": secret_name,
        "created": created,
        "changed": list(changed),
        "paste": paste,
    }
    return CommandResult(facts, screen=facts_table(_("Message push"), paste))
