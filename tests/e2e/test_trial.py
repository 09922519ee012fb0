"""A push is tried on one follower of the deployed stack, whose result is WeChat's own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support.deployed_stack import Operator
from support.stack_jobs import ROOM, Campaigns
from wxlive_local.simulator import Simulator

if TYPE_CHECKING:
    from wxlive_local.simulator import Platform


@pytest.fixture
def nobody_takes_more(wechat: Simulator) -> Iterator[None]:
    """Every follower has received as many notifications as they may."""

    def set_share(share: float) -> None:
        def change(platform: "Platform") -> None:
            platform.settings = replace(platform.settings, user_recv_limit_share=share)

        wechat.run_on_loop(change)

    set_share(1.0)
    yield
    set_share(0.0)


@pytest.mark.usefixtures("nobody_takes_more")
def test_a_trial_stands_with_what_wechat_reports_until_the_operator_decides(
    operator: Operator, campaigns: Campaigns
) -> None:
    push = ("push", "--room", str(ROOM), "--again", "--first", "1")

    tried = operator(*push, "--wait", "--timeout", "100")

    assert tried.exit_code == 0, tried.stderr
    assert (tried.json["state"], tried.json["audience"]) == ("trial", 1)
    assert tried.json["reason"] == "Trial: 0 of 1 told (0 %), 1 user_recv_limit (100 %)"
    assert tried.json["campaign"] != campaigns.pushed.json["campaign"]
    assert operator(*push).json["campaign"] == tried.json["campaign"], "it is repeated"
    assert operator("cancel").json["state"] == "cancelled"
