"""The deployed handler: messages of the queue in, those that failed out."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from factories import CAMPAIGN
from support.deployment import Deployment
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive_local.simulator import PUSH, QUOTA_GET, STABLE_TOKEN, Fault, FaultRule
from wxlive_push_fanout.handler import lambda_handler


def batch(*bodies: str) -> dict[str, Any]:
    records = [
        {"messageId": f"m{n}", "body": body, "eventSource": "aws:sqs", "attributes": {}}
        for n, body in enumerate(bodies)
    ]
    return {"Records": records}


def test_the_file_of_events_sends_its_chunk(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.world.put_campaign(2)

    answer = lambda_handler(deployment.event("push_fanout/one_chunk.json"), deployment.context)

    assert answer == {"batchItemFailures": []}
    assert deployment.world.pushed() == {"o1-0": 1, "o1-1": 1}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [logged] = [line for line in lines if line.get("message") == "chunk"]
    assert (logged["campaign"], logged["chunk"], logged["result"]) == (CAMPAIGN, 1, "accepted")
    assert any("OpenidsAccepted" in line for line in lines)


def test_a_warm_worker_uses_a_secret_that_was_corrected(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wxlive.stores.secrets.KEPT_S", 0)
    world, account = deployment.world, deployment.world.wechat.account
    fields = {"appid": account.appid, "token": account.token, "aes_key": account.aes_key}
    event = deployment.event("push_fanout/one_chunk.json")
    world.put_campaign(2)

    deployment.store_secret(**fields, secret="wrong")
    lambda_handler(event, deployment.context)
    held = world.campaign()
    assert (held.state, "40125" in str(held.reason)) == (CampaignState.PAUSED, True)

    deployment.store_secret(**fields, secret=account.secret)
    world.change_campaign(state=CampaignState.SENDING)
    lambda_handler(event, deployment.context)
    assert world.pushed() == {"o1-0": 1, "o1-1": 1}


@pytest.mark.parametrize(
    "malformed",
    ["", "{", "[]", "null", "7", "{}", '{"campaign": 1, "chunk": 1}', '{"campaign": "c"}',
     '{"campaign": "c", "chunk": "1"}'],
)  # fmt: skip
def test_only_a_malformed_message_is_returned(deployment: Deployment, malformed: str) -> None:
    deployment.world.put_campaign(1)
    good = json.dumps({"campaign": CAMPAIGN, "chunk": 1})

    answer = lambda_handler(batch(malformed, good), deployment.context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert deployment.world.pushed() == {"o1-0": 1}


def test_a_message_that_is_not_processed_fails_the_invocation_and_is_named_in_the_log(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """So Lambda counts an error, PushFanoutErrors goes off, and the message is received again."""
    deployment.world.put_campaign(1)
    deployment.world.steps.die(3, OSError)

    with pytest.raises(BatchProcessingError):
        lambda_handler(deployment.event("push_fanout/one_chunk.json"), deployment.context)

    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["level"], line["message"]) == ("ERROR", "message not processed")
    assert json.loads(line["body"]) == {"campaign": CAMPAIGN, "chunk": 1}
    assert "OSError" in line["exception"]
    assert deployment.world.calls(PUSH) == 0


def test_a_message_that_carries_an_outcome_stores_it(deployment: Deployment) -> None:
    deployment.world.put_campaign(1)
    deployment.world.claim()

    answer = lambda_handler(deployment.event("push_fanout/outcome.json"), deployment.context)

    row = deployment.world.chunk()
    assert answer == {"batchItemFailures": []}
    assert (row.state, row.message_id) == (ChunkState.ACCEPTED, "2251799813685249001")
    assert deployment.world.calls(PUSH) == 0


def test_a_message_that_wakes_a_sender_makes_the_next_chunk_the_first_call(
    deployment: Deployment,
) -> None:
    world = deployment.world
    world.put_campaign(1)

    lambda_handler(deployment.event("push_fanout/wake.json"), deployment.context)

    assert (world.calls(QUOTA_GET), world.calls(PUSH)) == (1, 0)
    lambda_handler(deployment.event("push_fanout/one_chunk.json"), deployment.context)
    assert (world.calls(QUOTA_GET), world.calls(PUSH)) == (1, 1)


def test_a_sender_that_cannot_get_ready_yet_is_woken_nevertheless(deployment: Deployment) -> None:
    deployment.world.wechat.inject(FaultRule(STABLE_TOKEN, Fault.ERRCODE, errcode=-1))

    answer = lambda_handler(deployment.event("push_fanout/wake.json"), deployment.context)

    assert answer == {"batchItemFailures": []}
