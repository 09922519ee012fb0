"""A server on the loopback starts whole, or leaves nothing running."""

from contextlib import AsyncExitStack

import pytest

from wxlive_local.loopback_server import LoopbackServer


class Server(LoopbackServer):
    """Serves nothing; ``is_running`` until what it has started is closed."""

    is_running = False

    async def start(self, running: AsyncExitStack) -> int:
        self.is_running = True
        running.callback(setattr, self, "is_running", False)
        return 1234


class RefusedServer(Server):
    """Can't start, after it has started a part."""

    async def start(self, running: AsyncExitStack) -> int:
        await super().start(running)
        raise OSError("the port is taken")


def test_it_runs_inside_its_block_only() -> None:
    with Server() as server:
        assert (server.is_running, server.url) == (True, "http://127.0.0.1:1234")
    assert not server.is_running


def test_what_keeps_it_from_starting_is_raised_where_the_block_is_entered() -> None:
    server = RefusedServer()
    with pytest.raises(OSError, match="the port is taken"), server:
        pytest.fail("it was entered")
    assert not server.is_running


def test_an_interrupted_start_leaves_nothing_running(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    result = server._started.result

    def interrupted(limit_s: float) -> int:
        result(limit_s)
        raise KeyboardInterrupt

    monkeypatch.setattr(server._started, "result", interrupted)
    monkeypatch.setattr("wxlive_local.loopback_server._START_S", 1)
    with pytest.raises(KeyboardInterrupt), server:
        pytest.fail("it was entered")
    assert not server.is_running


async def _nothing() -> None:
    pass


def test_it_takes_work_only_while_it_runs() -> None:
    server = Server()
    with pytest.raises(RuntimeError, match="not running"):
        server.wait_for(_nothing())
    with server:
        server.wait_for(_nothing())
