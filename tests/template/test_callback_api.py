"""The callback's API: routes, access log, throttling, firewall."""

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.template import ParsedTemplate

FIREWALL = {
    "CallbackFirewallAcl": "Firewall",
    "CallbackFirewallAssociation": "Firewall",
    "CallbackAllowListIpSet": "UseCallbackAllowList",
    "CallbackAllowListFunction": "UseCallbackAllowList",
    "CallbackAllowListFunctionRole": "UseCallbackAllowList",
    "CallbackAllowListLogs": "UseCallbackAllowList",
}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_wechat_reaches_the_callback(template: "ParsedTemplate", method: str) -> None:
    events = template.properties("CallbackFunction")["Events"].values()
    routes = [(event["Properties"]["Method"], event["Properties"]["Path"]) for event in events]

    assert (method, "/wechat/callback") in routes
    assert len(routes) == 2


def test_an_access_log_contains_no_query_string(template: "ParsedTemplate") -> None:
    apis = template.of_type("AWS::Serverless::Api").values()
    settings = [api["AccessLogSetting"] for api in apis]

    assert settings
    for setting in settings:
        shown = re.findall(r"\$context\.[\w.]+", setting["Format"])
        assert "$context.status" in shown
        assert not re.search(
            r"(?i)query|requestoverride|wafresponse|\$context\.path\b", setting["Format"]
        )
        assert json.loads(setting["Format"]), "one JSON object a line"


def test_the_api_is_throttled(template: "ParsedTemplate") -> None:
    for api in template.of_type("AWS::Serverless::Api").values():
        [settings] = api["MethodSettings"]
        assert settings["ThrottlingRateLimit"] == {"Ref": "CallbackRateLimit"}
        assert settings["ThrottlingBurstLimit"] == {"Ref": "CallbackRateLimit"}


def test_the_api_has_no_detailed_metrics(template: "ParsedTemplate") -> None:
    """They cost as much as all other metrics of the stack, and nothing reads them."""
    settings = template.properties("CallbackApi")["MethodSettings"]
    assert not any(setting.get("MetricsEnabled") for setting in settings)


def test_the_firewall_exists_only_where_it_is_switched_on(template: "ParsedTemplate") -> None:
    kinds = {n for n, r in template.resources.items() if r["Type"].startswith("AWS::WAFv2::")}

    assert kinds <= set(FIREWALL)
    for name, condition in FIREWALL.items():
        assert template.resources[name]["Condition"] == condition
    for parameter in ("CallbackFirewall", "CallbackAllowList"):
        assert template.parameters[parameter]["Default"] == "off"
        assert template.parameters[parameter]["AllowedValues"] == ["off", "on"]


def test_the_firewall_protects_the_callback_and_admits_every_address_at_first(
    template: "ParsedTemplate",
) -> None:
    arn = template.properties("CallbackFirewallAssociation")["ResourceArn"]["Fn::Sub"]
    rules = template.properties("CallbackFirewallAcl")["Rules"]
    addresses = template.properties("CallbackAllowListIpSet")["Addresses"]

    assert arn.endswith("/restapis/${CallbackApi}/stages/${CallbackApi.Stage}")
    assert [rule["Fn::If"][0] for rule in rules] == ["UseCallbackAllowList"] + ["ManagedRules"] * 2
    assert len({rule["Fn::If"][1]["Priority"] for rule in rules}) == len(rules)
    assert addresses == ["0.0.0.0/1", "128.0.0.0/1"]
