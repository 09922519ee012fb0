"""Every call that a function makes, to AWS or to WeChat, is two steps: before it and after it.

A test can act at a step of some calls, fail there, or kill the function there.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from wxlive.wechat.transport import WechatSession


class Killed(BaseException):
    """The function's process ends here; nothing of it may run on, as after a SIGKILL."""


@dataclass
class _Action:
    """What is done at the next ``times`` calls of a name whose request contains a text."""

    call: str
    about: str
    run: Callable[[], object]
    times: int

    def applies(self, call: str, request: dict[str, Any]) -> bool:
        named = self.times > 0 and call == self.call
        return named and self.about in json.dumps(request, default=repr)


class Steps:
    """Counts steps. ``made`` lists the calls: an AWS operation or a path, with its request."""

    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []
        self._count = 0
        self._death: tuple[int, type[BaseException]] | None = None
        self._action: tuple[int, Callable[[], object]] | None = None
        self._before: list[_Action] = []
        self._after: list[_Action] = []

    # ---------------------------------------------------------------- given

    def before(
        self, call: str, *actions: Callable[[], object], about: str = "", times: int = 1
    ) -> None:
        """Run one action just before each of the next such calls, each action ``times`` times.

        ``about`` leaves those whose request contains the text.
        """
        self._before += [_Action(call, about, action, times) for action in actions]

    def after(
        self, call: str, *actions: Callable[[], object], about: str = "", times: int = 1
    ) -> None:
        """Run one action just after each of the next such calls, as ``before`` does before them."""
        self._after += [_Action(call, about, action, times) for action in actions]

    def heal(self) -> None:
        """Forget every action that is still to come."""
        self._before.clear()
        self._after.clear()

    def die(self, step: int, death: type[BaseException] = Killed) -> None:
        """Raise ``death`` at a step; a function that was ``Killed`` dies at each later one too."""
        self._death = step, death

    def at(self, step: int, action: Callable[[], object]) -> None:
        """Run an action at a step."""
        self._action = step, action

    def restart(self) -> None:
        """Begin another life: count from zero, and let nothing happen at a step."""
        self._count, self._death, self._action = 0, None, None

    def calls(self) -> list[str]:
        """Return the names of the calls made."""
        return [call for call, _ in self.made]

    # -------------------------------------------------------------- watched

    def session(self) -> WechatSession:
        """Return a session for a WeChat client whose requests are watched."""
        return _WatchedSession(self)

    def begin(self, call: str, request: dict[str, Any]) -> None:
        """Take the step before a call."""
        self._step()
        _act(self._before, call, request)
        self.made.append((call, request))

    def end(self, call: str, request: dict[str, Any]) -> None:
        """Take the step after a call."""
        self._step()
        _act(self._after, call, request)

    def _step(self) -> None:
        self._count += 1
        if self._action is not None and self._count == self._action[0]:
            self._action[1]()
        if self._death is None:
            return
        step, death = self._death
        if self._count == step or (self._count > step and death is Killed):
            raise death(f"died at step {step}")


def _act(actions: list[_Action], call: str, request: dict[str, Any]) -> None:
    action = next((action for action in actions if action.applies(call, request)), None)
    if action is not None:
        action.times -= 1
        action.run()


class _WatchedSession(WechatSession):
    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps = steps

    def post(self, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        path, request = urlsplit(str(url)).path, json.loads(kwargs["data"])
        self._steps.begin(path, request)
        response = super().post(url, *args, **kwargs)
        self._steps.end(path, request)
        return response
