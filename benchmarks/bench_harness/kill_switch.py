"""Killing a process at a chosen step, as a crash would."""

import os
import signal
from typing import Any

import requests

from wxlive.wechat.transport import WechatSession

CALL_STEPS = ("before-call", "after-call")


class KillSwitch:
    """Kills its process with SIGKILL at the ``at_step``-th step; 0 means never.

    Each of ``steps`` in a call of a watched AWS client is a step, and so are the beginning and the
    end of each POST of a session.
    """

    def __init__(self, at_step: int = 0, steps: tuple[str, ...] = CALL_STEPS) -> None:
        self.at_step = at_step
        self._steps = steps
        self._taken = 0

    def watch(self, aws_client: Any) -> None:
        """Count the calls of an AWS client."""
        for step in self._steps:
            aws_client.meta.events.register(step, self._step)

    def session(self) -> WechatSession:
        """Return a session whose POSTs are counted."""
        step = self._step

        class WatchedSession(WechatSession):
            def post(self, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
                step()
                response = super().post(url, *args, **kwargs)
                step()
                return response

        return WatchedSession()

    def _step(self, **_: object) -> None:
        self._taken += 1
        if self._taken == self.at_step:
            os.kill(os.getpid(), signal.SIGKILL)
