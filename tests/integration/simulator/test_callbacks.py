"""Callbacks over real HTTP: answers, retries, doubled, late and lost ones."""

import pytest

from support.simulator import Receiver, call, follow, push
from wxlive.domain.events import FollowNotify
from wxlive_local.simulator import (
    CALLBACK_FOLLOW,
    CALLBACK_RESULT,
    FOLLOWERS,
    LIVE,
    DeliveryPolicy,
    DeliveryState,
    Fault,
    FaultRule,
    Simulator,
)


def test_the_url_is_verified_by_its_echo(simulator: Simulator, receiver: Receiver) -> None:
    assert simulator.verify_url().ok
    receiver.echo = False
    verification = simulator.verify_url()
    assert not verification.ok
    assert verification.body == "success"


def test_an_event_is_delivered_and_listed(simulator: Simulator, receiver: Receiver) -> None:
    (record,) = simulator.deliver(follow())
    assert record.state is DeliveryState.DELIVERED
    assert [(a.status, a.body) for a in record.attempts] == [(200, "success")]
    (event,) = receiver.events(simulator)
    assert isinstance(event, FollowNotify)
    assert event.openid == follow().openid
    rows = call(simulator, FOLLOWERS, {}).json()["followers"]
    assert [row["openid"] for row in rows] == [event.openid]


@pytest.mark.parametrize("answer", [(500, b"success"), (200, b"ok"), (302, b"")])
def test_a_wrong_answer_is_retried_and_then_given_up(
    simulator: Simulator, receiver: Receiver, answer: tuple[int, bytes]
) -> None:
    receiver.answers = [answer] * 2
    (late_success,) = simulator.deliver(follow(1))
    assert late_success.state is DeliveryState.DELIVERED
    assert len(late_success.attempts) == 3
    receiver.answers = [answer] * 3
    (given_up,) = simulator.deliver(follow(2))
    assert given_up.state is DeliveryState.GIVEN_UP
    assert len(receiver.got) == 6
    assert simulator.ledger()["events"]["given_up"] == 1


@pytest.mark.parametrize("body", [b"", b"success", b"SUCCESS"])
def test_an_empty_body_or_success_is_enough(
    simulator: Simulator, receiver: Receiver, body: bytes
) -> None:
    receiver.answers = [(200, body)]
    (record,) = simulator.deliver(follow())
    assert (record.state, len(record.attempts)) == (DeliveryState.DELIVERED, 1)


def test_a_retry_is_the_same_request_to_the_byte(simulator: Simulator, receiver: Receiver) -> None:
    receiver.answers = [(500, b"")]
    simulator.deliver(follow())
    first, second = receiver.got
    assert first == second


def test_attempts_are_an_interval_apart(receiver: Receiver) -> None:
    receiver.answers = [(500, b"")]
    with Simulator(delivery=DeliveryPolicy(interval_s=0.1)) as simulator:
        simulator.set_callback_url(receiver.url)
        (record,) = simulator.deliver(follow())
    first, second = record.attempts
    assert second.at - first.at >= 0.09


def test_a_receiver_that_does_not_answer_is_given_up(receiver: Receiver) -> None:
    receiver.verifier.clear()
    with Simulator(delivery=DeliveryPolicy(attempts=2, interval_s=0, timeout_s=0.1)) as simulator:
        simulator.set_callback_url(receiver.url)
        (record,) = simulator.deliver(follow())
    assert record.state is DeliveryState.GIVEN_UP
    assert [(a.status, a.error) for a in record.attempts] == [(None, "TimeoutError")] * 2


def test_a_receiver_that_is_not_there_is_recorded_as_an_error(simulator: Simulator) -> None:
    with Receiver() as closed:
        url = closed.url
    simulator.set_callback_url(url)
    (record,) = simulator.deliver(follow())
    assert record.state is DeliveryState.GIVEN_UP
    assert {a.error for a in record.attempts} == {"ClientConnectorError"}


def test_many_events_all_arrive(simulator: Simulator, receiver: Receiver) -> None:
    records = simulator.deliver(*(follow(n) for n in range(100)))
    assert {record.state for record in records} == {DeliveryState.DELIVERED}
    assert {event.openid for event in receiver.events(simulator)} == {
        follow(n).openid for n in range(100)
    }


def test_a_doubled_event_comes_twice(simulator: Simulator, receiver: Receiver) -> None:
    simulator.deliver(follow(), doubled=True)
    simulator.inject(FaultRule(CALLBACK_FOLLOW, Fault.DOUBLED))
    simulator.deliver(follow(2))
    assert [event.openid for event in receiver.events(simulator)] == [
        follow(1).openid,
        follow(1).openid,
        follow(2).openid,
        follow(2).openid,
    ]


def test_a_late_event_is_overtaken(simulator: Simulator, receiver: Receiver) -> None:
    simulator.inject(FaultRule(CALLBACK_FOLLOW, Fault.LATE, seconds=0.3))
    simulator.deliver(follow(1), follow(2))
    assert [event.openid for event in receiver.events(simulator)] == [
        follow(2).openid,
        follow(1).openid,
    ]


def test_a_lost_event_happened_all_the_same(simulator: Simulator, receiver: Receiver) -> None:
    simulator.inject(FaultRule(CALLBACK_FOLLOW, Fault.LOST))
    (record,) = simulator.deliver(follow())
    assert record.state is DeliveryState.LOST
    assert receiver.got == []
    assert simulator.run_on_loop(lambda platform: follow().openid in platform.followers)


def test_an_early_result_comes_before_the_push_is_answered(receiver: Receiver) -> None:
    with Simulator(delivery=DeliveryPolicy(result_delay_s=60)) as simulator:
        simulator.set_callback_url(receiver.url)
        simulator.set_room(7, LIVE)
        simulator.inject(FaultRule(CALLBACK_RESULT, Fault.EARLY))
        message_id = push(simulator, "a").json()["message_id"]
        (result,) = receiver.events(simulator)
        assert result.message_id == message_id


def test_a_pending_result_is_waited_for_but_not_for_ever(receiver: Receiver) -> None:
    with Simulator(delivery=DeliveryPolicy(result_delay_s=60)) as simulator:
        simulator.set_callback_url(receiver.url)
        simulator.set_room(7, LIVE)
        push(simulator, "a")
        assert not simulator.wait_for_results(0.05)
        assert simulator.ledger()["results"]["pending"] == 1
