"""An operator at a terminal, and a stack in memory that is found as a real one is."""

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from wxlive.campaigns import Campaign, CampaignState, Chunk, ChunkState
from wxlive.events import PushResult
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.rooms import RoomStore
from wxlive_cli import report
from wxlive_cli.main import main

NOW_S = 1_795_347_000
"""2026-11-22 19:30 in Beijing."""

ROOM, DAY = 1001, "2026-11-22"
SECRET = {
    "appid": "wx0123456789abcdef",
    "secret": "5" * 32,
    "token": "aWord1",
    "aes_key": "A" * 43,
}
OUTPUTS = {
    "FollowersTable": "followers",
    "StateTable": "state",
    "FollowerSyncFunction": "wxlive-follower-sync",
    "LiveWatchFunction": "wxlive-live-watch",
    "PushStartFunction": "wxlive-push-start",
    "PushRatePerSecond": "2000",
    "DailyCallQuota": "5000",
    "SyncDailyCalls": "4500",
    "DayOffsetHours": "8",
    "WechatSecretName": "wxlive/wechat",
}


class Desk:
    """An operator, and the stores behind the stack."""

    def __init__(self) -> None:
        tables = boto3.resource("dynamodb")
        for name, keys in {"followers": ["openid"], "state": ["pk", "sk"]}.items():
            schema: Any = [
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ]
            tables.meta.client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                KeySchema=schema,
            )
        self.state = tables.Table("state")
        self.campaigns = CampaignStore(self.state)
        self.rooms = RoomStore(self.state)
        self.quota = QuotaStore(self.state, "push_message", 5000)
        self.outputs(**OUTPUTS)

    def outputs(self, **outputs: str) -> None:
        """Deploy a stack that has these outputs, in place of the one that is there."""
        template = {
            "Parameters": {"MessageMode": {"Type": "String"}},
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        cloudformation = boto3.client("cloudformation")
        cloudformation.delete_stack(StackName="wxlive")
        cloudformation.create_stack(
            StackName="wxlive",
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": "MessageMode", "ParameterValue": "secure"}],
        )

    def run(self, *words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, list(words), input=typed)

    def json(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run with ``--json``: stdout is one JSON object and nothing else."""
        result = self.run(*words, "--json")
        assert result.exit_code == code, result.output
        facts: dict[str, Any] = json.loads(result.stdout)
        return facts

    def campaign(
        self, *chunks: Chunk, name: str = "20261122T193000-1001", day: str = DAY
    ) -> Campaign:
        """Put a planned campaign with these ledger rows into the table."""
        campaign = Campaign(name, ROOM, day, CampaignState.SENDING, NOW_S)
        self.campaigns.open(campaign)
        for chunk in chunks:
            openids = [f"o{chunk.number}-{i}" for i in range(chunk.openids)]
            campaign = self.campaigns.add_chunk(campaign, openids, NOW_S)
            self._bring_to(campaign.campaign, replace(chunk, number=campaign.chunks))
        return self.campaigns.finish_plan(campaign, NOW_S)

    def result(self, message_id: str, total: int, **errors: int) -> None:
        """Have WeChat report on a call."""
        kinds = ("openid_error", "relation_error", "user_recv_limit", "internal_error")
        counts = [errors.get(kind, 0) for kind in kinds]
        result = PushResult(message_id, ROOM, NOW_S + 9, total, total - sum(counts), *counts)
        self.campaigns.add_result(result, NOW_S)

    def _bring_to(self, campaign: str, chunk: Chunk) -> None:
        if chunk.state is ChunkState.QUEUED:
            return
        queued = replace(chunk, state=ChunkState.QUEUED)
        quota = self.quota.taking(DAY, NOW_S)
        self.campaigns.claim(
            campaign, queued, claim="c", now_s=chunk.claimed_at or NOW_S, quota=quota
        )
        self.campaigns.finish(
            campaign,
            chunk.number,
            chunk.state,
            claim="c",
            message_id=chunk.message_id,
            errcode=chunk.errcode,
            rid=chunk.rid,
            reason=chunk.reason,
        )


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "WXLIVE_STACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(report, "time", SimpleNamespace(time=lambda: NOW_S + 60))
    with mock_aws():
        yield Desk()
