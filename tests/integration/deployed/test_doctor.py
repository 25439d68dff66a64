"""`claude-bedrock doctor` against what is up: all well, all broken, and all denied."""

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from claude_bedrock.cli.doctor.check import Check, exit_code
from claude_bedrock.cli.doctor.checks import account_overrides, alarms, data_retention_mode
from claude_bedrock.cli.doctor.checks.endpoint import LocalEndpoint
from claude_bedrock.cli.doctor.context import Account, Clients
from claude_bedrock.cli.doctor.runner import NAMES, DoctorOptions, examine
from claude_bedrock.cli.shared.cdk_json import CDK_JSON
from claude_bedrock.cli.shared.stage_settings import Settings
from tests.integration.deployed import response_overrides
from tests.integration.deployed.deployment import Deployment
from tests.integration.deployed.response_overrides import Override, override
from tests.integration.deployed.running import PROJECT
from tests.integration.deployed.test_cli import RUN, claude_bedrock

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
MADE_UP = {
    "region": "us-east-1",
    "geographies": ["us", "global"],
    "residency": ["us-east"],
    "models": ["claude-haiku-4-5", "claude-fable-5"],
    "data_retention": "none",
    "retention_days": 30,
    "github": True,
}
ENFORCED = {"guardrailsConfig": [{"guardrailId": "abc123", "guardrailVersion": "2"}]}
MISSING = {"__type": "ResourceNotFoundException", "message": "none"}
DENIED = {"__type": "AccessDeniedException", "message": "not you"}
DENIED_XML = (
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error>"
    "</ErrorResponse>"
)


def set_overrides(deployment: Deployment, *answers: Override) -> None:
    response_overrides.set_overrides(deployment.endpoint["aws_endpoint_url"], *answers)


@pytest.fixture
def healed(deployment: Deployment) -> Iterator[None]:
    yield
    set_overrides(deployment)


def doctor_options(deployment: Deployment) -> DoctorOptions:
    local = LocalEndpoint(deployment.endpoint["url"], deployment.endpoint["ca_bundle"])
    return DoctorOptions(PROJECT / CDK_JSON, local, fix=False, now=lambda: dt.datetime.now(dt.UTC))


def checks_of(checks: list[Check], name: str, outcome: str) -> list[Check]:
    return [check for check in checks if (check.name, check.outcome) == (name, outcome)]


