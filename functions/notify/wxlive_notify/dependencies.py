"""What notify works with."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from wxlive import aws
from wxlive.bootstrap.process import settings, telemetry
from wxlive.language import DOMAIN, LOCALE, Catalogue
from wxlive.robots.posts import Post
from wxlive.robots.robot import Robot, is_of_local_run
from wxlive.robots.sending import send
from wxlive.stores.secrets import read_robot
from wxlive.telemetry import Telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What notify works with. ``now`` is Unix seconds.

    ``robot`` reads the robot anew, so that a changed one is used at once; ``send`` posts to it;
    ``remaining_s`` returns how long this invocation may still run.
    """

    robot: Callable[[], Robot]
    send: Callable[[Robot, Post], None]
    telemetry: Telemetry
    stack: str
    day_offset_hours: int
    catalogue: Catalogue
    now: Callable[[], float]
    sleep: Callable[[float], None]
    remaining_s: Callable[[], float]


def build_dependencies(context: "LambdaContext") -> Dependencies:
    """Build them for one invocation."""
    config = settings()
    is_local = is_of_local_run(config.wechat_api_base)
    return Dependencies(
        robot=lambda: read_robot(
            aws.secretsmanager(), config.notify_secret_name, is_local=is_local
        ),
        send=partial(send, is_local=is_local),
        telemetry=telemetry(),
        stack=config.stack_name,
        day_offset_hours=config.day_offset_hours,
        catalogue=Catalogue.load(config.language, (DOMAIN, LOCALE)),
        now=time.time,
        sleep=time.sleep,
        remaining_s=lambda: context.get_remaining_time_in_millis() / 1000,
    )
