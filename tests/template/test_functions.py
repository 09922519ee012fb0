"""The functions: code, logs, limits, environment."""

import json
import re
from typing import TYPE_CHECKING, Any

from support.template import FUNCTIONS, NAMESPACE
from wxlive.domain.chunks import CALL_LIMIT_S, CLAIM_STALE_S
from wxlive.settings import Settings
from wxlive_local.paths import ROOT
from wxlive_push_fanout.send import MAX_WAIT_MS, STORING_S

if TYPE_CHECKING:
    from support.template import ParsedTemplate


def test_there_are_these_functions_and_no_others(template: "ParsedTemplate") -> None:
    assert set(template.of_type("AWS::Serverless::Function")) == set(FUNCTIONS)


def test_a_functions_code_and_handler_exist(template: "ParsedTemplate", function: str) -> None:
    code = template.properties(function)["CodeUri"]
    module, handler = template.properties(function)["Handler"].rsplit(".", 1)

    assert code == f"functions/{FUNCTIONS[function]}"
    source = (ROOT / code / module.replace(".", "/")).with_suffix(".py")
    assert f"def {handler}(" in source.read_text(encoding="utf-8")


def test_a_function_is_named_after_its_stack_and_its_folder(
    template: "ParsedTemplate", function: str
) -> None:
    name = template.properties(function)["FunctionName"]["Fn::Sub"]

    assert name == "${AWS::StackName}-" + FUNCTIONS[function].replace("_", "-")


def test_a_function_has_a_log_group_of_its_own_that_expires(
    template: "ParsedTemplate", function: str
) -> None:
    group = template.properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
    users = [other for other in FUNCTIONS if group in json.dumps(template.properties(other))]
    name = FUNCTIONS[function].replace("_", "-")

    assert users == [function]
    assert template.properties(group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert template.properties(group)["LogGroupName"]["Fn::Sub"] == (
        "/wxlive/${AWS::StackName}/" + name
    )


def test_the_lines_of_every_log_group_expire(template: "ParsedTemplate") -> None:
    groups = template.of_type("AWS::Logs::LogGroup").values()

    assert all("RetentionInDays" in group for group in groups)


def test_a_function_has_a_time_limit_memory_and_a_name_for_its_telemetry(
    template: "ParsedTemplate", function: str
) -> None:
    properties, shared = template.properties(function), template.globals

    assert 0 < properties["Timeout"] <= 900
    assert properties.get("MemorySize", shared["MemorySize"]) >= 256
    assert template.environment(function) == {"POWERTOOLS_SERVICE_NAME": FUNCTIONS[function]}
    assert shared["Architectures"] == [{"Ref": "Architecture"}]


def test_the_callback_answers_before_wechat_times_out(
    template: "ParsedTemplate", fail_fast_s: float
) -> None:
    assert template.properties("CallbackFunction")["Timeout"] <= 5
    # The secret, the table and the queue may all be unavailable, one after the other.
    assert 3 * fail_fast_s < 4


def test_a_sender_has_time_to_wait_for_its_slot_call_wechat_and_store_the_answer(
    template: "ParsedTemplate",
) -> None:
    needed_s = MAX_WAIT_MS / 1000 + CALL_LIMIT_S + STORING_S

    assert needed_s <= template.properties("PushFanoutFunction")["Timeout"] - 10


def test_a_message_that_a_dead_sender_had_received_returns_only_when_its_claim_is_stale(
    template: "ParsedTemplate",
) -> None:
    assert template.properties("PushQueue")["VisibilityTimeout"] > CLAIM_STALE_S


def test_the_metrics_are_in_the_namespace_that_the_alarms_watch(
    template: "ParsedTemplate",
) -> None:
    assert template.environment()["POWERTOOLS_METRICS_NAMESPACE"] == {"Fn::Sub": NAMESPACE}


def test_the_functions_receive_every_setting_that_they_read_and_no_other(
    template: "ParsedTemplate",
) -> None:
    class Recorder(dict[str, str]):
        read: set[str] = set()  # noqa: RUF012 - one recorder a test

        def get(self, name: str, default: Any = None) -> Any:
            self.read.add(name)
            return super().get(name, default)

    given = template.environment()
    recorder = Recorder({name: _resolved(value, template) for name, value in given.items()})

    Settings.from_env(recorder)

    assert {name for name in given if not name.startswith("POWERTOOLS_")} == recorder.read


def _resolved(value: Any, template: "ParsedTemplate") -> str:
    """What a variable holds where every parameter has its default."""
    parameter = template.parameters.get(str(value.get("Ref"))) if isinstance(value, dict) else None
    return str(parameter["Default"]) if parameter else "deployed"


def test_the_environment_holds_no_secret(template: "ParsedTemplate") -> None:
    scopes = [template.environment(), *(template.environment(name) for name in FUNCTIONS)]
    names = {name for scope in scopes for name in scope}

    suspects = {n for n in names if re.search(r"SECRET|TOKEN|AES|PASSWORD|APPID|KEY", n)}
    assert suspects == {"WECHAT_SECRET_NAME", "NOTIFY_SECRET_NAME"}
