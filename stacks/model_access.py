"""The ModelAccess stack: invoke policies, deny policy, permissions boundary, named roles, and the
application inference profiles of teams."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from claude_bedrock.catalog import MODELS, deny_policy, team_policies
from claude_bedrock.catalog import invoke_policies as model_policies
from claude_bedrock.queries import audit_entries, schema
from stacks import team_profile_plan
from stacks.components.iam.application_inference_profile import ApplicationInferenceProfile
from stacks.components.iam.auditor_permissions import auditor_permissions, query_permissions
from stacks.components.iam.deny_policies import DenyPolicies
from stacks.components.iam.deploy_permissions import ROLE as DEPLOY
from stacks.components.iam.deploy_permissions import deploy_permissions
from stacks.components.iam.invoke_policies import InvokePolicies
from stacks.components.iam.legal_hold_permissions import ROLE as LEGAL_HOLD
from stacks.components.iam.legal_hold_permissions import legal_hold_permissions
from stacks.components.iam.operator_permissions import operator_permissions
from stacks.components.iam.permission import Permission
from stacks.components.iam.role_rules import RoleRules
from stacks.components.iam.setup_permissions import setup_permissions
from stacks.components.iam.stage_names import ALARM_LOGS, ENTRY_DELIVERY_LOG, StageNames
from stacks.components.iam.stage_role import StageRole
from stacks.components.iam.viewer_permissions import viewer_permissions
from stacks.components.record.budget_table import read_permissions
from stacks.components.stack_outputs import add_outputs
from stacks.deny_policy_inputs import deny_policy_inputs
from stacks.invocation_logging import InvocationLogging
from stacks.stage import Stage
from stacks.stage.account import Trust
from stacks.stage.logs import ACCOUNT_ID

ROLES = (
    *("application", "auditor", "operator", "setup"),
    *(deny_policy.LOGGING_ROLE, deny_policy.DATA_RETENTION_ROLE),
)


class ModelAccess(cdk.Stack):
    """The policies by which a caller reaches the stage's models, by the stage's geographies only,
    and the roles to call, audit, operate and set up."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        record: InvocationLogging,
        env: cdk.Environment,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=construct_id,
            env=env,
            description="Which Claude models may be called, by whom",
        )
        inputs = deny_policy_inputs(stage, account=self.account, partition=self.partition)
        self.invocation_scope = inputs.scope
        self.team_guardrail_statements = deny_policy.team_guardrail_statements(inputs)
        models = [model for model in MODELS if model.name in stage.models.allow]
        invoke_policies = InvokePolicies(
            self,
            "Invoke",
            documents=model_policies.invoke_policies(models, inputs.scope),
            description=f"Calls the models of {stage.name}",
        ).policies
        self.deny_policies = DenyPolicies(
            self,
            "Guard",
            stage=stage.name,
            denials=deny_policy.deny_statements(inputs),
            boundary=deny_policy.boundary_statements(inputs),
        )
        self.role_limits = deny_policy.limit_statements(inputs)
        caller_policies = [*invoke_policies, self.deny_policies.denials]
        permissions = _role_permissions(
            self,
            stage,
            record,
            policies=[*caller_policies, self.deny_policies.boundary],
            profile_arns=model_policies.profile_arns(models, inputs.scope),
        )
        self._roles(stage, permissions, caller_policies)
        planned = team_profile_plan.planned(stage)
        profiles = [_team_profile(self, stage, profile) for profile in planned]
        self.team_profile_ids = [profile.id for profile in profiles]
        self._team_outputs(stage, planned, [profile.arn for profile in profiles])
        self._policy_outputs(stage, invoke_policies)

    def _policy_outputs(self, stage: Stage, invoke_policies: Sequence[iam.IManagedPolicy]) -> None:
        invoke_arns = [policy.managed_policy_arn for policy in invoke_policies]
        denials, boundary = self.deny_policies.denials, self.deny_policies.boundary
        outputs = {
            "InvokePolicyArn": (",".join(invoke_arns), "Policies to call the stage's models"),
            "GuardPolicyArn": (denials.managed_policy_arn, "Deny policy"),
            "BoundaryPolicyArn": (boundary.managed_policy_arn, "Permissions boundary"),
            "Settings": (
                json.dumps(stage.to_output()).replace(ACCOUNT_ID, self.account),
                "JSON: settings that the CLI reads",
            ),
        }
        add_outputs(self, outputs)

    def _team_outputs(
        self, stage: Stage, planned: Sequence[team_profile_plan.TeamProfile], arns: Sequence[str]
    ) -> None:
        """Add outputs of the teams' profiles, and of the policies that each team's role needs."""
        profiles = team_profile_plan.by_team(planned, arns)
        policies = {team: self._team_policies(stage, team) for team in profiles}
        outputs = {
            "TeamProfileArns": (self.to_json_string(profiles), "JSON: team -> profiles"),
            "TeamPolicyArns": (self.to_json_string(policies), "JSON: team -> policies"),
        }
        add_outputs(self, outputs)

    def _team_policies(self, stage: Stage, team: str) -> list[str]:
        """Return the ARNs of what a team's own role needs, the deny policy among them."""
        planned = team_profile_plan.planned(stage)
        profiles = team_profile_plan.with_ids(planned, self.team_profile_ids, team=team)
        guardrail = stage.callers.team_guardrails.get(team, self.invocation_scope.guardrail)
        scope = self.invocation_scope._replace(guardrail=guardrail)
        policies = InvokePolicies(
            self,
            f"TeamInvoke-{team}",
            documents=team_policies.invoke_policies(profiles, scope, described=True),
            description=f"Calls the application inference profiles of the team {team}",
        ).policies
        return [policy.managed_policy_arn for policy in (*policies, self.deny_policies.denials)]

    def _roles(
        self,
        stage: Stage,
        permissions: RolePermissions,
        invoke_policies: Sequence[iam.IManagedPolicy],
    ) -> None:
        """Create the roles of people and programs; `setup`, `legal-hold` and `deploy` where the
        stage has them."""
        self._role(
            stage,
            "application",
            stage.account.roles.application,
            "Calls Claude",
            managed_policies=invoke_policies,
            permissions_boundary=self.deny_policies.boundary,
        )
        self._role(
            stage,
            "auditor",
            stage.account.roles.auditor,
            "Reads records and evidence, never invokes",
            permissions=permissions.auditor,
        )
        self.operator_role = self._role(
            stage,
            "operator",
            stage.account.roles.operator,
            "Looks after the endpoint and its keys, never reads a record",
            permissions=permissions.operator,
        )
        if stage.account.roles.legal_hold:
            self._role(
                stage,
                LEGAL_HOLD,
                stage.account.roles.legal_hold,
                "Places and releases legal holds, never invokes",
                permissions=permissions.legal_hold,
            )
        if stage.account.roles.deploy:
            self._role(
                stage,
                DEPLOY,
                stage.account.roles.deploy,
                "Deploys the stage by the bootstrap roles, never invokes",
                permissions=permissions.deploy,
            )
        if stage.account.roles.setup:
            self._role(
                stage,
                "setup",
                stage.account.roles.setup,
                "Opens Claude to the account, once",
                permissions=setup_permissions(),
                managed_policies=invoke_policies,
            )

    def _role(
        self,
        stage: Stage,
        purpose: str,
        trust: Trust,
        description: str,
        *,
        permissions: Sequence[Permission] = (),
        managed_policies: Sequence[iam.IManagedPolicy] = (),
        permissions_boundary: iam.IManagedPolicy | None = None,
    ) -> iam.Role:
        title = "".join(word.capitalize() for word in purpose.split("-"))
        role = StageRole(
            self,
            title,
            name=stage.role_names.name(purpose),
            description=f"{description}: {stage.name}",
            trust=trust,
            permissions=permissions,
            managed_policies=managed_policies,
            permissions_boundary=permissions_boundary,
        ).role
        add_outputs(self, {f"{title}RoleArn": (role.role_arn, f"Role: {description}")})
        return role


