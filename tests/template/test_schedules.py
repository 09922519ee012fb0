"""Schedules, and the rule that announces a room."""

import json
from typing import TYPE_CHECKING

from support.template import FUNCTIONS

if TYPE_CHECKING:
    from support.template import ParsedTemplate


def test_a_schedule_states_its_retries_and_uses_beijing_time(template: "ParsedTemplate") -> None:
    schedules = [
        event["Properties"]
        for name in FUNCTIONS
        for event in template.properties(name).get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    ]

    assert len(schedules) == 5
    for schedule in schedules:
        assert "MaximumRetryAttempts" in schedule["RetryPolicy"]
        assert schedule["ScheduleExpressionTimezone"] == "Asia/Shanghai"
        assert "${AWS::StackName}-" in schedule["Name"]["Fn::Sub"]


def test_the_living_campaign_is_reconciled_each_minute(template: "ParsedTemplate") -> None:
    schedule = template.properties("PushStartFunction")["Events"]["Reconcile"]["Properties"]

    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert json.loads(schedule["Input"]) == {"action": "reconcile"}
    assert schedule["RetryPolicy"] == {"MaximumRetryAttempts": 0}  # the next minute is the retry


def test_an_email_announces_a_room_that_is_not_pushed_automatically(
    template: "ParsedTemplate",
) -> None:
    rule = template.properties("RoomWentLiveMail")

    assert rule["EventPattern"]["detail-type"] == ["Room went live"]
    assert rule["EventPattern"]["detail"]["auto_push"] == [False]
    assert [target["Arn"] for target in rule["Targets"]] == [{"Ref": "AlarmTopic"}]
