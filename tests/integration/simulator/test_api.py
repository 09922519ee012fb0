"""WeChat's API over real HTTP on the loopback."""

import requests

from support.simulator import PATIENCE_S, Receiver, call, post, push
from wxlive.domain.events import PushResult
from wxlive_local.simulator import FOLLOWERS, LIVE_INFO, PUSH, Simulator


def test_a_token_opens_the_list_and_the_rooms(simulator: Simulator) -> None:
    openids = simulator.add_followers(5)
    rows = call(simulator, FOLLOWERS, {"limit": 2000}).json()["followers"]
    assert [row["openid"] for row in rows] == openids
    rooms = call(simulator, LIVE_INFO, {"start": 0, "limit": 10}).json()["room_info"]
    assert [room["roomid"] for room in rooms] == [7]


def test_a_refusal_is_http_200_with_a_rid(simulator: Simulator) -> None:
    response = requests.get(simulator.url + PUSH, timeout=PATIENCE_S)
    assert response.status_code == 200
    assert response.json()["errcode"] == 43002
    assert " rid: " in response.json()["errmsg"]
    assert post(simulator, PUSH, {}).json()["errcode"] == 41001


def test_a_full_push_fits(simulator: Simulator) -> None:
    openids = simulator.add_followers(2000)
    assert push(simulator, *openids).json()["errcode"] == 0
    assert simulator.ledger()["push"]["distinct_openids"] == 2000


def test_a_pushs_result_is_delivered_by_its_message_id(
    simulator: Simulator, receiver: Receiver
) -> None:
    openids = simulator.add_followers(3)
    message_id = push(simulator, *openids, "nonsense").json()["message_id"]
    assert simulator.wait_for_results(PATIENCE_S)
    (result,) = receiver.events(simulator)
    assert isinstance(result, PushResult)
    assert (result.message_id, result.total, result.success) == (message_id, 4, 3)
    assert result.adds_up
    figures = simulator.ledger()["results"]
    assert (figures["delivered"], figures["total"], figures["openid_error"]) == (1, 4, 1)
