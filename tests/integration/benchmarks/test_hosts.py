"""What happens to the hosts of the functions, and to their idle connections."""

import io
import json
import socket
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from pytest_httpserver import HTTPServer

from bench_harness.freezer import Freezer
from bench_harness.nat import ForgetfulNat
from support.clock import Clock
from support.waiting import wait_for
from wxlive_local.local_aws import LocalAws

ASK = b"GET /there HTTP/1.1\r\nHost: there\r\n\r\n"
IDLE_S = 30.0
WAIT_S = 10

CODE = """
import os

def handler(event, context):
    return os.getpid()
"""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def nat(httpserver: HTTPServer, clock: Clock) -> Iterator[ForgetfulNat]:
    """A NAT before a server that answers ``here``, which forgets after ``IDLE_S``."""
    httpserver.expect_request("/there").respond_with_data("here")
    with ForgetfulNat(httpserver.url_for("/"), IDLE_S, clock) as nat:
        yield nat


def connected(nat: ForgetfulNat) -> socket.socket:
    """Open a connection through the NAT, and get one answer."""
    opened = socket.create_connection(("127.0.0.1", urlsplit(nat.url).port or 0), timeout=WAIT_S)
    opened.sendall(ASK)
    assert opened.recv(4096).startswith(b"HTTP/1.")
    return opened


def test_what_was_idle_for_too_long_is_swallowed_without_a_word(
    nat: ForgetfulNat, clock: Clock, httpserver: HTTPServer
) -> None:
    with connected(nat) as opened:
        clock.now_s += IDLE_S + 1
        opened.sendall(ASK)
        opened.settimeout(0.2)
        with pytest.raises(TimeoutError):
            opened.recv(4096)

    assert len(httpserver.log) == 1


def test_a_new_connection_is_passed_on_and_dead_ones_that_were_used_are_counted(
    nat: ForgetfulNat, clock: Clock
) -> None:
    with connected(nat) as opened:
        clock.now_s += IDLE_S + 1
        opened.sendall(ASK)
        connected(nat).close()

    assert wait_for(lambda: nat.died, WAIT_S) == 1


def code() -> bytes:
    """The function's code as a ZIP file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("function.py", CODE)
    return archive.getvalue()


def is_stopped(pid: int) -> bool:
    """Whether a process is stopped."""
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "T"


def test_a_process_is_frozen_between_two_events_and_thawed_for_each(local_aws: LocalAws) -> None:
    client, name = local_aws.client("lambda"), f"frozen-{uuid4().hex}"
    client.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/role",
        Handler="function.handler",
        Code={"ZipFile": code()},
    )
    with Freezer(local_aws.port) as freezer:
        pids = []
        for _ in range(2):
            pids.append(json.loads(client.invoke(FunctionName=name)["Payload"].read()))
            assert wait_for(partial(is_stopped, pids[-1]), WAIT_S)

    assert pids[0] == pids[1]
    assert freezer.times >= 2
    assert json.loads(client.invoke(FunctionName=name)["Payload"].read()) == pids[0]
