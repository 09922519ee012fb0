"""The team's robots over HTTP, and what a local run shows of them."""

import io
from types import SimpleNamespace
from typing import Any

import requests
from rich.console import Console

from wxlive_local.main import _show_messages
from wxlive_local.progress import Progress
from wxlive_local.simulator import Simulator, robot_url


def say(simulator: Simulator, text: str) -> int:
    """Post a text to WeCom's robot; returns the code of its answer."""
    body = {"msgtype": "text", "text": {"content": text}}
    answer = requests.post(robot_url(simulator.url, "wecom"), json=body, timeout=5)
    code: int = answer.json()["errcode"]
    return code


def test_what_a_robot_was_told_is_taken_once(simulator: Simulator) -> None:
    assert say(simulator, "one") == 0
    assert [shown.text for shown in simulator.take_shown()] == ["one"]
    assert simulator.take_shown() == []


def test_a_local_run_shows_what_the_robot_was_told(simulator: Simulator) -> None:
    progress, shown = Progress(), io.StringIO()
    progress.console = Console(file=shown)
    stack: Any = SimpleNamespace(simulator=simulator)
    say(simulator, "Room 1001 [vip] went live.")
    _show_messages(stack, progress)
    assert "Robot:    Room 1001 [vip] went live." in shown.getvalue()


def test_another_address_is_no_robot(simulator: Simulator) -> None:
    url = robot_url(simulator.url, "telegram")
    assert requests.post(url, json={}, timeout=5).status_code == 404
    assert requests.get(robot_url(simulator.url, "wecom"), timeout=5).status_code == 404
