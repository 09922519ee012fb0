"""The whole local run: local AWS, simulated WeChat, and the real template deployed on it."""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from wxlive.errors import Misconfigured, NotReached
from wxlive.robots.robot import Robot
from wxlive.settings import MessageMode
from wxlive_local import workarounds
from wxlive_local.config import WechatConfig
from wxlive_local.deploy import STACK_NAME, build, deploy, host_architecture
from wxlive_local.local_aws import REGION, LocalAws, http_status
from wxlive_local.paths import TEMPLATE, require_installed
from wxlive_local.progress import Progress
from wxlive_local.simulator import Account, DeliveryPolicy, Simulator, robot_url
from wxlive_local.template import Template

_CALLBACK_TIMEOUT_S = 20.0

ROBOT = f"{STACK_NAME}/robot"
"""The secret with the robot of a local run."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a local run. ``parameters`` are template parameters, already checked.

    ``followers``, ``delivery`` and ``wechat_clock`` (Unix seconds) are for the simulator, ``port``
    and ``enforce_iam`` for the local AWS. ``functions_aws_url`` is the functions' AWS endpoint, if
    not the local AWS itself.
    """

    config: WechatConfig = field(default_factory=WechatConfig.random)
    wechat_url: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    followers: int = 0
    delivery: DeliveryPolicy | None = None
    enforce_iam: bool = False
    functions_aws_url: str | None = None
    wechat_clock: Callable[[], float] = time.time

    def normalized(self) -> "Options":
        """Return the options with ``config.mode`` and ``wechat_url`` as the parameters say.

        A template parameter wins over the option, because it is the more explicit of the two.

        Raises:
            Misconfigured: two options contradict each other.
        """
        base = self.parameters.get("WechatApiBase")
        if base and self.wechat_url and base != self.wechat_url:
            raise Misconfigured(
                "--wechat-url and --param WechatApiBase name different servers; give one of them"
            )
        mode = MessageMode(self.parameters.get("MessageMode", self.config.mode))
        if mode is not MessageMode.PLAINTEXT and not self.config.aes_key:
            raise Misconfigured(f"--param MessageMode={mode} needs an aes_key in --config")
        return replace(
            self, config=replace(self.config, mode=mode), wechat_url=self.wechat_url or base
        )


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A deployed stack that answers. ``simulator`` is None if another server replaces it."""

    aws: LocalAws
    config: WechatConfig
    callback_url: str
    wechat_url: str
    outputs: Mapping[str, str]
    simulator: Simulator | None
    region: str = REGION
    stack_name: str = STACK_NAME

    @property
    def aws_endpoint_url(self) -> str:
        return self.aws.endpoint_url

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that the operator's command needs for this stack."""
        return {
            **self.aws.env,
            "WXLIVE_STACK": self.stack_name,
            # The stack's own CallbackUrl is an address of AWS.
            "WXLIVE_CALLBACK_URL": self.callback_url,
        }

    def client(self, service: str, **config: Any) -> Any:
        """Return a boto3 client of the local AWS."""
        return self.aws.client(service, **config)

    def ready(self) -> dict[str, Any]:
        """Return the content of the ready file; other programs rely on its keys."""
        return {
            "callback_url": self.callback_url,
            "aws_endpoint_url": self.aws_endpoint_url,
            "region": self.region,
            "stack_name": self.stack_name,
            "wechat_url": self.wechat_url,
            "outputs": dict(self.outputs),
            "env": self.env,
        }


