"""One deployed stack for all end-to-end tests, and the jobs that are done on it only once.

The functions' roles are enforced, and the local AWS records each call and who made it, as
CloudTrail does.
"""

import json
from collections.abc import Iterator

import pytest
import requests

from factories import PSEUDONYM_KEY
from support.deployed_stack import Operator, configure, functions_of, simulator_of
from support.stack_jobs import (
    Campaigns,
    LateEvent,
    Listing,
    deliver_without_table,
    push_a_room,
    sync_three_times,
)
from wxlive_local.simulator import DeliveryPolicy, Simulator
from wxlive_local.up import LocalStack, Options, local_stack

_NEVER = "rate(365 days)"


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """The deployed template with the simulator, which retries at once.

    Of the schedules only the one fires that looks after the living campaign each minute.
    """
    options = Options(
        parameters={"SyncSchedule": _NEVER, "WatchSchedule": _NEVER},
        delivery=DeliveryPolicy(interval_s=0.1, concurrency=2),
        enforce_iam=True,
    )
    with local_stack(options) as stack:
        requests.post(
            f"{stack.aws_endpoint_url}/_ministack/config",
            json={"cloudtrail._recording_enabled": "true"},
            timeout=10,
        ).raise_for_status()
        make_pseudonym_key(stack)
        for name in functions_of(stack):
            # The SDK appends it to the user agent, so that a recorded call shows its function.
            configure(stack, name, {"AWS_SDK_UA_APP_ID": name})
        yield stack


def make_pseudonym_key(stack: LocalStack) -> None:
    """Have the functions ask of each event whether it is about somebody who was forgotten."""
    client, name = stack.client("secretsmanager"), stack.outputs["WechatSecretName"]
    fields = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
    fields["pseudonym_key"] = PSEUDONYM_KEY
    client.put_secret_value(SecretId=name, SecretString=json.dumps(fields))


@pytest.fixture(scope="session")
def operator(stack: LocalStack) -> Operator:
    """The operator of the stack."""
    return Operator(stack)


@pytest.fixture(scope="session")
def wechat(stack: LocalStack) -> Simulator:
    """The simulator that the stack talks to."""
    return simulator_of(stack)


@pytest.fixture(scope="session")
def late_event(stack: LocalStack, operator: Operator, wechat: Simulator) -> LateEvent:
    """An event that came while the callback had no table."""
    return deliver_without_table(stack, operator, wechat)


@pytest.fixture(scope="session")
def main_job(
    stack: LocalStack,
    operator: Operator,
    wechat: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Listing, Campaigns]:
    """Three syncs and the day's campaigns, with nothing in between."""
    listing = sync_three_times(operator, wechat, tmp_path_factory.mktemp("export"))
    return listing, push_a_room(stack, operator, wechat)


@pytest.fixture(scope="session")
def listing(main_job: tuple[Listing, Campaigns]) -> Listing:
    """The syncs of the main job."""
    return main_job[0]


@pytest.fixture(scope="session")
def campaigns(main_job: tuple[Listing, Campaigns]) -> Campaigns:
    """The campaigns of the main job."""
    return main_job[1]
