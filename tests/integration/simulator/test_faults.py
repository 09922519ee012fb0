"""Faults on request: errcodes, lost connections, delays, garbage, dead tokens."""

import pytest
import requests

from support.simulator import push, token
from wxlive_local.simulator import PUSH, Fault, FaultRule, Simulator


def test_a_call_can_be_answered_with_any_errcode(simulator: Simulator) -> None:
    simulator.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=45011))
    assert push(simulator, "a").json()["errcode"] == 45011
    assert push(simulator, "a").json()["errcode"] == 0
    assert simulator.ledger()["calls"][PUSH] == {"45011": 1, "0": 1}


@pytest.mark.parametrize(("kind", "pushed"), [(Fault.DROP_BEFORE, 0), (Fault.DROP_AFTER, 1)])
def test_a_connection_is_cut_before_or_after_the_call_is_processed(
    simulator: Simulator, kind: Fault, pushed: int
) -> None:
    simulator.inject(FaultRule(PUSH, kind))
    with pytest.raises(requests.ConnectionError):
        push(simulator, "a")
    assert simulator.ledger()["push"]["accepted_openids"] == pushed
    assert simulator.ledger()["mishaps"][0]["kind"] == kind


@pytest.mark.slow  # it stops a second later, when the delayed call is given up
@pytest.mark.parametrize(("kind", "pushed"), [(Fault.DELAY_BEFORE, 0), (Fault.DELAY_AFTER, 1)])
def test_a_delayed_call_outlasts_the_callers_timeout(
    simulator: Simulator, kind: Fault, pushed: int
) -> None:
    simulator.inject(FaultRule(PUSH, kind, seconds=60))
    url = f"{simulator.url}{PUSH}?access_token={token(simulator)}"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json={"room_id": 7, "user_openid": ["a"]}, timeout=0.3)
    assert simulator.ledger()["push"]["accepted_openids"] == pushed


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize(("kind", "status"), [(Fault.GARBAGE, 200), (Fault.HTTP_500, 500)])
def test_an_answer_can_be_no_json_whether_or_not_the_call_was_processed(
    simulator: Simulator, kind: Fault, status: int, *, processed: bool
) -> None:
    simulator.inject(FaultRule(PUSH, kind, processed=processed))
    response = push(simulator, "a")
    assert response.status_code == status
    assert response.text.startswith("<html>")
    assert simulator.ledger()["push"]["accepted_openids"] == int(processed)


def test_a_token_can_be_invalidated_by_a_call(simulator: Simulator) -> None:
    simulator.inject(FaultRule(PUSH, Fault.TOKEN_DEAD))
    assert push(simulator, "a").json()["errcode"] == 40001
    assert push(simulator, "a").json()["errcode"] == 0
