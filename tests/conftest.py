"""What every kind of test may ask for. Nothing here reaches beyond this machine."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from pytest_socket import socket_allow_hosts

from support.budget import register_profiles
from wxlive_local.local_aws import LocalAws

register_profiles()

END_TO_END = Path(__file__).parent / "e2e"

os.environ["LC_ALL"] = "C.UTF-8"  # the command follows it; a test that wants another says so
os.environ.pop("LANGUAGE", None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Refuse every connection that leaves the machine, in fixtures as well."""
    socket_allow_hosts(["127.0.0.1", "localhost"], allow_unix_socket=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by what it needs.

    The tests of one group run in one process, so that what they share is started once.
    """
    for item in items:
        if END_TO_END in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("stack"))
        elif "local_aws" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.local_aws)
            item.add_marker(pytest.mark.xdist_group("local_aws"))
        elif item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))
    if getattr(config.option, "loadgroup", False):  # set by pytest-xdist in its processes
        _append_groups(items)
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """Return when a test's group is given to a process: the longest first."""
    return next((n for n, name in enumerate(("e2e", "slow")) if item.get_closest_marker(name)), 2)


def _append_groups(items: list[pytest.Item]) -> None:
    """Append each test's group to its id, by which `--dist loadgroup` distributes the tests.

    A test without one is in its file's: to distribute thousands one by one takes ten seconds more.

    pytest-xdist 3.8 tries to, without effect since pytest 9.2: pytest-dev/pytest-xdist#1386.
    """
    for item in items:
        group = item.get_closest_marker("xdist_group")
        name = group.args[0] if group is not None else item.path.stem
        item._id = item.id.parse(f"{item.nodeid}@{name}")


@pytest.fixture
def one_call_at_a_time() -> Iterator[None]:
    """Have moto's callers take turns: its state is not made for several threads at once."""
    turn, call = threading.RLock(), BaseClient._make_request  # type: ignore[attr-defined]  # no stub

    def in_turn(client: BaseClient, *request: Any, **more: Any) -> Any:
        with turn:
            return call(client, *request, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_request", in_turn)
        yield


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    """Give an empty local AWS, shared by the session: every test makes tables of its own."""
    with LocalAws() as aws:
        yield aws
