"""Every call that a function makes, to AWS or to WeChat, is two steps: before it and after it.

A test can act just before a call, fail a step, or kill the function at one.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

SERVICES = ("dynamodb", "sqs")


class Killed(BaseException):
    """The function's process ends here; nothing of it may run on, as after a SIGKILL."""


class Steps:
    """Counts steps. ``made`` lists the calls: an AWS operation or a path, with its request."""

    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []
        self._count = 0
        self._death: tuple[int, type[BaseException]] | None = None
        self._actions: dict[str, list[Callable[[], object]]] = defaultdict(list)
        self._emitters: list[Any] = []

    # ---------------------------------------------------------------- given

    def before(self, call: str, *actions: Callable[[], object]) -> None:
        """Run one action just before each of the next such calls."""
        self._actions[call].extend(actions)

    def die(self, step: int, death: type[BaseException] = Killed) -> None:
        """Raise ``death`` at a step; a function that was ``Killed`` dies at each later one too."""
        self._death = step, death

    def restart(self) -> None:
        """Begin another life: count from zero, and let nothing die."""
        self._count, self._death = 0, None

    def calls(self) -> list[str]:
        """Return the names of the calls made."""
        return [call for call, _ in self.made]

    # -------------------------------------------------------------- watched

    def watch(self, emitter: Any) -> None:
        """Watch the calls of an AWS client, or of every client that a session makes from now on."""
        for service in SERVICES:
            emitter.register(f"before-call.{service}", self._before_aws)
            emitter.register(f"after-call.{service}", self._after_aws)
        self._emitters.append(emitter)

    def unwatch(self) -> None:
        """Stop watching: clients are shared by all tests."""
        for emitter in self._emitters:
            for service in SERVICES:
                emitter.unregister(f"before-call.{service}", self._before_aws)
                emitter.unregister(f"after-call.{service}", self._after_aws)
        self._emitters.clear()

    def session(self) -> requests.Session:
        """Return a session for a WeChat client whose requests are watched."""
        return _WatchedSession(self)

    def begin(self, call: str, request: dict[str, Any]) -> None:
        self._step()
        if self._actions[call]:
            self._actions[call].pop(0)()
        self.made.append((call, request))

    def end(self) -> None:
        self._step()

    def _before_aws(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        self.begin(model.name, json.loads(params["body"]))

    def _after_aws(self, **_: Any) -> None:
        self.end()

    def _step(self) -> None:
        self._count += 1
        if self._death is None:
            return
        step, death = self._death
        if self._count == step or (self._count > step and death is Killed):
            raise death(f"died at step {step}")


class _WatchedSession(requests.Session):
    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps = steps

    def post(self, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        self._steps.begin(urlsplit(str(url)).path, json.loads(kwargs["data"]))
        response = super().post(url, *args, **kwargs)
        self._steps.end()
        return response