def doctor(deployment: Deployment, *arguments: str) -> subprocess.CompletedProcess[str]:
    """With an AWS CLI that is recent enough, whatever this machine has."""
    bin_folder = deployment.state / "bin"
    bin_folder.mkdir(exist_ok=True)
    (bin_folder / "aws").write_text("#!/bin/sh\necho aws-cli/2.31.0\n")
    (bin_folder / "aws").chmod(0o700)
    return subprocess.run(
        [sys.executable, "-c", RUN, "doctor", *arguments, "--local-dir", str(deployment.state)],
        cwd=PROJECT,
        env={**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_all_is_well_with_what_is_up(deployment: Deployment) -> None:
    detector = deployment.output("InvocationLogging", "DriftDetectorName")
    deployment.client("lambda").invoke(FunctionName=detector, Payload=b"{}")
    process = doctor(deployment, "--json")
    checks = [Check(**check) for check in json.loads(process.stdout)["items"]]

    assert {check.name for check in checks} == set(NAMES)
    warned = {check.name for check in checks if check.outcome == "warning"}
    # The stage names no address; other tests of this deployment may have set off an alarm.
    assert warned - {"alarms"} == {"alarm subscribers"}, process.stdout
    assert {check.outcome for check in checks} == {"ok", "skipped", "warning"}, process.stdout
    assert process.returncode == 0
    (reserved,) = checks_of(checks, "Lambda concurrency", "ok")
    assert reserved.found == "200 reserved, of 900 that can be"
    plain = doctor(deployment)
    assert plain.returncode == 0
    assert all(name in plain.stdout for name in NAMES)


def broken(tmp_path: Path, deployment: Deployment) -> list[Check]:
    """What doctor finds when everything that can be wrong is."""
    stack = deployment.stage().stack("ModelAccess")
    set_overrides(
        deployment,
        override("cloudformation", f"DescribeStacks.*{stack}", _stack(stack)),
        override("sts", "GetCallerIdentity", _caller()),
        override("iam", "SimulatePrincipalPolicy", _simulated()),
        override("ssm", "GetParameter", {"__type": "ParameterNotFound", "message": "none"}, 400),
        override("bedrock", "GET /logging/modelinvocations", {}),
        override("bedrock", "GET /data-retention", {"mode": "inherit"}),
        override("bedrock", "GET /enforcedGuardrailsConfiguration", ENFORCED),
        override("bedrock", "GET /use-case-for-model-access", MISSING, 404),
        override("bedrock", f"GET /foundation-model-availability/{HAIKU}", _unavailable()),
        override("bedrock", f"GET /foundation-models/{HAIKU}", _ended()),
        override("servicequotas", "ListServiceQuotas", {"Quotas": _no_quotas()}),
        override("lambda", "GET .*/account-settings", _small_account()),
    )
    block = {
        "region": "eu-central-1",
        "account": {"id": "210987654321"},
        "endpoint": {"reserved_concurrency": 150},
    }
    cdk_json = tmp_path / "cdk.json"
    cdk_json.write_text(json.dumps({"context": {"stages": {"local": block}}}))
    nowhere = LocalEndpoint("http://127.0.0.1:9/local", None)
    late = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    return examine(
        deployment.stage(), DoctorOptions(cdk_json, nowhere, fix=False, now=lambda: late)
    )


@pytest.mark.usefixtures("healed")
def test_each_check_fails_and_names_the_fix(deployment: Deployment, tmp_path: Path) -> None:
    checks = broken(tmp_path, deployment)

    fixes = {
        "Region": "give --region eu-central-1",
        "credentials": "take credentials of account 210987654321",
        "clock": "set the clock",
        "CDK bootstrap": "cdk bootstrap aws://123456789012/us-east-1",
        "stack": "describe-stack-events --stack-name claude-on-bedrock-local-ModelAccess",
        "endpoint": "is `make local` still up?",
        "Lambda concurrency": "lower `reserved_concurrency`",
        "invocation logging": "put-model-invocation-logging-configuration",
        "use-case form": "claude-bedrock access submit",
        "model availability": "choose a Region",
        "model entitlement": "payment method",
        "model authorization": "AWS Support",
        "model agreement": f"--model-id us.{HAIKU}",
        "model lifecycle": "in the stage's models",
        "Marketplace permissions": "roles.setup",
        "requests per minute": "request-service-quota-increase",
        "tokens per minute": "request-service-quota-increase",
        "data retention": "claude-bedrock doctor --fix",
        "model data retention": "--mode aws_review",
        "destination Regions": "`residency`",
        "GitHub OIDC provider": "create-open-id-connect-provider",
    }
    # The AWS CLI is nothing of ours, and what the settings say when they cannot be read is below;
    # what the account overrides is warned of, or cannot be asked by the installed boto3, and of an
    # alarm that nobody hears doctor warns, too. A token issuer is no AWS, and is asked over TLS:
    # tests/unit/cli/doctor/test_token_issuers.py has what can be wrong with it. The stage has no
    # archive: tests/unit/cli/doctor/test_archive.py has what can be wrong with one.
    warnings = {*account_overrides.NAMES, alarms.SUBSCRIBERS.name, alarms.DELIVERIES}
    others = {"AWS CLI", "stage settings", "token issuer", "archive", *warnings}
    others |= {
        "drift detector",
        "alarms",
        "alarm topic",
        "permissions boundary",
        "KMS key",
        "access log bucket",
        "VPC endpoints",
        "truststore",
        "web ACL",
        "replaced keys",
    }
    assert set(fixes) == set(NAMES) - others
    (warned,) = checks_of(checks, "enforced guardrail", "warning")
    assert "abc123 version 2" in warned.found
    for name, fix in fixes.items():
        failed = checks_of(checks, name, "failed")
        assert failed, (name, [check for check in checks if check.name == name])
        assert any(fix in check.fix for check in failed), failed
    assert exit_code(checks) == 1


@pytest.mark.usefixtures("healed")
def test_what_aws_denies_is_unknown_and_names_the_permission(deployment: Deployment) -> None:
    set_overrides(
        deployment,
        *(override(name, "", DENIED, 403) for name in ("bedrock", "servicequotas", "ssm")),
        override("lambda", "/account-settings", DENIED, 403),
        *(override(name, "", DENIED_XML, 403) for name in ("cloudformation", "iam")),
        override("sts", "GetCallerIdentity", _caller("sts", "assumed-role/operator/ann")),
    )
    checks = examine(deployment.stage(), doctor_options(deployment))

    permissions = {
        "CDK bootstrap": "ssm:GetParameter",
        "stack": "cloudformation:DescribeStacks",
        "Lambda concurrency": "lambda:GetAccountSettings",
        "invocation logging": "bedrock:GetModelInvocationLoggingConfiguration",
        "alarm subscribers": "sns:ListSubscriptionsByTopic",
        "use-case form": "bedrock:GetUseCaseForModelAccess",
        "model availability": "bedrock:GetFoundationModelAvailability",
        "model entitlement": "bedrock:GetFoundationModelAvailability",
        "model authorization": "bedrock:GetFoundationModelAvailability",
        "model agreement": "bedrock:GetFoundationModelAvailability",
        "model lifecycle": "bedrock:GetFoundationModel",
        "Marketplace permissions": "iam:SimulatePrincipalPolicy",
        "requests per minute": "servicequotas:ListServiceQuotas",
        "tokens per minute": "servicequotas:ListServiceQuotas",
        "data retention": "bedrock:GetAccountDataRetention",
        "model data retention": "bedrock:GetAccountDataRetention",
        "enforced guardrail": "bedrock:ListEnforcedGuardrailsConfiguration",
        "destination Regions": "bedrock:GetInferenceProfile",
    }
    for name, permission in permissions.items():
        of_name = [check for check in checks if check.name == name]
        assert {check.outcome for check in of_name} == {"unknown"}, of_name
        assert all(f"allow {permission}" in check.fix for check in of_name)
    assert exit_code(checks) == 2


@pytest.mark.usefixtures("healed")
def test_refused_credentials_leave_nothing_to_check(deployment: Deployment) -> None:
    expired = DENIED_XML.replace("AccessDenied", "ExpiredToken")
    set_overrides(deployment, override("sts", "GetCallerIdentity", expired, 403))
    checks = examine(deployment.stage(), doctor_options(deployment))

    assert {check.name for check in checks} == set(NAMES)
    (failed,) = [check for check in checks if check.outcome == "failed"]
    assert (failed.name, "aws sso login" in failed.fix) == ("credentials", True)


def test_before_the_first_deployment_the_settings_are_those_of_cdk_json(
    deployment: Deployment,
) -> None:
    checks = examine(
        deployment.stage()._replace(stage="dev"), doctor_options(deployment)._replace(local=None)
    )

    (settings,) = checks_of(checks, "stage settings", "ok")
    assert "cdk.json: claude-haiku-4-5" in settings.found
    assert {check.outcome for check in checks if check.name == "stack"} == {"skipped"}
    (logging,) = checks_of(checks, "invocation logging", "failed")
    assert "/claude-on-bedrock/local/invocations" in logging.found


def test_a_stage_that_nothing_describes_fails(deployment: Deployment, tmp_path: Path) -> None:
    checks = examine(
        deployment.stage()._replace(stage="nowhere"),
        doctor_options(deployment)._replace(cdk_json=tmp_path / "none.json", local=None),
    )

    (settings,) = checks_of(checks, "stage settings", "failed")
    assert "deploy the stage" in settings.fix
    assert {check.name for check in checks} == set(NAMES)


@pytest.fixture
def of_a_new_account(deployment: Deployment) -> Iterator[None]:
    """No mode of its own, whatever the deployed stage has set; afterwards that again."""
    bedrock = deployment.client("bedrock")
    before = bedrock.get_account_data_retention()["mode"]
    bedrock.put_account_data_retention(mode="inherit")
    yield
    bedrock.put_account_data_retention(mode=before)


@pytest.mark.usefixtures("of_a_new_account")
def test_fix_sets_a_stricter_mode_and_never_a_looser_one(deployment: Deployment) -> None:
    stage = deployment.stage()
    account = Account(stage, Clients(stage), "123456789012", "arn:…", "2026-11-25")
    settings = Settings("here", "us-east-1", ("global",), None, (), "none", 30, github=False)

    def mode() -> str:
        now: str = deployment.client("bedrock").get_account_data_retention()["mode"]
        return now

    (left,) = data_retention_mode.check(account, settings, fix=False)
    assert (left.outcome, mode()) == ("failed", "inherit")
    (fixed,) = data_retention_mode.check(account, settings, fix=True)
    assert (fixed.outcome, fixed.found) == ("ok", "none, set just now; it was inherit")
    assert mode() == "none"
    (refused,) = data_retention_mode.check(
        account, settings._replace(data_retention="aws_review"), fix=True
    )
    assert (refused.outcome, mode()) == ("failed", "none")


def test_the_form_is_sent_as_it_was_filled_in(deployment: Deployment, tmp_path: Path) -> None:
    bedrock = deployment.client("bedrock")
    before = bedrock.get_use_case_for_model_access()["formData"]
    empty = json.loads(claude_bedrock_form())
    form = tmp_path / "form.json"
    form.write_text(json.dumps(empty))

    refused = claude_bedrock(deployment, "access", "submit", "--form", str(form), "--yes")
    assert (refused.returncode, "companyName: empty" in refused.stderr) == (1, True)
    filled = {name: f"Octo {name}" for name in empty} | {"intendedUsers": "0"}
    form.write_text(json.dumps(filled))
    unasked = claude_bedrock(deployment, "access", "submit", "--form", str(form))
    assert unasked.returncode == 1
    assert bedrock.get_use_case_for_model_access()["formData"] == before

    try:
        sent = claude_bedrock(deployment, "access", "submit", "--form", str(form), "--yes")
        assert sent.returncode == 0, sent.stderr
        assert "123456789012 in us-east-1" in sent.stdout
        assert "binds it" in sent.stdout
        assert json.loads(bedrock.get_use_case_for_model_access()["formData"]) == filled
    finally:
        bedrock.put_use_case_for_model_access(formData=before)


def claude_bedrock_form() -> str:
    printed = subprocess.run(
        [sys.executable, "-c", RUN, "access", "form"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return printed.stdout


def _stack(name: str) -> str:
    settings = json.dumps(MADE_UP)
    return (
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
        f"<StackName>{name}</StackName><StackStatus>UPDATE_ROLLBACK_FAILED</StackStatus>"
        "<CreationTime>2026-11-25T00:00:00Z</CreationTime><Outputs><member>"
        f"<OutputKey>Settings</OutputKey><OutputValue>{settings}</OutputValue>"
        "</member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    )


def _caller(service: str = "iam", resource: str = "user/nobody") -> str:
    return (
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Arn>arn:aws:{service}::123456789012:{resource}</Arn><UserId>1</UserId>"
        "<Account>123456789012</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )


def _simulated() -> str:
    return (
        "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>"
        "<member><EvalActionName>aws-marketplace:Subscribe</EvalActionName>"
        "<EvalDecision>implicitDeny</EvalDecision></member></EvaluationResults>"
        "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    )


def _unavailable() -> Mapping[str, object]:
    return {
        "modelId": HAIKU,
        "agreementAvailability": {"status": "NOT_AVAILABLE"},
        "authorizationStatus": "NOT_AUTHORIZED",
        "entitlementAvailability": "NOT_AVAILABLE",
        "regionAvailability": "NOT_AVAILABLE",
    }


def _ended() -> Mapping[str, object]:
    life = {"status": "LEGACY", "endOfLifeTime": "2026-11-01T00:00:00Z"}
    arn = f"arn:aws:bedrock:us-east-1::foundation-model/{HAIKU}"
    return {"modelDetails": {"modelArn": arn, "modelId": HAIKU, "modelLifecycle": life}}


def _small_account() -> Mapping[str, object]:
    return {"AccountLimit": {"ConcurrentExecutions": 300, "UnreservedConcurrentExecutions": 100}}


def _no_quotas() -> list[Mapping[str, object]]:
    return [
        {
            "QuotaName": f"{kind} model inference {counted} per minute for Anthropic Claude "
            "Haiku 4.5",
            "QuotaCode": "L-1",
            "Value": 0.0,
            "Adjustable": True,
        }
        for kind in ("Cross-region", "Global cross-region")
        for counted in ("requests", "tokens")
    ]
