"""A fixed egress address for the functions that call WeChat."""

from typing import TYPE_CHECKING

import pytest

from support.template import FUNCTIONS

if TYPE_CHECKING:
    from support.template import ParsedTemplate

CALL_NOBODY = ["CallbackBacklogFunction", "CallbackFunction"]
CALL_WECHAT = sorted(set(FUNCTIONS) - set(CALL_NOBODY))


@pytest.mark.parametrize("name", CALL_WECHAT)
def test_a_function_that_calls_wechat_can_have_a_fixed_address(
    template: "ParsedTemplate", name: str
) -> None:
    condition, network, otherwise = template.properties(name)["VpcConfig"]["Fn::If"]

    assert (condition, otherwise) == ("InVpc", {"Ref": "AWS::NoValue"})
    own, given = network["SubnetIds"]["Fn::If"][1:]
    assert (own, given) == (
        [{"Ref": "PrivateSubnetA"}, {"Ref": "PrivateSubnetB"}],
        {"Fn::Split": [",", {"Ref": "VpcSubnetIds"}]},
    )


@pytest.mark.parametrize("name", CALL_NOBODY)
def test_a_function_that_does_not_call_wechat_stays_outside_the_vpc(
    template: "ParsedTemplate", name: str
) -> None:
    assert "VpcConfig" not in template.properties(name)
    assert "VpcConfig" not in template.globals


def test_the_network_is_created_only_where_it_is_switched_on(template: "ParsedTemplate") -> None:
    network = {n: r for n, r in template.resources.items() if r["Type"].startswith("AWS::EC2::")}

    assert "NatGateway" in network
    assert {n for n, resource in network.items() if resource.get("Condition") != "OwnVpc"} == set()


def test_the_network_has_one_outbound_address_and_no_inbound_traffic(
    template: "ParsedTemplate",
) -> None:
    assert template.properties("NatGateway")["AllocationId"] == {
        "Fn::GetAtt": ["EgressAddress", "AllocationId"]
    }
    assert template.outputs["EgressAddress"]["Condition"] == "OwnVpc"
    group = template.properties("EgressSecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert [(rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [
        (443, 443)
    ]
    for subnet in ("PrivateSubnetA", "PrivateSubnetB"):
        routes = template.properties(f"{subnet}Routes")
        assert routes["RouteTableId"] == {"Ref": "PrivateRoutes"}
    assert template.properties("PrivateRoute")["NatGatewayId"] == {"Ref": "NatGateway"}
