"""The stage's roles for people and programs: who may assume each, and what it may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from claude_bedrock.catalog import deny_policy
from claude_bedrock.queries import audit_entries, schema
from stacks.components.iam.auditor_permissions import auditor_permissions, query_permissions
from stacks.components.iam.deny_policies import DenyPolicies
from stacks.components.iam.deploy_permissions import ROLE as DEPLOY
from stacks.components.iam.deploy_permissions import deploy_permissions
from stacks.components.iam.legal_hold_permissions import ROLE as LEGAL_HOLD
from stacks.components.iam.legal_hold_permissions import legal_hold_permissions
from stacks.components.iam.operator_permissions import (
    existing_resource_permissions,
    operator_permissions,
)
from stacks.components.iam.permission import Permission
from stacks.components.iam.role_rules import RoleRules
from stacks.components.iam.setup_permissions import setup_permissions
from stacks.components.iam.stage_names import ALARM_LOGS, ENTRY_DELIVERY_LOG, StageNames
from stacks.components.iam.stage_role import StageRole
from stacks.components.iam.viewer_permissions import viewer_permissions
from stacks.components.record.budget_table import read_permissions
from stacks.components.stack_outputs import add_outputs
from stacks.invocation_logging import InvocationLogging
from stacks.stage import Stage
from stacks.stage.account import Trust
from stacks.stage.logs import ACCOUNT_ID

OPERATOR = "operator"
ROLES = (
    *("application", "auditor", OPERATOR, "setup"),
    *(deny_policy.LOGGING_ROLE, deny_policy.DATA_RETENTION_ROLE),
)


class PlannedRole(NamedTuple):
    """A role that the stage has. Its name in the stage block is `purpose` with underscores."""

    purpose: str
    description: str
    permissions: Sequence[Permission] = ()
    managed_policies: Sequence[iam.IManagedPolicy] = ()
    permissions_boundary: iam.IManagedPolicy | None = None

    @property
    def title(self) -> str:
        return "".join(word.capitalize() for word in self.purpose.split("-"))

    def trust(self, stage: Stage) -> Trust | None:
        trust: Trust | None = getattr(stage.account.roles, self.purpose.replace("-", "_"))
        return trust


def add_stage_roles(
    stack: cdk.Stack,
    stage: Stage,
    record: InvocationLogging,
    *,
    invoke_policies: Sequence[iam.IManagedPolicy],
    deny_policies: DenyPolicies,
    profile_arns: Sequence[str],
) -> Mapping[str, iam.Role]:
    """Create the roles that the stage has; return each by its purpose."""
    permissions = _RolePermissions(
        stack,
        stage,
        record,
        policies=[*invoke_policies, deny_policies.denials, deny_policies.boundary],
        profile_arns=profile_arns,
    )
    planned = _planned_roles(
        permissions, [*invoke_policies, deny_policies.denials], deny_policies.boundary
    )
    return {
        role.purpose: _add_role(stack, stage, role, trust)
        for role in planned
        if (trust := role.trust(stage))
    }


def _planned_roles(
    permissions: _RolePermissions,
    caller_policies: Sequence[iam.IManagedPolicy],
    boundary: iam.IManagedPolicy,
) -> Sequence[PlannedRole]:
    """Return the roles that a stage may have: the last three only where its block names them."""
    return (
        PlannedRole(
            "application",
            "Calls Claude",
            managed_policies=caller_policies,
            permissions_boundary=boundary,
        ),
        PlannedRole(
            "auditor", "Reads records and evidence, never invokes", permissions.of_auditor()
        ),
        PlannedRole(
            OPERATOR,
            "Looks after the endpoint and its keys, never reads a record",
            permissions.of_operator(),
        ),
        PlannedRole(
            LEGAL_HOLD,
            "Places and releases legal holds, never invokes",
            permissions.of_legal_hold(),
        ),
        PlannedRole(
            DEPLOY,
            "Deploys the stage by the bootstrap roles, never invokes",
            permissions.of_deploy(),
        ),
        PlannedRole(
            "setup", "Opens Claude to the account, once", setup_permissions(), caller_policies
        ),
    )


def _add_role(stack: cdk.Stack, stage: Stage, planned: PlannedRole, trust: Trust) -> iam.Role:
    role = StageRole(
        stack,
        planned.title,
        name=stage.role_names.name(planned.purpose),
        description=f"{planned.description}: {stage.name}",
        trust=trust,
        permissions=planned.permissions,
        managed_policies=planned.managed_policies,
        permissions_boundary=planned.permissions_boundary,
    ).role
    outputs = {f"{planned.title}RoleArn": (role.role_arn, f"Role: {planned.description}")}
    add_outputs(stack, outputs)
    return role


class _RolePermissions:
    """What each role may do. It exports what it names of the stack `record` at once, whichever
    roles there are: an export that comes and goes with its use could not go."""

    def __init__(
        self,
        stack: cdk.Stack,
        stage: Stage,
        record: InvocationLogging,
        *,
        policies: Sequence[iam.IManagedPolicy],
        profile_arns: Sequence[str],
    ) -> None:
        self._stack, self._stage, self._record = stack, stage, record
        self._names = StageNames(stage.name, stack)
        # Exported here: CDK names a token of another stack at the end, too late to acknowledge a
        # finding on it. The order of the stacks then has to be declared.
        stack.add_stack_dependency(record)
        self._bucket = record.export_value(record.bucket.bucket_arn)
        self._key = record.key_arn
        self._verifier = record.export_value(record.verification_function.function_arn)
        self._viewer = viewer_permissions(
            self._names,
            profiles=profile_arns,
            policies=[policy.managed_policy_arn for policy in policies] + self._company_boundary(),
            roles=[self._role_arn(role) for role in _viewed_roles(stage)],
        )

    def of_auditor(self) -> Sequence[Permission]:
        stage, record = self._stage, self._record
        permissions = auditor_permissions(
            self._names,
            bucket_arn=self._bucket,
            key_arn=self._key,
            signing_key_arn=record.export_value(record.signing_key.key_arn),
            access_bucket_arn=record.access_bucket_arn,
            has_archive=stage.logging.archive is not None,
            trail=record.trail.location(self._stack),
            alarm_logs=self._alarm_logs(),
        )
        if stage.logging.has_own_destinations:
            entries = [audit_entries.NAME] if stage.evidence.audit_entry_table else []
            permissions += query_permissions(
                self._names, tables=[schema.NAME, *entries], bucket_arn=self._bucket
            )
        if record.budget_table:  # the operator may not decrypt by the stage's key
            table_arn = record.budget_table.table.table_arn
            permissions += read_permissions(table_arn, self._key, stage.region)
        return [*self._viewer, *permissions]

    def of_operator(self) -> Sequence[Permission]:
        network = self._stage.endpoint.function_network
        permissions = operator_permissions(
            self._names,
            qualifier=self._qualifier,
            own_role=self._role_arn(OPERATOR),
            bucket_arn=self._bucket,
            key_arn=self._key,
            verification_function_arn=self._verifier,
            alarm_logs=self._alarm_logs(),
            function_vpc=network.vpc if network else None,
        )
        return [*self._viewer, *permissions, *self._existing_resources()]

    def of_legal_hold(self) -> Sequence[Permission]:
        return legal_hold_permissions(
            self._names,
            bucket_arn=self._bucket,
            key_arn=self._key,
            verification_function_arn=self._verifier,
        )

    def of_deploy(self) -> Sequence[Permission]:
        permissions = deploy_permissions(
            self._names, qualifier=self._qualifier, own_role=self._role_arn(DEPLOY)
        )
        return [*self._viewer, *permissions, *self._existing_resources()]

    def _existing_resources(self) -> list[Permission]:
        logging = self._stage.logging
        log, account = logging.log_bucket_access_log, self._stack.account
        bucket = log.bucket.replace(ACCOUNT_ID, account) if log else None
        return existing_resource_permissions(
            key_arn=logging.kms_key,
            access_log_bucket_arn=f"arn:{self._stack.partition}:s3:::{bucket}" if bucket else None,
        )

    @property
    def _qualifier(self) -> str:
        return self._stage.account.qualifier or cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER

    def _alarm_logs(self) -> Sequence[str]:
        has_delivery = self._stage.evidence.audit_entry_table
        return (*ALARM_LOGS, *([ENTRY_DELIVERY_LOG] if has_delivery else ()))

    def _company_boundary(self) -> list[str]:
        """Return the ARN of the boundary that the account's own rules demand, where they do."""
        account = self._stage.account
        rules = RoleRules(self._stage.role_names, account.permissions_boundary, ())
        return [rules.boundary_arn(self._stack)] if rules.boundary else []

    def _role_arn(self, purpose: str) -> str:
        return self._names.iam(self._stage.role_names.resource(purpose))


def _viewed_roles(stage: Stage) -> Iterator[str]:
    """Yield the purposes of the roles that auditor and operator may read."""
    yield from ROLES
    roles = stage.account.roles
    if roles.legal_hold:
        yield LEGAL_HOLD
    if roles.deploy:
        yield DEPLOY
