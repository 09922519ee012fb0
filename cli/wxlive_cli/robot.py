"""``wxlive robot``: store the team's robot, once it has shown a message."""

import json
import time
from gettext import gettext as _
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from wxlive.errors import InvalidCommand, Misconfigured, WxliveError
from wxlive.robots.posts import Message, post
from wxlive.robots.robot import Robot, RobotKind, is_of_local_run
from wxlive.robots.sending import send
from wxlive_cli.console import CommandResult, say, stack_name_command
from wxlive_cli.language import N_
from wxlive_cli.stack import describe_stack
from wxlive_cli.tables import facts_table


@click.command()
@click.option(
    "--secret-name",
    help="Name of the secret; default: that of the deployed stack, else STACK/robot.",
)
@click.option(
    "--from",
    "source",
    type=click.File(encoding="utf-8"),
    help="Read url, and if need be secret and kind, from a JSON file (- is stdin); do not prompt.",
)
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in RobotKind]),
    help="Whose robot it is; default: what the host of its URL says, else webhook.",
)
@click.option("--unchecked", is_flag=True, help="Store it without posting a message first.")
@stack_name_command
def robot(
    name: str, *, secret_name: str | None, source: Any, kind: str | None, unchecked: bool
) -> CommandResult:
    """Store the robot that tells the team what happens: WeCom, DingTalk, Feishu, Slack, a webhook.

    Its URL and its signing secret are read without echo and never shown. They are stored once the
    robot has shown a message. Then deploy with NotifyWebhookSecretName.

    \b
    Examples:
      wxlive robot
      wxlive robot --from robot.json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    deployed = _deployed_name(name)
    secret_name = secret_name or deployed or f"{name}/robot"
    client: Any = boto3.client("secretsmanager")
    is_local = is_of_local_run(client.meta.endpoint_url)
    url, secret, said = _read(source) if source else _prompt()
    found = Robot.of(url.strip(), secret.strip(), kind or said, is_local=is_local)
    if not unchecked:
        _try(found, name, is_local=is_local)
    _store(client, secret_name, found.to_json())
    say(_("Stored in {secret_name}; the function uses it at once.").format(secret_name=secret_name))
    if deployed != secret_name:
        say(
            _(
                "To have it told what happens, deploy with NotifyWebhookSecretName={secret_name}."
            ).format(secret_name=secret_name)
        )
    facts = {
        "secret_name": secret_name,
        "kind": found.kind.value,
        "host": found.host,
        "signed": bool(found.secret),
        "told": not unchecked,
    }
    return CommandResult(facts, screen=facts_table(_("Robot"), facts))


def _read(source: Any) -> tuple[str, str, str]:
    needs = N_("it needs url, and may have secret and kind, as texts")
    try:
        raw = json.load(source)
    except ValueError as error:
        raise Misconfigured(f"{source.name} is not JSON; {needs}") from error
    fields = raw if isinstance(raw, dict) else {}
    url, secret, kind = (fields.get(name, "") for name in ("url", "secret", "kind"))
    if not all(isinstance(value, str) for value in (url, secret, kind)):
        raise Misconfigured(f"{source.name} has a field that is no text; {needs}")
    return url, secret, kind


def _prompt() -> tuple[str, str, str]:
    url = click.prompt(_("URL of the robot (not shown)"), hide_input=True, err=True)
    secret = click.prompt(
        _("Signing secret (not shown; empty for none)"),
        default="",
        hide_input=True,
        show_default=False,
        err=True,
    )
    return url, secret, ""


def _try(found: Robot, stack: str, *, is_local: bool) -> None:
    """Have the robot show a message.

    Raises:
        InvalidCommand: it does not.
    """
    text = _("{stack}: this group is told what happens to the live channel's pushes.").format(
        stack=stack
    )
    greeting = Message(text, {"type": "Robot stored", "stack": stack})
    try:
        send(found, post(found, [greeting], time.time()), is_local=is_local)
    except WxliveError as error:
        raise InvalidCommand(
            f"Nothing was stored: {error}. To store the robot nevertheless, add --unchecked"
        ) from error


def _deployed_name(stack: str) -> str:
    """Return the name of the secret that a stack was deployed with, empty if there is none."""
    try:
        return describe_stack(stack).parameters.get("NotifyWebhookSecretName", "")
    except Misconfigured:
        return ""


def _store(client: Any, secret_name: str, text: str) -> None:
    try:
        client.put_secret_value(SecretId=secret_name, SecretString=text)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        client.create_secret(Name=secret_name, SecretString=text)
