"""The pages say what a deployment has: alarms, log groups, fields of the access log, stacks."""

from __future__ import annotations

import json
import re

from tests.infrastructure.synthesis import Synthesis
from tests.pages import first_codes

OPERATIONS = "docs/operations.md"


def test_every_alarm_has_its_row(local: Synthesis) -> None:
    alarms = local.resources("Observability", "AWS::CloudWatch::Alarm")
    names = {re.sub(r"^Alarms|[0-9A-F]{8}$", "", alarm.id) for alarm in alarms}
    assert first_codes(OPERATIONS, "Alarms") == names


def test_every_log_group_has_its_row(local: Synthesis) -> None:
    groups = {
        resource.properties["LogGroupName"].rpartition("/")[2]
        for resource in local.everything()
        if resource.type == "AWS::Logs::LogGroup"
    }
    assert first_codes(OPERATIONS, "Logs") == groups


def test_every_field_of_the_access_log_has_its_row(prod: Synthesis) -> None:
    stage = prod.only("Gateway", "AWS::ApiGateway::Stage")
    line = json.loads(stage.properties["AccessLogSetting"]["Format"])
    assert first_codes(OPERATIONS, "Access log") == set(line)


def test_every_stack_has_its_row(prod: Synthesis) -> None:
    stacks = {path.name.split(".")[0] for path in prod.folder.glob("*.template.json")}
    documented = first_codes("docs/deploy.md", "What it makes")
    assert stacks <= {code.replace("STAGE", prod.stage) for code in documented}
