"""Tests stay on this machine."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_no_test_can_connect_beyond_this_machine() -> None:
    # A warning comes first, which is an error here; either way there is no connection.
    with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
