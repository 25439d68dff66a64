"""The deny policy, which leaves a stage's routes as the only way to a model.

The same denials serve in three forms: beside the policies of a role, in a permissions boundary
(with the most that a role of the stage may be allowed), and as a service control policy.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from claude_bedrock.catalog import invoke_policies
from claude_bedrock.catalog.invoke_policies import (
    GUARDRAIL,
    INVOKE,
    PROFILE,
    ROUTED_ANYWHERE,
    SERVICE_TIER,
    InvocationScope,
    Statement,
)

from .inference_actions import DENIALS
from .model import STANDARD_TIER
from .role_names import RoleNames

SERVICE_CONTROL_POLICY_CHARACTERS: Final = 5120
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""

LOGGING_ROLE: Final = "logging"
DATA_RETENTION_ROLE: Final = "data-retention"
"""What the names of the roles end in that alone may change the account's settings."""

GATEWAY_ROLE: Final = "gateway"
"""What the name of the gateway function's role ends in, where it invokes models itself: records of
its calls name the role."""

FUNCTION_ROLE: Final = "function"
"""What the name of the gateway function's role ends in, where it may only assume the next one. Two
names, so that CloudFormation makes the second before it removes the first."""

CALLER_ROLE: Final = "caller"
"""What the name of the role ends in whose sessions are the callers': records name both."""

DATA_RETENTION_OVERRIDES: Final = [
    "bedrock:CreateProject",
    "bedrock:UpdateProject",
    "bedrock:PutAccountDataRetentionStorage",
    "bedrock:DeleteAccountDataRetentionStorage",
    "bedrock:PutOrganizationDataRetentionStorage",
    "bedrock:DeleteOrganizationDataRetentionStorage",
    "bedrock:PutProjectDataRetentionStorage",
    "bedrock:DeleteProjectDataRetentionStorage",
    "bedrock:PutTrustedAccessProgramAccountEnrollment",
    "bedrock:PutTrustedAccessProgramOrganizationEnrollment",
    "bedrock:PutTrustedAccessProgramProjectEnrollment",
    "bedrock:StartTrustedAccessProgramAccountApplication",
    "bedrock:StartTrustedAccessProgramOrganizationApplication",
    "bedrock:StartTrustedAccessProgramProjectApplication",
]
"""What decides over the account's mode how long content is kept, and where: a project's mode goes
before the account's, and its storage may be anybody's bucket. Names of the API's operations, each
at https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock.html; that
IAM knows them by these, no page said on 2026-11-29."""

_DATA_RETENTION_DENIALS: Final = [
    *("bedrock:CreateProject", "bedrock:UpdateProject"),
    *("bedrock:PutTrusted*", "bedrock:StartTrusted*"),
    *("bedrock:Put*DataRetentionStorage", "bedrock:Delete*DataRetentionStorage"),
]
"""The patterns of them, so that the policy stays within the sizes that AWS takes."""

ENFORCED_GUARDRAIL_CHANGES: Final = [
    "bedrock:PutEnforcedGuardrailConfiguration",
    "bedrock:DeleteEnforcedGuardrailConfiguration",
]
"""What changes the guardrail that Bedrock puts into every call of the account:
https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-enforcements.html"""

TABLE_KEY_ACTIONS: Final = [
    *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
    *("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"),
]
"""What DynamoDB needs of a table's key in the name of whoever uses the table:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"""

