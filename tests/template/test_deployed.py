"""The stack as AWS creates it: for every switch, what there is, and in which order."""

import json

import pytest

from support.template import DeployedTemplate, ParsedTemplate, references

TABLES = {
    "FollowersTable": "ExistingFollowersTable",
    "StateTable": "ExistingStateTable",
}


def test_everything_that_is_referred_to_exists_and_nothing_waits_in_a_circle(
    combination: dict[str, str],
) -> None:
    template = DeployedTemplate(combination)
    named = {name for part in (template.resources, template.outputs) for name in references(part)}

    assert named <= set(template.resources)
    assert len(template.order()) == len(template.resources)


@pytest.mark.parametrize("role", ["create", "existing"])
def test_an_access_log_waits_for_the_accounts_role_and_the_role_for_an_api(role: str) -> None:
    template = DeployedTemplate({"ApiLogRole": role})
    order = template.order()
    created = [
        n for n in order if n in {"CallbackApi", "ApiGatewayAccount", "CallbackApiliveStage"}
    ]
    expected = ["CallbackApi", "ApiGatewayAccount", "CallbackApiliveStage"]

    assert created == [n for n in expected if role == "create" or n != "ApiGatewayAccount"]
    assert template.properties("CallbackApiliveStage")["AccessLogSetting"]


def test_the_runtime_is_chosen_when_the_stack_is_deployed() -> None:
    for runtime in ("python3.11", "python3.13"):
        template = DeployedTemplate({"CallbackAllowList": "on", "PythonRuntime": runtime})
        functions = template.of_type("AWS::Lambda::Function").values()
        [layer] = template.of_type("AWS::Lambda::LayerVersion").values()

        assert {function["Runtime"] for function in functions} == {runtime}
        assert runtime in layer["CompatibleRuntimes"]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_an_earlier_stack_takes_the_place_of_a_new_one(table: str) -> None:
    template = DeployedTemplate({TABLES[table]: "wxlive-old-table"})
    shown = json.dumps([template.resources, template.outputs])

    assert table not in template.resources
    assert template.outputs[table]["Value"] == "wxlive-old-table"
    assert json.dumps({"Fn::GetAtt": [table, "Arn"]}) not in shown
    assert f":table/${{{TABLES[table]}}}" in shown


@pytest.mark.parametrize(
    ("given", "name"), [("", {"Fn::Sub": "${AWS::StackName}/wechat"}), ("mine", "mine")]
)
def test_a_stack_reads_the_secret_of_its_own_name_unless_another_is_named(
    given: str, name: object
) -> None:
    template = DeployedTemplate({"WechatSecretName": given})

    assert template.outputs["WechatSecretName"]["Value"] == name
    for function in template.functions():
        variables = template.properties(function)["Environment"]["Variables"]
        assert variables["WECHAT_SECRET_NAME"] == name
        read = [s for s in template.statements(function) if s["Sid"] == "ReadSecret"]
        assert [s["Resource"]["Fn::Sub"][1] for s in read] == [{"Secret": name}] * len(read)


@pytest.mark.parametrize("kept", ["FollowersTable", "StateTable", "ApiGatewayLogRole"])
def test_what_is_kept_without_the_stack_is_removed_when_its_creation_fails(kept: str) -> None:
    resource = DeployedTemplate({}).resources[kept]

    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize(
    ("parameters", "url"),
    [
        (
            {},
            "https://${CallbackApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live/wechat/callback",
        ),
        ({"CallbackDomain": "wechat.example.com"}, "https://${CallbackDomain}/wechat/callback"),
    ],
)
def test_the_url_to_paste_has_the_domain_of_the_callback(
    parameters: dict[str, str], url: str
) -> None:
    template = DeployedTemplate(parameters)

    assert template.outputs["CallbackUrl"]["Value"] == {"Fn::Sub": url}
    assert ("CallbackDomainTarget" in template.outputs) == bool(parameters)


@pytest.mark.parametrize("name", ["LiveWatchFunction", "PushStartFunction"])
def test_an_event_that_starts_a_push_is_processed_soon_or_not_at_all(
    deployed: DeployedTemplate, name: str
) -> None:
    """A schedule's event is asynchronous: its own retries end when Lambda has queued it."""
    config = deployed.properties(f"{name}EventInvokeConfig")

    assert config["MaximumRetryAttempts"] == 0
    assert config["MaximumEventAgeInSeconds"] <= 300


@pytest.mark.parametrize(("parameter", "reserved"), [("0", None), ("5", "5")])
def test_concurrency_is_reserved_for_the_callback_only_on_request(
    parameter: str, reserved: str | None
) -> None:
    template = DeployedTemplate({"CallbackReservedConcurrency": parameter})
    found = {
        name: template.properties(name).get("ReservedConcurrentExecutions")
        for name in template.functions()
    }

    assert found.pop("CallbackFunction") == reserved
    assert set(found.values()) == {None}


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_the_functions_and_their_layer_have_one_architecture(architecture: str) -> None:
    template = DeployedTemplate({"Architecture": architecture})
    [(layer, properties)] = template.of_type("AWS::Lambda::LayerVersion").items()

    assert properties["CompatibleArchitectures"] == [architecture]
    for name in template.functions():
        assert template.properties(name)["Architectures"] == [architecture]
        assert template.properties(name)["Layers"] == [{"Ref": layer}]


def test_the_nested_stack_is_told_every_parameter_that_it_has(
    deployed: DeployedTemplate, monitoring: ParsedTemplate
) -> None:
    given = deployed.properties("Monitoring")["Parameters"]

    assert set(given) == set(monitoring.parameters)