@contextmanager
def local_stack(
    options: Options | None = None, progress: Progress | None = None
) -> Iterator[LocalStack]:
    """Start everything, yield the stack, and stop everything at the end, however it ends.

    Raises:
        WxliveError: it can't start; the message says why and what to do. Nothing is left running.
    """
    options = (options or Options()).normalized()
    progress = progress or Progress(quiet=True)
    require_installed()
    with ExitStack() as running:
        with progress.step("start the local AWS"):
            aws = running.enter_context(
                LocalAws(
                    options.port,
                    enforce_iam=options.enforce_iam,
                    functions_aws_url=options.functions_aws_url,
                )
            )
        simulator = None
        if options.wechat_url is None:
            with progress.step("start the WeChat simulator"):
                simulator = running.enter_context(_simulator(options))
        wechat_url = options.wechat_url or _url(simulator)
        parameters = {**_robot_parameters(aws, simulator), **options.parameters}
        outputs = _build_and_deploy(aws, options, parameters, wechat_url, progress)
        callback_url = workarounds.callback_url(aws, outputs)
        with progress.step("wait for the callback"):
            _wait_until_it_answers(callback_url, aws)
        if simulator:
            simulator.set_callback_url(callback_url)
            simulator.add_followers(options.followers)
        yield LocalStack(aws, options.config, callback_url, wechat_url, outputs, simulator)


@contextmanager
def ready_file(path: Path | None, content: Mapping[str, Any]) -> Iterator[None]:
    """Write ``content`` as JSON to ``path``, atomically, and remove it after the block."""
    if path is None:
        yield
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        Path(name).replace(path)
        yield
    finally:
        Path(name).unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def clear_ready_file(path: Path | None) -> None:
    """Remove the file of an earlier run, and check that a new one can be written.

    Raises:
        Misconfigured: the directory is missing or not writable, or ``path`` is a directory.
    """
    if path is None:
        return
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise Misconfigured(f"--ready-file {path} can't be written; choose a file in a directory")
    path.unlink(missing_ok=True)


def _robot_parameters(aws: LocalAws, simulator: Simulator | None) -> dict[str, str]:
    """Store the simulator's robot; returns the parameter that has the stack tell it everything."""
    if simulator is None:
        return {}
    robot = Robot.of(robot_url(simulator.url, "wecom"), kind="wecom", is_local=True)
    aws.client("secretsmanager").create_secret(Name=ROBOT, SecretString=robot.to_json())
    return {"NotifyWebhookSecretName": ROBOT}


def _build_and_deploy(
    aws: LocalAws,
    options: Options,
    parameters: Mapping[str, str],
    wechat_url: str,
    progress: Progress,
) -> dict[str, str]:
    """Create the secret, build and deploy the template; return the stack's outputs."""
    template = Template.read(TEMPLATE)
    all_parameters = {
        "Architecture": host_architecture(),
        "WechatSecretName": f"{STACK_NAME}/wechat",
        **parameters,
        "WechatApiBase": wechat_url,
        "MessageMode": options.config.mode.value,
    }
    aws.client("secretsmanager").create_secret(
        Name=all_parameters["WechatSecretName"], SecretString=options.config.secret_json()
    )
    with progress.step("sam build"):
        built = build(aws.run_dir)
    with progress.step("sam deploy"):
        outputs = deploy(aws, built, all_parameters)
        workarounds.apply_workarounds(aws, template, STACK_NAME)
    return outputs


def _wait_until_it_answers(callback_url: str, aws: LocalAws) -> None:
    """Send unsigned requests until the callback refuses one with a 4xx."""
    deadline = time.monotonic() + _CALLBACK_TIMEOUT_S
    status = None
    while time.monotonic() < deadline:
        status = http_status(callback_url, _CALLBACK_TIMEOUT_S)
        if status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        time.sleep(0.2)
    raise NotReached(
        f"the callback does not work (HTTP status {status}); see {aws.run_dir / 'ministack.log'}"
    )


def _simulator(options: Options) -> Simulator:
    config = options.config
    account = Account(
        appid=config.appid,
        secret=config.secret,
        token=config.token,
        aes_key=config.aes_key,
        mode=config.mode,
    )
    return Simulator(account, delivery=options.delivery, now=options.wechat_clock)


def _url(simulator: Simulator | None) -> str:
    if simulator is None:
        raise TypeError("without a WeChat URL there is a simulator")
    return simulator.url