INTERFACES: Final = [
    *("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
    *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
    *("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"),
]
"""What Lambda does in the name of a function's role, to connect the function to a VPC:
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
"""

TEAM: Final = "aws:PrincipalTag/team"
"""The team of a caller's session."""

_ANY_INVOKE: Final = ["bedrock:InvokeModel*"]
"""The actions that invoke a model, and those to come."""

_PROJECT: Final = "bedrock:ProjectArn"
"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html"""

_CLAUDE: Final = "anthropic.claude-*"


class DenyPolicyInputs(NamedTuple):
    """What a stage is held to. `data_retention` is the only mode the account may be put into;
    None leaves that to the stage's own role. `team_profiles` says that application inference
    profiles are called, `signed_callers` that the endpoint is, by its callers' own roles.
    `counts_spending` says that the gateway has a table of budgets.
    `service_tiers` are those that a call may name. `caller_sessions` says that the gateway calls
    in its callers' sessions, of a role that is no function's. `team_guardrails` are the id and
    version of the guardrail without which a team's callers may invoke nothing. `role_prefix` and
    `role_path` are those of `RoleNames`. `functions_in_vpc` says that Lambda connects the
    gateway function to a VPC."""

    stage: str
    scope: InvocationScope
    short_term_bearer_tokens: bool = False
    data_retention: str | None = None
    team_profiles: bool = False
    signed_callers: bool = False
    counts_spending: bool = False
    service_tiers: tuple[str, ...] = (STANDARD_TIER,)
    caller_sessions: bool = False
    team_guardrails: Mapping[str, tuple[str, str]] = MappingProxyType({})
    role_prefix: str = ""
    role_path: str = "/"
    functions_in_vpc: bool = False


class TooLongError(Exception):
    """A policy is longer than AWS takes."""


def deny_statements(inputs: DenyPolicyInputs) -> list[Statement]:
    """Return the deny policy. An operator that is negated holds where its key is absent, so a call
    of which Bedrock does not say what the condition asks is denied:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    scope = inputs.scope
    statements = [
        _deny("DenyUnloggedInference", DENIALS),
        _bearer_tokens(inputs),
        _other_routes(inputs),
        _bare_models(inputs),
        _other_service_tiers(inputs),
        _other_projects(inputs.scope),
        _deny("DenyDataRetentionOverrides", _DATA_RETENTION_DENIALS),
        _deny("DenyEnforcedGuardrailChanges", ["bedrock:*EnforcedGuardrailConfiguration"]),
    ]
    if "global" not in scope.routes:
        statements.append(
            _deny("DenyGlobalRouting", _ANY_INVOKE)
            | {"Condition": {"StringEquals": ROUTED_ANYWHERE}}
        )
    if scope.guardrail_version_arn:
        statements.append(_without_guardrail(scope))
    statements += _without_team_guardrail(inputs)
    return statements + _account_settings(inputs)


def boundary_statements(inputs: DenyPolicyInputs) -> list[Statement]:
    """Return the deny policy, and the most that a role which calls models may be allowed."""
    scope = inputs.scope
    apis = f"arn:{scope.partition}:execute-api:{scope.region}:{scope.account}"
    allowed = [
        _allow("InvokeClaudeByProfile", INVOKE, _open_to_calls(inputs)),
        _allow(
            "CountTokens",
            ["bedrock:CountTokens"],
            [scope.model_arn(_CLAUDE, region=scope.region)],
        ),
    ]
    if not inputs.caller_sessions:
        allowed += _gateway_writes(inputs)
    if inputs.signed_callers:
        # The API's id is not known before the API is there, and it comes after its callers.
        allowed.append(
            _allow("InvokeEndpoint", ["execute-api:Invoke"], [f"{apis}:*/{inputs.stage}/*"])
        )
    allowed += invoke_policies.guardrail_statements(scope)
    return allowed + team_guardrail_statements(inputs) + deny_statements(inputs)


def team_guardrail_statements(inputs: DenyPolicyInputs) -> list[Statement]:
    """Return what the sessions of the teams' callers need beside invoking: nothing, where no team
    has a guardrail.

    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions.html
    """
    names = sorted({name for name, _ in inputs.team_guardrails.values()})
    arns = [inputs.scope.arn(f"guardrail/{name}") for name in names]
    return [_allow("ApplyTeamGuardrails", ["bedrock:ApplyGuardrail"], arns)] if arns else []


def limit_statements(inputs: DenyPolicyInputs) -> list[Statement]:
    """Return what the boundary allows, as denials of everything else: for a role whose one boundary
    is the account's own. What they deny, no policy of the role can allow."""
    allowed = [
        statement for statement in boundary_statements(inputs) if statement["Effect"] == "Allow"
    ]
    resources: dict[str, list[str]] = {}
    for statement in allowed:
        for action in _listed(statement["Action"]):
            resources.setdefault(action, []).extend(_listed(statement["Resource"]))
    denials: list[Statement] = [
        {"Sid": "DenyOtherActions", "Effect": "Deny", "NotAction": [*resources], "Resource": "*"}
    ]
    for action, arns in resources.items():
        if "*" not in arns:
            denials.append({"Effect": "Deny", "Action": action, "NotResource": arns})
    for statement in allowed:
        for name, value in statement.get("Condition", {}).get("StringEquals", {}).items():
            denial = _deny(f"Deny{statement['Sid']}Otherwise", _listed(statement["Action"]))
            denials.append(denial | {"Condition": {"StringNotEquals": {name: value}}})
    return denials


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _gateway_writes(inputs: DenyPolicyInputs) -> list[Statement]:
    """Return what a gateway function that invokes models itself writes beside."""
    scope = inputs.scope
    logs = f"arn:{scope.partition}:logs:{scope.region}:{scope.account}:log-group"
    return [
        _allow(
            "WriteGatewayLog",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"{logs}:/claude-on-bedrock/{inputs.stage}/gateway:*"],
        ),
        # X-Ray's two write actions know no resources:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
        _allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
        *(_budget_statements(inputs) if inputs.counts_spending else ()),
        # EC2's lists know no resources, and the function's own policy names them for the others.
        *([_allow("ConnectToVpc", INTERFACES, ["*"])] if inputs.functions_in_vpc else ()),
    ]


