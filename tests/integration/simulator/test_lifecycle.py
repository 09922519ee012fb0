"""Starting and stopping, and that it never leaves this machine."""

from urllib.parse import urlsplit

import pytest
import requests

from support.simulator import PATIENCE_S, QUICK, Receiver, follow, push
from wxlive_local.simulator import LIVE, DeliveryPolicy, DeliveryState, Simulator


def test_a_port_that_is_taken_is_an_error_of_the_start(simulator: Simulator) -> None:
    port = urlsplit(simulator.url).port
    assert port is not None
    with pytest.raises(OSError, match="address already in use"), Simulator(port=port):
        pass


def test_it_stops_with_a_result_pending_and_says_so(receiver: Receiver) -> None:
    with Simulator(delivery=DeliveryPolicy(result_delay_s=60)) as simulator:
        simulator.set_callback_url(receiver.url)
        simulator.set_room(7, LIVE)
        push(simulator, "a")
        url = simulator.url
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/_sim/ledger", timeout=PATIENCE_S)
    with pytest.raises(RuntimeError, match="not running"):
        simulator.ledger()
    assert simulator.platform.ledger.times_pushed == {"a": 1}


@pytest.mark.parametrize("url", ["http://example.com/", "http://10.0.0.1/", "ftp://127.0.0.1/"])
def test_it_never_talks_beyond_this_machine(simulator: Simulator, url: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        simulator.set_callback_url(url)


def test_without_a_callback_url_an_event_is_given_up() -> None:
    with Simulator(delivery=QUICK) as simulator:
        (record,) = simulator.deliver(follow())
    assert record.state is DeliveryState.GIVEN_UP
    assert record.attempts[0].error == "no callback URL is set"
