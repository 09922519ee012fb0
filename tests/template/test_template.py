"""What template.yaml and samconfig.toml promise: limits, least privilege, names, no secret."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from wxlive import aws
from wxlive.campaigns import CLAIM_STALE_S
from wxlive.settings import Settings
from wxlive.telemetry import Metric

ROOT = Path(__file__).parents[2]
FUNCTIONS = {
    "CallbackFunction": "callback",
    "CallbackAddressesFunction": "callback_addresses",
    "CallbackBacklogFunction": "callback_backlog",
    "FollowerSyncFunction": "follower_sync",
    "LiveWatchFunction": "live_watch",
    "PushStartFunction": "push_start",
    "PushFanoutFunction": "push_fanout",
}
# The client config's attributes are made at run time, which its stubs do not say.
_hasty: Any = aws.HASTY
HASTY_S = _hasty.connect_timeout + _hasty.read_timeout
"""The longest that one call takes where WeChat waits."""


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as the long functions they stand for."""


def _tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


yaml.add_multi_constructor("!", _tag, Loader=Loader)
TEXT = (ROOT / "template.yaml").read_text(encoding="utf-8")
TEMPLATE: dict[str, Any] = yaml.load(TEXT, Loader=Loader)  # noqa: S506 - a SafeLoader
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
each_function = pytest.mark.parametrize("name", FUNCTIONS)


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == kind}


def statements(name: str) -> list[dict[str, Any]]:
    return [s for policy in properties(name)["Policies"] for s in policy["Statement"]]


def actions(name: str) -> set[str]:
    listed = [statement["Action"] for statement in statements(name)]
    return {a for action in listed for a in ([action] if isinstance(action, str) else action)}


# ------------------------------------------------------------------- functions


def test_there_are_these_functions_and_no_other() -> None:
    assert set(of_type("AWS::Serverless::Function")) == set(FUNCTIONS)


@each_function
def test_a_functions_code_and_handler_are_there(name: str) -> None:
    code = properties(name)["CodeUri"]
    module, function = properties(name)["Handler"].rsplit(".", 1)

    assert code == f"functions/{FUNCTIONS[name]}"
    source = (ROOT / code / module.replace(".", "/")).with_suffix(".py")
    assert f"def {function}(" in source.read_text(encoding="utf-8")


@each_function
def test_a_function_logs_to_a_group_of_its_own_that_forgets(name: str) -> None:
    group = properties(name)["LoggingConfig"]["LogGroup"]["Ref"]
    users = [other for other in FUNCTIONS if group in json.dumps(properties(other))]

    assert users == [name]
    assert properties(group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert properties(group)["LogGroupName"]["Fn::Sub"].startswith("/wxlive/${AWS::StackName}/")


def test_every_log_group_forgets() -> None:
    assert all("RetentionInDays" in group for group in of_type("AWS::Logs::LogGroup").values())


@each_function
def test_a_function_has_a_time_limit_memory_and_a_name_for_its_telemetry(name: str) -> None:
    everywhere = TEMPLATE["Globals"]["Function"]

    assert 0 < properties(name)["Timeout"] <= 900
    assert properties(name).get("MemorySize", everywhere["MemorySize"]) >= 256
    own = properties(name)["Environment"]["Variables"]
    assert own == {"POWERTOOLS_SERVICE_NAME": FUNCTIONS[name]}
    assert everywhere["Runtime"] == "python3.11"
    assert everywhere["Architectures"] == [{"Ref": "Architecture"}]


def test_the_callback_is_done_before_wechat_loses_patience() -> None:
    assert properties("CallbackFunction")["Timeout"] <= 5
    # The secret, the table and the queue may all be away, one after the other.
    assert 3 * HASTY_S < 4


def test_a_claim_is_stale_only_when_its_worker_is_surely_gone() -> None:
    assert properties("PushFanoutFunction")["Timeout"] < CLAIM_STALE_S


# ------------------------------------------------------------------ permissions


@each_function
def test_a_role_names_every_action_and_every_resource(name: str) -> None:
    assert "Role" not in properties(name)
    assert statements(name)
    for statement in statements(name):
        assert statement["Effect"] == "Allow"
        assert statement["Sid"]
        assert "NotAction" not in statement
        assert "NotResource" not in statement
        assert "*" not in json.dumps([statement["Action"], statement["Resource"]])


@each_function
def test_only_known_actions_on_this_stacks_own_things_are_allowed(name: str) -> None:
    services = {"dynamodb", "secretsmanager", "lambda", "sqs", "events", "wafv2"}

    assert {action.split(":")[0] for action in actions(name)} <= services
    for statement in statements(name):
        named = statement["Resource"]
        for resource in named if isinstance(named, list) else [named]:
            text = resource.get("Fn::Sub", "")
            assert (
                "Fn::GetAtt" in resource
                or "${AWS::StackName}-" in text
                or "${WechatSecretName}" in text
                or (name, statement["Action"]) == ("LiveWatchFunction", "events:PutEvents")
            )


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        ("CallbackFunction", {"dynamodb:Scan", "dynamodb:DeleteItem", "lambda:InvokeFunction"}),
        ("CallbackAddressesFunction", {"sqs:SendMessage", "dynamodb:Scan"}),
        ("CallbackBacklogFunction", {"secretsmanager:GetSecretValue", "dynamodb:GetItem"}),
        ("LiveWatchFunction", {"sqs:SendMessage", "dynamodb:Scan"}),
        ("PushStartFunction", {"sqs:ReceiveMessage", "dynamodb:DeleteItem"}),
        ("PushFanoutFunction", {"dynamodb:Scan", "lambda:InvokeFunction"}),
        ("FollowerSyncFunction", {"sqs:SendMessage"}),
    ],
)
def test_a_role_lacks_what_its_function_never_does(name: str, forbidden: set[str]) -> None:
    assert not actions(name) & forbidden


