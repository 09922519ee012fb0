"""The tables, with the keys that ``template.yaml`` declares."""

from functools import cache
from typing import TYPE_CHECKING, Any

from wxlive_local.paths import TEMPLATE
from wxlive_local.template import Template

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FOLLOWERS, STATE = "FollowersTable", "StateTable"


def create_table(client: "DynamoDBClient", resource: str, name: str) -> None:
    """Create the table that the template declares as ``resource``."""
    declared = _declared()[resource]
    client.create_table(
        TableName=name,
        BillingMode=declared["BillingMode"],
        AttributeDefinitions=declared["AttributeDefinitions"],
        KeySchema=declared["KeySchema"],
    )


@cache
def _declared() -> dict[str, Any]:
    return {**Template.read(TEMPLATE).of_type("AWS::DynamoDB::Table")}
