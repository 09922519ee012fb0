"""The tables."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.template import ParsedTemplate


@pytest.mark.parametrize("table", ["FollowersTable", "StateTable"])
def test_a_table_is_on_demand_encrypted_for_free_and_recoverable(
    template: "ParsedTemplate", table: str
) -> None:
    resource, properties = template.resources[table], template.properties(table)

    assert resource["UpdateReplacePolicy"] == "Retain"
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    # Without it DynamoDB encrypts with its own key; AWS's key in KMS is charged for its use.
    assert "SSESpecification" not in properties
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_the_tables_have_the_keys_that_the_stores_use(template: "ParsedTemplate") -> None:
    keys = {
        table: [key["AttributeName"] for key in template.properties(table)["KeySchema"]]
        for table in ("FollowersTable", "StateTable")
    }

    assert keys == {"FollowersTable": ["openid"], "StateTable": ["pk", "sk"]}
