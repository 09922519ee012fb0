"""A new stack goes on with the tables of an earlier one."""

from collections.abc import Iterator

import pytest

from support.deployed_stack import Operator
from support.stack_jobs import ROOM, Campaigns, Listing
from wxlive_local.deploy import deploy, host_architecture
from wxlive_local.up import LocalStack

LATER = "wxlive-later"


@pytest.fixture(scope="module")
def outputs(stack: LocalStack, listing: Listing, campaigns: Campaigns) -> Iterator[dict[str, str]]:
    """The outputs of a second stack, which is given the first one's tables after its push."""
    parameters = {
        "Architecture": host_architecture(),
        "WechatSecretName": stack.outputs["WechatSecretName"],
        "WechatApiBase": stack.wechat_url,
        "ApiLogRole": "existing",
        "SyncSchedule": "rate(365 days)",
        "WatchSchedule": "rate(365 days)",
        "ExistingFollowersTable": stack.outputs["FollowersTable"],
        "ExistingStateTable": stack.outputs["StateTable"],
    }
    built = stack.aws.run_dir / "aws" / "stack" / "template.yaml"
    yield deploy(stack.aws, built, parameters, LATER)
    cloudformation = stack.client("cloudformation")
    cloudformation.delete_stack(StackName=LATER)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=LATER, WaiterConfig={"Delay": 1}
    )


def test_a_new_stack_knows_the_followers_and_who_was_notified_today(
    stack: LocalStack, operator: Operator, campaigns: Campaigns, outputs: dict[str, str]
) -> None:
    assert outputs["FollowersTable"] == stack.outputs["FollowersTable"]
    assert outputs["StateTable"] == stack.outputs["StateTable"]
    assert outputs["PushQueueUrl"] != stack.outputs["PushQueueUrl"]

    assert operator("followers", "count", "--stack", LATER).json == (
        operator("followers", "count").json
    )
    again = operator("push", "--room", str(ROOM), "--stack", LATER)
    assert again.json["campaign"] == campaigns.pushed.json["campaign"]