def _budget_statements(inputs: DenyPolicyInputs) -> list[Statement]:
    """Return what a boundary has to allow for the table of budgets. CloudFormation chooses its
    name, which begins with its stack's, and KMS the key's id; the actions are those of the
    function's own policy, and `*` keeps the boundary within the size that IAM takes."""
    scope = inputs.scope
    place = f"{scope.region}:{scope.account}"
    table = f"table/claude-on-bedrock-{inputs.stage}-InvocationLogging-*"
    key_use = _allow("UseKeyOfBudgets", ["kms:*"], [f"arn:{scope.partition}:kms:{place}:key/*"])
    service = f"dynamodb.{scope.region}.amazonaws.com"
    return [
        _allow(
            "UpdateBudgets",
            ["dynamodb:UpdateItem"],
            [f"arn:{scope.partition}:dynamodb:{place}:{table}"],
        ),
        key_use | {"Condition": {"StringEquals": {"kms:ViaService": service}}},
    ]


def service_control_policy(statements: Sequence[Statement]) -> str:
    """Return the text of a service control policy of these denials. Raises TooLongError."""
    text = invoke_policies.document_text(statements)
    if len(text) > SERVICE_CONTROL_POLICY_CHARACTERS:
        raise TooLongError(
            f"the service control policy is {len(text)} characters long; "
            f"AWS takes {SERVICE_CONTROL_POLICY_CHARACTERS}"
        )
    return text


def _bearer_tokens(inputs: DenyPolicyInputs) -> Statement:
    """Deny bearer tokens. Short-term keys pass where the stage allows them, and only as what AWS
    calls them, so that a kind of key that is yet to come does not:
    https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-permissions.html"""
    action = ["bedrock:CallWithBearerToken"]
    if not inputs.short_term_bearer_tokens:
        return _deny("DenyBearerTokens", action)
    condition = {"StringNotEquals": {"bedrock:BearerTokenType": "SHORT_TERM"}}
    return _deny("DenyLongTermBearerTokens", action) | {"Condition": condition}


def _other_routes(inputs: DenyPolicyInputs) -> Statement:
    """Deny whatever can be invoked but Claude by the stage's routes from its Region: other models
    and profiles, routers, provisioned and imported models, and asynchronous invocations, which are
    authorized as InvokeModel on a resource of their own:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_StartAsyncInvoke.html

    A team's profile must not stand for another route either: what it copies is asked about when it
    is made."""
    making = ["bedrock:CreateInferenceProfile"] if inputs.team_profiles else []
    return {
        "Sid": "DenyOtherModelsAndProfiles",
        "Effect": "Deny",
        "Action": _ANY_INVOKE + making,
        "NotResource": _open_to_calls(inputs),
    }


def _bare_models(inputs: DenyPolicyInputs) -> Statement:
    condition = {"ArnNotLike": {PROFILE: _profiles(inputs)}}
    models = inputs.scope.model_arn("*", region="*")
    return _deny("DenyModelsWithoutProfile", _ANY_INVOKE, [models]) | {"Condition": condition}


def _other_service_tiers(inputs: DenyPolicyInputs) -> Statement:
    """Deny the service tiers that the stage does not allow. A call that names none passes: AWS does
    not document whether Bedrock fills in the key for it."""
    condition = {
        "StringNotEquals": {SERVICE_TIER: list(inputs.service_tiers)},
        "Null": {SERVICE_TIER: "false"},
    }
    return _deny("DenyOtherServiceTiers", _ANY_INVOKE) | {"Condition": condition}


