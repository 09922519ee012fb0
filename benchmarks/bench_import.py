"""First import of followers into the local AWS. The floor is the bare write it uses."""

import uuid
from typing import Any

import boto3
from measuring import Measurement, seconds

from wxlive.followers import Follower, ListedRow
from wxlive.stores.followers import FollowerStore
from wxlive_local.local_aws import LocalAws

ROUNDS, FOLLOWERS, A_BATCH = 3, 4000, 25


def measure() -> list[Measurement]:
    """Seconds for ``FOLLOWERS`` new followers, read before they are written."""
    with LocalAws() as aws:
        tables = boto3.resource(
            "dynamodb",
            endpoint_url=aws.endpoint_url,
            region_name=aws.env["AWS_DEFAULT_REGION"],
            aws_access_key_id=aws.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=aws.env["AWS_SECRET_ACCESS_KEY"],
        )
        rounds = [
            (seconds(lambda: _bare(_table(tables))), seconds(lambda: _imported(_table(tables))))
            for _ in range(ROUNDS)
        ]
    return [
        Measurement(
            name="import",
            what=f"{FOLLOWERS} new followers, compared and inserted; floor: the bare batch inserts",
            unit="s",
            floors=[low for low, _ in rounds],
            figures=[high for _, high in rounds],
        )
    ]


def _table(tables: Any) -> Any:
    return tables.create_table(
        TableName=f"followers-{uuid.uuid4().hex}",
        KeySchema=[{"AttributeName": "openid", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "openid", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _facts() -> list[Follower]:
    return [
        Follower.listed(ListedRow(f"o{number:027d}", 1_700_000_000, 1, 101), 1_700_000_100)
        for number in range(FOLLOWERS)
    ]


def _bare(table: Any) -> None:
    statement = (
        f"INSERT INTO \"{table.name}\" VALUE {{'openid': ?, 'status': ?, 'changed_at': ?, "
        "'precedence': ?, 'subscribed_at': ?, 'room_id': ?, 'room_status': ?, 'source': ?}"
    )
    for start in range(0, FOLLOWERS, A_BATCH):
        table.meta.client.batch_execute_statement(
            Statements=[
                {
                    "Statement": statement,
                    "Parameters": [f"o{number:027d}", "subscribed", 1, 1, 1, 1, 101, "sync"],
                }
                for number in range(start, start + A_BATCH)
            ]
        )


def _imported(table: Any) -> None:
    store = FollowerStore(table)
    facts = _facts()
    for start in range(0, FOLLOWERS, 2000):
        page = facts[start : start + 2000]
        known = store.get_all(fact.openid for fact in page)
        store.insert_all([fact for fact in page if fact.openid not in known])