def test_every_arn_holds_in_every_partition() -> None:
    arns = re.findall(r"arn:[^\s\"']+", TEXT)

    assert arns
    assert [arn for arn in arns if not arn.startswith("arn:${AWS::Partition}:")] == []


@pytest.mark.parametrize(
    ("name", "calls_itself_by"),
    [
        ("FollowerSyncFunction", "lambda:InvokeFunction"),
        ("PushStartFunction", "lambda:InvokeFunction"),
        ("PushFanoutFunction", "sqs:SendMessage"),
    ],
)
def test_whoever_goes_on_by_calling_itself_is_let(name: str, calls_itself_by: str) -> None:
    assert calls_itself_by in actions(name)
    assert properties(name)["RecursiveLoop"] == "Allow"


# ---------------------------------------------------------------- event sources


def test_every_schedule_says_what_happens_after_a_failure_and_keeps_beijing_time() -> None:
    schedules = [
        event["Properties"]
        for name in FUNCTIONS
        for event in properties(name).get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    ]

    assert len(schedules) == 4
    for schedule in schedules:
        assert "MaximumRetryAttempts" in schedule["RetryPolicy"]
        assert schedule["ScheduleExpressionTimezone"] == "Asia/Shanghai"
        assert "${AWS::StackName}-" in schedule["Name"]["Fn::Sub"]


def test_a_room_that_went_live_is_mailed_where_nobody_is_pushed_by_itself() -> None:
    rule, topic = properties("RoomWentLiveMail"), {"Ref": "AlarmTopic"}
    publishers = properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"][0]["Principal"]

    assert rule["EventPattern"]["detail-type"] == ["Room went live"]
    assert rule["EventPattern"]["detail"]["auto_push"] == [False]
    assert [target["Arn"] for target in rule["Targets"]] == [topic]
    assert publishers == {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}