class RolePermissions(NamedTuple):
    """What auditor, operator, the holder of legal holds and a pipeline may do."""

    auditor: Sequence[Permission]
    operator: Sequence[Permission]
    legal_hold: Sequence[Permission]
    deploy: Sequence[Permission]


def _role_permissions(
    stack: ModelAccess,
    stage: Stage,
    record: InvocationLogging,
    *,
    policies: Sequence[iam.IManagedPolicy],
    profile_arns: Sequence[str],
) -> RolePermissions:
    names = StageNames(stage.name, stack)
    # Exported here: CDK names a token of another stack at the end, too late to acknowledge a
    # finding on it. The order of the stacks then has to be declared.
    stack.add_stack_dependency(record)
    bucket = record.export_value(record.bucket.bucket_arn)
    key = record.export_value(record.log_settings.key.key_arn)
    verification_function = record.export_value(record.verification_function.function_arn)
    rules = RoleRules(stage.role_names, stage.account.permissions_boundary, ())
    boundary = rules.boundary_arn(stack) if rules.boundary else None
    viewer = viewer_permissions(
        names,
        profiles=profile_arns,
        policies=[
            *(policy.managed_policy_arn for policy in policies),
            *([boundary] if boundary else ()),
        ],
        roles=[_role_arn(names, stage, role) for role in _viewed_roles(stage)],
    )
    has_entry_table = stage.evidence.audit_entry_table
    alarm_logs = (*ALARM_LOGS, *([ENTRY_DELIVERY_LOG] if has_entry_table else ()))
    auditor = auditor_permissions(
        names,
        bucket_arn=bucket,
        key_arn=key,
        signing_key_arn=record.export_value(record.signing_key.key_arn),
        access_bucket_arn=record.access_bucket_arn,
        has_archive=stage.logging.archive is not None,
        trail=record.trail_location(stack),
        alarm_logs=alarm_logs,
    )
    if stage.logging.has_own_destinations:
        tables = [schema.NAME, *([audit_entries.NAME] if has_entry_table else ())]
        auditor += query_permissions(names, tables=tables, bucket_arn=bucket)
    qualifier = stage.account.qualifier or cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
    operator = operator_permissions(
        names,
        qualifier=qualifier,
        own_role=_role_arn(names, stage, "operator"),
        bucket_arn=bucket,
        key_arn=key,
        verification_function_arn=verification_function,
        alarm_logs=alarm_logs,
    )
    if record.budget_table:
        budgets = read_permissions(record.budget_table.table.table_arn, key, stage.region)
        auditor = [*auditor, *budgets]  # the operator may not decrypt by the stage's key
    legal_hold = legal_hold_permissions(
        names,
        bucket_arn=bucket,
        key_arn=key,
        verification_function_arn=verification_function,
    )
    deploy = deploy_permissions(
        names, qualifier=qualifier, own_role=_role_arn(names, stage, DEPLOY)
    )
    return RolePermissions(
        [*viewer, *auditor], [*viewer, *operator], legal_hold, [*viewer, *deploy]
    )


def _viewed_roles(stage: Stage) -> Iterator[str]:
    """Yield the purposes of the roles that auditor and operator may read."""
    yield from ROLES
    roles = stage.account.roles
    if roles.legal_hold:
        yield LEGAL_HOLD
    if roles.deploy:
        yield DEPLOY


def _role_arn(names: StageNames, stage: Stage, purpose: str) -> str:
    return names.iam(stage.role_names.resource(purpose))


def _team_profile(
    stack: ModelAccess, stage: Stage, planned: team_profile_plan.TeamProfile
) -> ApplicationInferenceProfile:
    return ApplicationInferenceProfile(
        stack,
        f"TeamProfile-{planned.team}-{planned.model.name}-{planned.route}",
        name=planned.name_in(stage.name),
        copied_arn=team_policies.copied_arn(planned.model, planned.route, stack.invocation_scope),
        tags=team_profile_plan.tags(stage, planned.team),
    )
