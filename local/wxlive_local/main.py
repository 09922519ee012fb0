"""The command `wxlive-local`."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from wxlive.errors import Misconfigured, WxliveError
from wxlive_local.config import WechatConfig
from wxlive_local.paths import TEMPLATE, require_installed
from wxlive_local.progress import Progress
from wxlive_local.simulator import LIVE
from wxlive_local.template import Template
from wxlive_local.up import LocalStack, Options, clear_ready_file, local_stack, ready_file

_MAX_PORT = 65_535
_REFUSED = 2
_ROOM = 1
_POLL_S = 0.5


@click.group()
def cli() -> None:
    """Run wxlive on this machine: a local AWS, a simulated WeChat, the real template."""


@cli.command()
@click.option("--wechat-url", metavar="URL", help="Server to use instead of the WeChat simulator.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="JSON file with appid, secret, token, aes_key and mode. Default: random values.",
)
@click.option(
    "--param", "params", multiple=True, metavar="KEY=VALUE", help="Template parameter; repeatable."
)
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    help="File to write the addresses to, as JSON, once everything answers. Removed at the end.",
)
@click.option(
    "--port",
    type=click.IntRange(1, _MAX_PORT),
    help="Port of the local AWS. Default: any free port.",
)
@click.option(
    "--functions-aws-url",
    metavar="URL",
    help="AWS endpoint of the functions, such as a proxy before the local AWS. "
    "Default: the local AWS itself.",
)
@click.option(
    "--followers",
    type=click.IntRange(0),
    default=0,
    help="Number of followers the simulator starts with. If any, it also has a live room.",
)
@click.option("--quiet", is_flag=True, help="Print errors only.")
def up(
    *,
    wechat_url: str | None,
    config_file: Path | None,
    params: tuple[str, ...],
    ready_file: Path | None,
    port: int | None,
    functions_aws_url: str | None,
    followers: int,
    quiet: bool,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    require_installed()
    options = Options(
        config=WechatConfig.from_file(config_file) if config_file else WechatConfig.random(),
        wechat_url=_checked_url("--wechat-url", wechat_url),
        parameters=Template.read(TEMPLATE).parameter_overrides(params),
        port=port,
        functions_aws_url=_checked_url("--functions-aws-url", functions_aws_url),
        followers=followers,
    )
    progress = Progress(quiet=quiet)
    with interruptible():
        _keep_up(options, ready_file.absolute() if ready_file else None, progress)
    progress.say("Everything has stopped.")


def main() -> None:
    """Run the command; an error is one sentence on stderr and exit code 2."""
    if sys.version_info[:2] != (3, 11):
        _refuse("wxlive-local needs Python 3.11, the Python its functions run with")
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        _refuse(error.format_message())
    except click.Abort:
        sys.exit(_REFUSED)
    except WxliveError as error:
        _refuse(str(error))


@contextmanager
def interruptible() -> Iterator[None]:
    """End the block at the first SIGINT or SIGTERM, and ignore further ones until it has ended.

    So cleaning up is never interrupted. The block ends early, without an exception.
    """
    interrupted = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep_up(options: Options, path: Path | None, progress: Progress) -> None:
    clear_ready_file(path)
    with local_stack(options, progress) as stack, ready_file(path, stack.ready()):
        if stack.simulator and options.followers:
            stack.simulator.set_room(_ROOM, LIVE)
        progress.say(_what_next(stack))
        while True:
            _show_messages(stack, progress)
            time.sleep(_POLL_S)


def _show_messages(stack: LocalStack, progress: Progress) -> None:
    """Show what the team's robot was told since it was last looked at."""
    if stack.simulator is None:
        return
    for shown in stack.simulator.take_shown():
        progress.say(f"Robot:    {shown.text}")


def _what_next(stack: LocalStack) -> str:
    exports = "\n".join(f"  export {name}={value}" for name, value in stack.env.items())
    return (
        "\nwxlive is running.\n"
        f"Callback: {stack.callback_url}\n"
        f"WeChat:   {stack.wechat_url}\n\n"
        f"In another terminal:\n{exports}\n"
        "  .venv/bin/wxlive sync --wait\n"
        "  .venv/bin/wxlive followers count\n"
        f"  .venv/bin/wxlive push --room {_ROOM} --wait\n\n"
        "Ctrl-C stops everything."
    )


def _checked_url(option: str, url: str | None) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise Misconfigured(f"{option} {url!r} must start with http:// or https://")
    return url


def _refuse(sentence: str) -> None:
    click.echo(f"wxlive-local: {sentence}", err=True)
    sys.exit(_REFUSED)