def test_a_planned_push_may_invoke_live_watch_and_nothing_else() -> None:
    [policy] = properties("PlannedPushRole")["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]

    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == {"Fn::GetAtt": ["LiveWatchFunction", "Arn"]}


def test_a_batch_of_chunks_fails_message_by_message() -> None:
    chunk = properties("PushFanoutFunction")["Events"]["Chunk"]["Properties"]

    assert chunk["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert chunk["Queue"] == {"Fn::GetAtt": ["PushQueue", "Arn"]}
    assert chunk["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "PushConcurrency"}}


def test_a_message_returns_only_when_its_worker_is_surely_gone() -> None:
    queue = properties("PushQueue")

    assert queue["VisibilityTimeout"] >= 6 * properties("PushFanoutFunction")["Timeout"]
    assert queue["VisibilityTimeout"] > CLAIM_STALE_S
    assert queue["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("name", ["PushQueue", "CallbackBacklog"])
def test_messages_that_crash_their_worker_end_in_a_queue_that_alarms(name: str) -> None:
    queue = properties(name)
    letters = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]

    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 3
    assert properties(letters)["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    assert properties(letters)["SqsManagedSseEnabled"] is True
    assert alarms_on(letters) == {"ApproximateNumberOfMessagesVisible"}


def test_a_message_of_the_backlog_returns_when_its_worker_is_gone_and_its_age_alarms() -> None:
    queue, function = properties("CallbackBacklog"), properties("CallbackBacklogFunction")
    source = function["Events"]["Message"]["Properties"]

    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["SqsManagedSseEnabled"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BatchSize"] * HASTY_S < function["Timeout"]
    assert alarms_on("CallbackBacklog") == {"ApproximateAgeOfOldestMessage"}


def test_the_store_may_be_away_for_hours_and_a_human_for_days() -> None:
    queue = properties("CallbackBacklog")

    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] >= 4 * 3600
    assert properties("CallbackAside")["MessageRetentionPeriod"] == 14 * 86_400


def alarms_on(queue: str) -> set[str]:
    """The metrics of a queue that alarm somebody."""
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    found = [a for a in alarms if f'"{queue}"' in json.dumps(a.get("Dimensions", []))]
    assert all(alarm["AlarmActions"] for alarm in found)
    return {alarm["MetricName"] for alarm in found}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_wechat_reaches_the_callback(method: str) -> None:
    events = properties("CallbackFunction")["Events"].values()
    routes = [(event["Properties"]["Method"], event["Properties"]["Path"]) for event in events]

    assert (method, "/wechat/callback") in routes
    assert len(routes) == 2


def test_no_access_log_carries_a_query_string() -> None:
    settings = [api["AccessLogSetting"] for api in of_type("AWS::Serverless::Api").values()]

    assert settings
    for setting in settings:
        shown = re.findall(r"\$context\.[\w.]+", setting["Format"])
        assert "$context.status" in shown
        assert not re.search(
            r"(?i)query|requestoverride|wafresponse|\$context\.path\b", setting["Format"]
        )
        assert json.loads(setting["Format"]), "one JSON object a line"


FIREWALL = {
    "CallbackFirewallAcl": "Firewall",
    "CallbackFirewallAssociation": "Firewall",
    "CallbackAddresses": "AllowWechatOnly",
    "CallbackAddressesFunction": "AllowWechatOnly",
    "CallbackAddressesLogs": "AllowWechatOnly",
}


def test_the_firewall_is_there_only_where_it_was_asked_for() -> None:
    kinds = {name for name, r in RESOURCES.items() if r["Type"].startswith("AWS::WAFv2::")}

    assert kinds <= set(FIREWALL)
    for name, condition in FIREWALL.items():
        assert RESOURCES[name]["Condition"] == condition
    for parameter in ("CallbackFirewall", "CallbackAllowList"):
        assert TEMPLATE["Parameters"][parameter]["Default"] == "off"
        assert TEMPLATE["Parameters"][parameter]["AllowedValues"] == ["off", "on"]


def test_the_firewall_stands_before_the_callback_and_lets_everybody_in_at_first() -> None:
    arn = properties("CallbackFirewallAssociation")["ResourceArn"]["Fn::Sub"]
    rules = properties("CallbackFirewallAcl")["Rules"]

    assert arn.endswith("/restapis/${CallbackApi}/stages/${CallbackApi.Stage}")
    assert [rule["Fn::If"][0] for rule in rules] == ["AllowWechatOnly"] + ["ManagedRules"] * 2
    assert len({rule["Fn::If"][1]["Priority"] for rule in rules}) == len(rules)
    assert properties("CallbackAddresses")["Addresses"] == ["0.0.0.0/1", "128.0.0.0/1"]


def test_the_api_is_throttled() -> None:
    for api in of_type("AWS::Serverless::Api").values():
        assert api["MethodSettings"][0]["ThrottlingRateLimit"] > 0


def test_nothing_is_measured_by_method_that_nobody_reads() -> None:
    """API Gateway's detailed metrics cost as much as all the metrics of ours."""
    settings = properties("CallbackApi")["MethodSettings"]
    assert not any(setting.get("MetricsEnabled") for setting in settings)


# ----------------------------------------------------------------------- tables


@pytest.mark.parametrize("table", ["FollowersTable", "StateTable"])
def test_a_table_is_on_demand_encrypted_recoverable_and_outlives_the_stack(table: str) -> None:
    resource, described = RESOURCES[table], properties(table)

    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    assert described["BillingMode"] == "PAY_PER_REQUEST"
    assert described["SSESpecification"] == {"SSEEnabled": True}
    assert described["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert described["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_the_tables_have_the_keys_that_the_stores_use() -> None:
    keys = {
        table: [key["AttributeName"] for key in properties(table)["KeySchema"]]
        for table in ("FollowersTable", "StateTable")
    }

    assert keys == {"FollowersTable": ["openid"], "StateTable": ["pk", "sk"]}


# --------------------------------------------------------- fixed egress address

EC2 = {name: r for name, r in RESOURCES.items() if r["Type"].startswith("AWS::EC2::")}
WECHATS_CALLERS = sorted(set(FUNCTIONS) - {"CallbackFunction", "CallbackBacklogFunction"})


@pytest.mark.parametrize("name", WECHATS_CALLERS)
def test_whoever_calls_wechat_can_be_put_behind_a_fixed_address(name: str) -> None:
    condition, network, otherwise = properties(name)["VpcConfig"]["Fn::If"]

    assert (condition, otherwise) == ("InVpc", {"Ref": "AWS::NoValue"})
    own, given = network["SubnetIds"]["Fn::If"][1:]
    assert (own, given) == (
        [{"Ref": "PrivateSubnetA"}, {"Ref": "PrivateSubnetB"}],
        {"Ref": "VpcSubnetIds"},
    )


@pytest.mark.parametrize("name", ["CallbackFunction", "CallbackBacklogFunction"])
def test_the_callback_calls_nobody_and_stays_outside(name: str) -> None:
    assert "VpcConfig" not in properties(name)
    assert "VpcConfig" not in TEMPLATE["Globals"]["Function"]


@pytest.mark.parametrize("name", EC2)
def test_what_costs_is_made_only_where_it_is_wished(name: str) -> None:
    assert EC2[name]["Condition"] == "OwnVpc"


def test_the_way_out_has_one_address_and_the_way_in_is_shut() -> None:
    assert properties("NatGateway")["AllocationId"] == {
        "Fn::GetAtt": ["EgressAddress", "AllocationId"]
    }
    assert TEMPLATE["Outputs"]["EgressAddress"]["Condition"] == "OwnVpc"
    group = properties("EgressSecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert [(rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [
        (443, 443)
    ]
    for subnet in ("PrivateSubnetA", "PrivateSubnetB"):
        assert properties(f"{subnet}Routes")["RouteTableId"] == {"Ref": "PrivateRoutes"}
    assert properties("PrivateRoute")["NatGatewayId"] == {"Ref": "NatGateway"}


# ---------------------------------------------------------- alarms and dashboard

OURS = "wxlive/${AWS::StackName}"
ALARMS = of_type("AWS::CloudWatch::Alarm")
FOREIGN = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
    ("AWS/ApiGateway", "5XXError"),
    ("AWS/ApiGateway", "Latency"),
    ("AWS/Lambda", "Errors"),
}
"""Metrics that AWS emits, as its documentation names them."""


def emitted() -> set[tuple[str, str]]:
    """Each metric that a function's code, or the telemetry it uses, counts; with its service."""
    found = set()
    for service in FUNCTIONS.values():
        sources = [path.read_text("utf-8") for path in (ROOT / "functions" / service).rglob("*.py")]
        if "wxlive.intake" in "".join(sources):
            sources.append((ROOT / "layers/wxlive/wxlive/intake.py").read_text("utf-8"))
        names = re.findall(r"Metric\.([A-Z_]+)", "".join(sources))
        found |= {(service, Metric[name].value) for name in names}
        if ".problem(" in "".join(sources):
            found.add((service, Metric.ACCESS_REFUSED.value))
    return found


def dashboard() -> list[dict[str, Any]]:
    """The dashboard's widgets, with 1 where CloudFormation would write what it knows."""
    body = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    widgets: list[dict[str, Any]] = json.loads(re.sub(r"\$\{(?!AWS::StackName)[^}]*\}", "1", body))[
        "widgets"
    ]
    return widgets


def dashboard_metrics() -> list[list[Any]]:
    shown = [m for widget in dashboard() for m in widget["properties"].get("metrics", [])]
    return [metric for metric in shown if isinstance(metric[0], str)]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_a_metric_that_somebody_emits(name: str) -> None:
    alarm = ALARMS[name]
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}

    if alarm["Namespace"] == {"Fn::Sub": OURS}:
        assert (dimensions["service"], alarm["MetricName"]) in emitted()
        assert set(dimensions) == {"service"}
    else:
        assert (alarm["Namespace"], alarm["MetricName"]) in FOREIGN


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_to_do_and_is_in_the_runbook(name: str) -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert len(ALARMS[name]["AlarmDescription"]) > 50
    assert f"| `{name.removesuffix('Alarm')}` |" in runbook
    assert ALARMS[name]["AlarmActions"] == [{"Ref": "AlarmTopic"}]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_evaluates_no_longer_than_cloudwatch_can(name: str) -> None:
    period, periods = ALARMS[name]["Period"], ALARMS[name]["EvaluationPeriods"]

    assert period * periods <= (604_800 if period >= 3600 else 86_400)


def test_the_dashboard_shows_metrics_that_somebody_emits() -> None:
    assert len(dashboard_metrics()) > 20
    for namespace, name, *rest in dashboard_metrics():
        if namespace == OURS:
            assert rest[0] == "service"
            assert (rest[1], name) in emitted()
        else:
            assert (namespace, name) in FOREIGN


def test_the_dashboard_is_laid_out_without_gaps_or_overlaps() -> None:
    cells = [
        (x, y)
        for widget in dashboard()
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells)) == 24 * (1 + max(y for _, y in cells))
    assert {x for x, _ in cells} == set(range(24))
    assert {widget["type"] for widget in dashboard()} == {"alarm", "metric"}


def test_the_dashboard_shows_every_alarm() -> None:
    body = properties("Dashboard")["DashboardBody"]["Fn::Sub"]

    assert set(re.findall(r"\$\{(\w+)\.Arn\}", body)) == set(ALARMS)


def test_every_metric_in_the_environment_lands_where_the_alarms_look() -> None:
    given = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]

    assert given["POWERTOOLS_METRICS_NAMESPACE"] == {"Fn::Sub": OURS}
    for name, service in FUNCTIONS.items():
        assert properties(name)["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == service


# ------------------------------------------------------- parameters and outputs


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("WechatApiBase", "https://api.weixin.qq.com"),
        ("MessageMode", "secure"),
        ("PushRatePerSecond", 2000),
        ("PushChunkSize", 2000),
        ("DailyCallQuota", 5000),
        ("CallbackMaxAgeSeconds", 600),
        ("Architecture", "arm64"),
        ("AutoPush", "off"),
        ("WatchDailyCalls", 400),
        ("AlarmEmail", ""),
        ("SyncSchedule", ...),
        ("WatchSchedule", ...),
        ("LogLevel", ...),
    ],
)
def test_the_contracts_parameters_have_the_contracts_defaults(name: str, default: object) -> None:
    parameter = TEMPLATE["Parameters"][name]

    assert "Default" in parameter
    if default is not ...:
        assert parameter["Default"] == default
        assert type(parameter["Default"]) is type(default)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("MessageMode", ["secure", "compatible", "plaintext"]),
        ("Architecture", ["arm64", "x86_64"]),
        ("AutoPush", ["off", "on"]),
        ("PushRetryBusy", ["off", "on"]),
    ],
)
def test_a_choice_offers_what_the_contract_says(name: str, allowed: list[str]) -> None:
    assert TEMPLATE["Parameters"][name]["AllowedValues"] == allowed