def _other_projects(scope: InvocationScope) -> Statement:
    """Deny other projects: each has a data-retention mode of its own, and a bill. A project that is
    itself the resource is none of the stage's routes:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateProject.html"""
    condition = {
        "ArnNotEquals": {_PROJECT: scope.arn("project/default")},
        "Null": {_PROJECT: "false"},
    }
    return _deny("DenyOtherProjects", _ANY_INVOKE) | {"Condition": condition}


def _without_guardrail(scope: InvocationScope) -> Statement:
    condition = {"StringNotEquals": {GUARDRAIL: scope.guardrail_version_arn}}
    models = scope.model_arn("*", region="*")
    return _deny("DenyWithoutGuardrail", _ANY_INVOKE, [models]) | {"Condition": condition}


def _without_team_guardrail(inputs: DenyPolicyInputs) -> list[Statement]:
    """Deny the callers of a team a model without the team's guardrail. The team is a tag of the
    caller's session, which the gateway sets when it opens the session; a tag of a role counts too:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principaltag
    """
    models = inputs.scope.model_arn("*", region="*")
    statements = []
    for number, (guardrail, teams) in enumerate(_guardrails(inputs).items(), start=1):
        arn = inputs.scope._replace(guardrail=guardrail).guardrail_version_arn
        condition = {"StringEquals": {TEAM: teams}, "StringNotEquals": {GUARDRAIL: arn}}
        denial = _deny(f"DenyTeamsWithoutGuardrail{number}", _ANY_INVOKE, [models])
        statements.append(denial | {"Condition": condition})
    return statements


def _guardrails(inputs: DenyPolicyInputs) -> dict[tuple[str, str], list[str]]:
    """Return the teams that each guardrail is enforced on."""
    teams: dict[tuple[str, str], list[str]] = {}
    for team, guardrail in inputs.team_guardrails.items():
        teams.setdefault(guardrail, []).append(team)
    return teams


def _account_settings(inputs: DenyPolicyInputs) -> list[Statement]:
    """Deny changes of the account's settings to all but one role of the stage for each; AWS knows
    no resource for either:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html"""
    logging = _deny(
        "DenyLoggingChanges",
        [
            "bedrock:PutModelInvocationLoggingConfiguration",
            "bedrock:DeleteModelInvocationLoggingConfiguration",
        ],
    )
    retention = _deny("DenyDataRetentionChanges", ["bedrock:PutAccountDataRetention"])
    statements = [
        logging | {"Condition": _unless_it_is(inputs, LOGGING_ROLE)},
        retention | {"Condition": _unless_it_is(inputs, DATA_RETENTION_ROLE)},
    ]
    if inputs.data_retention:
        other = {"StringNotEquals": {"bedrock:DataRetentionMode": inputs.data_retention}}
        statements.append(retention | {"Sid": "DenyOtherDataRetention", "Condition": other})
    return statements


def _unless_it_is(inputs: DenyPolicyInputs, purpose: str) -> dict[str, dict[str, str]]:
    scope = inputs.scope
    names = RoleNames(inputs.stage, scope.region, inputs.role_prefix, inputs.role_path)
    role = f"arn:{scope.partition}:iam::{scope.account}:{names.resource(purpose)}"
    return {"ArnNotEquals": {"aws:PrincipalArn": role}}


def _open_to_calls(inputs: DenyPolicyInputs) -> list[str]:
    return [*_profiles(inputs), inputs.scope.model_arn(_CLAUDE, region="*")]


def _profiles(inputs: DenyPolicyInputs) -> list[str]:
    """An application inference profile's id is AWS's to choose, so any of them is named; what it
    may copy is `_other_routes`' business."""
    scope = inputs.scope
    profiles = [scope.arn(f"inference-profile/{route}.{_CLAUDE}") for route in scope.routes]
    teams = [scope.arn("application-inference-profile/*")] if inputs.team_profiles else []
    return profiles + teams


def _deny(sid: str, actions: list[str], resources: Sequence[str] = ("*",)) -> Statement:
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": list(resources)}


def _allow(sid: str, actions: list[str], resources: list[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
