"""The pages say what a deployment has: alarms, log groups, fields of the access log, stacks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.infrastructure.variants import PLAIN, VALUES, Syntheses, Templates
from tools.docs.pages import codes, first_codes, rows
from tools.synthesis import ROOT, STAGES, Resource, Synthesis

OPERATIONS = "docs/operations.md"
STACKS = ("InvocationLogging", "ModelAccess", "Gateway", "Observability")


OPTIONAL = {
    **PLAIN,
    **VALUES["logging.archive"][1],
    **VALUES["evidence.cloudtrail"][1],
    **VALUES["evidence.audit_entry_table"][1],
    **VALUES["logging.kms_key"][1],
    **VALUES["endpoint.domain"][1],
    "logging.keep_logs_on_destroy": True,
}
"""Keys that add alarms, log groups or outputs, and that no stage of cdk.json has."""


def name_of(alarm: Resource) -> str:
    """What the project calls it."""
    return _name(alarm.id)


def _name(logical_id: str) -> str:
    return re.sub(r"^Alarms|[0-9A-F]{8}$", "", logical_id)


@pytest.fixture(scope="module")
def optional(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates of a stage with such keys."""
    return Syntheses(tmp_path_factory.mktemp("syntheses")).of(OPTIONAL)


def _optional_alarms(optional: Templates) -> set[str]:
    resources = optional["Observability"]["Resources"].items()
    return {_name(name) for name, body in resources if body["Type"] == "AWS::CloudWatch::Alarm"}


def test_every_alarm_has_its_row(local: Synthesis, optional: Templates) -> None:
    alarms = local.resources("Observability", "AWS::CloudWatch::Alarm")
    assert first_codes(OPERATIONS, "Alarms") == {
        name_of(alarm) for alarm in alarms
    } | _optional_alarms(optional)


def test_every_alarm_of_every_stage_has_its_page_and_links_it(any_stage: Synthesis) -> None:
    for alarm in any_stage.resources("Observability", "AWS::CloudWatch::Alarm"):
        path = alarm.properties["AlarmDescription"].rpartition(" ")[2]
        assert path == f"docs/runbooks/{name_of(alarm)}.md"
        assert (ROOT / path).is_file()


def test_every_page_has_its_alarm(
    synthesis: Callable[[str], Synthesis], optional: Templates
) -> None:
    alarms = {
        name_of(alarm)
        for stage in STAGES
        for alarm in synthesis(stage).resources("Observability", "AWS::CloudWatch::Alarm")
    }
    assert {
        page.stem for page in (ROOT / "docs" / "runbooks").iterdir()
    } == alarms | _optional_alarms(optional)


def test_pages_for_alarms_name_outputs_and_functions_that_there_are(
    local: Synthesis, optional: Templates
) -> None:
    pages = "".join(page.read_text() for page in (ROOT / "docs" / "runbooks").iterdir())
    documented = {
        *re.findall(r"outputs? `(\w+)`", pages),
        *re.findall(r"OutputKey=='(\w+)'", pages),
    }
    templates = [*(local.template(stack) for stack in STACKS), *optional.values()]
    outputs = {name for template in templates for name in template.get("Outputs", {})}
    assert {"KeyArn", "FunctionName", "CanaryName"} <= documented <= outputs
    (begins,) = re.findall(r"LogicalResourceId, '(\w+)'", pages)
    (configurer,) = [
        resource.properties["Handler"]
        for resource in local.resources("InvocationLogging", "AWS::Lambda::Function")
        if resource.id.startswith(begins)
    ]
    assert configurer == "invocation_logging.handler.handle"


def test_every_log_group_has_its_row(local: Synthesis, optional: Templates) -> None:
    bodies = [
        *((resource.type, resource.properties) for resource in local.everything()),
        *(
            (body["Type"], body.get("Properties", {}))
            for template in optional.values()
            for body in template["Resources"].values()
        ),
    ]
    groups = {
        properties["LogGroupName"].rpartition("/")[2]
        for kind, properties in bodies
        if kind == "AWS::Logs::LogGroup"
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


def test_every_function_of_a_stage_is_listed_with_its_stack(any_stage: Synthesis) -> None:
    stacks = {codes(row[0])[0]: row[1] for row in rows("docs/architecture.md", "Functions")}
    for stack in STACKS:
        for function in any_stage.resources(stack, "AWS::Lambda::Function"):
            folder = function.properties["Handler"].partition(".")[0]
            assert stacks[folder].startswith(stack)