def test_a_chunk_is_never_larger_than_wechat_takes_and_any_age_can_be_accepted() -> None:
    assert TEMPLATE["Parameters"]["PushChunkSize"]["MaxValue"] == 2000
    assert TEMPLATE["Parameters"]["CallbackMaxAgeSeconds"]["MinValue"] == 0


def test_every_parameter_is_used_and_shown_in_a_group() -> None:
    used = set(re.findall(r"!Ref (\w+)|\$\{(\w+)\}", TEXT))
    names = {name for pair in used for name in pair}
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]

    assert set(TEMPLATE["Parameters"]) <= names
    assert sorted(shown) == sorted(TEMPLATE["Parameters"])


def test_every_output_that_the_operators_command_reads_is_there() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "cli").rglob("*.py")]
    read = {
        name
        for source in sources
        for pair in re.findall(r'outputs\["(\w+)"\]|stack\.(?:ask|poke|output)\(\s*"(\w+)"', source)
        for name in pair
        if name
    }

    assert {"StateTable", "FollowersTable", "PushStartFunction", "FollowerSyncFunction"} <= read
    assert read <= set(TEMPLATE["Outputs"])


# ------------------------------------------------------------------ environment


def test_every_setting_that_the_functions_read_is_given_and_none_else() -> None:
    class Recorder(dict[str, str]):
        asked: set[str] = set()  # noqa: RUF012 - one recorder a test

        def get(self, name: str, default: Any = None) -> Any:
            self.asked.add(name)
            return super().get(name, default)

    given = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    recorder = Recorder({name: _resolved(value) for name, value in given.items()})

    Settings.from_env(recorder)

    assert {name for name in given if not name.startswith("POWERTOOLS_")} == recorder.asked


