"""A simulator whose callbacks are received."""

import threading
from collections.abc import Iterator

import pytest

from support.simulator import QUICK, Receiver
from wxlive_local.simulator import LIVE, Simulator


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield receiver
        receiver.verifier.set()
        receiver.shutdown()
        thread.join()


@pytest.fixture
def simulator(receiver: Receiver) -> Iterator[Simulator]:
    with Simulator(delivery=QUICK) as simulator:
        simulator.set_callback_url(receiver.url)
        simulator.set_room(7, LIVE)
        yield simulator
