"""What every kind of test may ask for. Nothing here reaches beyond this machine."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.client import BaseClient
from pytest_socket import socket_allow_hosts

from wxlive_local.local_aws import LocalAws
from wxlive_local.up import Options, Stack, local_stack

_NEVER = "rate(365 days)"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Refuse every connection that leaves the machine, in fixtures as well."""
    socket_allow_hosts(["127.0.0.1", "localhost"], allow_unix_socket=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by what a test asks for, so that nobody has to remember it.

    Tests of one group run in one process, so that what they share is started once.
    """
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "stack" in names:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("stack"))
        elif "local_aws" in names:
            item.add_marker(pytest.mark.local_aws)
            item.add_marker(pytest.mark.xdist_group("local_aws"))


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


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Give the deployed template with the simulator; its schedules never fire by themselves."""
    parameters = {"SyncSchedule": _NEVER, "WatchSchedule": _NEVER}
    with local_stack(Options(parameters=parameters)) as running:
        yield running