def _resolved(value: Any) -> str:
    """What a variable holds where every parameter has its default."""
    parameter = TEMPLATE["Parameters"].get(value.get("Ref")) if isinstance(value, dict) else None
    return str(parameter["Default"]) if parameter else "deployed"


def test_the_environment_holds_names_and_numbers_but_no_secret() -> None:
    everywhere = [TEMPLATE["Globals"]["Function"], *(properties(name) for name in FUNCTIONS)]
    names = {name for scope in everywhere for name in scope["Environment"]["Variables"]}

    suspects = {n for n in names if re.search(r"SECRET|TOKEN|AES|PASSWORD|APPID|KEY", n)}
    assert suspects == {"WECHAT_SECRET_NAME"}


def test_no_parameter_takes_a_secret() -> None:
    suspects = [p for p in TEMPLATE["Parameters"] if re.search(r"(?i)secret|token|key|appid", p)]

    assert suspects == ["WechatSecretName"]
    assert "resolve:secretsmanager" not in TEXT


# -------------------------------------------------------------------- samconfig

SAMCONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("environment", ["local", "staging", "prod"])
def test_each_environment_names_its_stack_and_how_it_is_deployed(environment: str) -> None:
    section = SAMCONFIG[environment]

    assert section["global"]["parameters"]["stack_name"].startswith("wxlive")
    assert section["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"


def test_production_asks_before_it_changes_and_staging_is_another_stack() -> None:
    assert SAMCONFIG["prod"]["deploy"]["parameters"]["confirm_changeset"] is True
    stacks = [SAMCONFIG[e]["global"]["parameters"]["stack_name"] for e in ("staging", "prod")]
    assert len(set(stacks)) == 2


def test_samconfig_overrides_only_parameters_that_exist_and_holds_no_secret() -> None:
    deploy = [SAMCONFIG[e]["deploy"]["parameters"] for e in ("local", "staging", "prod")]
    pairs = [pair for options in deploy for pair in options.get("parameter_overrides", "").split()]
    overrides = [pair.split("=", 1) for pair in pairs]

    assert overrides
    assert {name for name, _ in overrides} <= set(TEMPLATE["Parameters"])
    assert not [value for _, value in overrides if re.fullmatch(r"[0-9a-zA-Z+=]{24,}", value)]
