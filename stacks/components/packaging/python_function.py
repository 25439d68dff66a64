"""A Lambda function on AWS's managed Python: its zip, runtime, log group, role and tracing."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.iam.nag_suppressions import acknowledge
from stacks.components.observability.log_group import LogGroupSettings, log_group
from stacks.components.packaging.function_folder import MINOR, PackagingError
from stacks.components.packaging.function_package import package_function

PROJECT = Path(__file__).parents[3]
CACHE = PROJECT / ".build"
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
MANAGED = ("3.11", "3.12", "3.13", "3.14")

ARCHITECTURES = {
    "arm64": lambda_.Architecture.ARM_64,
    "x86_64": lambda_.Architecture.X86_64,
}
# Local mode runs functions with machine code on this machine's processor, and says so to the CDK.
ARCHITECTURE_CONTEXT = "architecture"

TRACING_FINDINGS = {
    "IAM5[Resource::*]": "X-Ray's two write actions know no resources: "
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
}
FINDINGS = {
    "L1": "the folder holds byte code, so the runtime's minor version is that of the Python that "
    "builds it",
}


class PythonFunction(Construct):
    """A function on AWS's managed Python, on arm64 unless `architecture` is x86_64, of the first of
    `packages` and the others.

    Its runtime is of the minor version that runs the synthesis, since the folder holds byte code.
    It may write its own log group, and send traces where it `is_traced`; `statements` say what
    else it may do, and `findings` answer what a checker finds in them. `role_name` is for a role
    that other policies name; a new `role_id` makes another role, with policies of its own, before
    the old one is removed.
    `reserved_concurrency` runs are always free for it, and it never has more at once. `storage_mb`
    is the size of its `/tmp`, unless it is Lambda's own 512 MB.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        packages: Sequence[str],
        handler: str,
        log_name: str,
        log_settings: LogGroupSettings,
        timeout: cdk.Duration,
        memory_mb: int,
        environment: Mapping[str, str] | None = None,
        retry_attempts: int | None = None,
        reserved_concurrency: int | None = None,
        sdk_services: Sequence[str] = (),
        statements: Sequence[iam.PolicyStatement] = (),
        managed_policies: Sequence[iam.IManagedPolicy] = (),
        permissions_boundary: iam.IManagedPolicy | None = None,
        role_name: str | None = None,
        role_id: str = "Role",
        findings: Mapping[str, str] | None = None,
        architecture: str = "arm64",
        is_traced: bool = False,
        storage_mb: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.statements = tuple(statements)
        self.log_group = log_group(self, "Logs", name=log_name, settings=log_settings)
        self.role = self._create_role(role_id, role_name, managed_policies, permissions_boundary)
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=managed_runtime(MINOR),
            architecture=ARCHITECTURES[architecture],
            code=_code(
                self, packages=packages, sdk_services=sdk_services, architecture=architecture
            ),
            handler=handler,
            role=self.role,
            log_group=self.log_group,
            timeout=timeout,
            memory_size=memory_mb,
            ephemeral_storage_size=cdk.Size.mebibytes(storage_mb) if storage_mb else None,
            environment=dict(environment or {}),
            tracing=lambda_.Tracing.ACTIVE if is_traced else lambda_.Tracing.DISABLED,
            retry_attempts=retry_attempts,
            reserved_concurrent_executions=reserved_concurrency,
        )
        answers = FINDINGS | (TRACING_FINDINGS if is_traced else {})
        acknowledge(self, {**answers, **(findings or {})})

    def _create_role(
        self,
        construct_id: str,
        name: str | None,
        managed_policies: Sequence[iam.IManagedPolicy],
        boundary: iam.IManagedPolicy | None,
    ) -> iam.Role:
        role = iam.Role(
            self,
            construct_id,
            role_name=name,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            managed_policies=list(managed_policies),
            permissions_boundary=boundary,
        )
        self.log_group.grant_write(role)
        for statement in self.statements:
            role.add_to_policy(statement)
        return role


def function_architecture(scope: Construct) -> str:
    """Return the processor of functions that have machine code in their zip."""
    architecture: str = scope.node.try_get_context(ARCHITECTURE_CONTEXT) or "arm64"
    return architecture


def managed_runtime(minor: str) -> lambda_.Runtime:
    """Return Lambda's own Python of that minor version. Raises PackagingError where it has none."""
    if minor not in MANAGED:
        raise PackagingError(
            f"Lambda has no managed Python {minor}; synthesize with one of {', '.join(MANAGED)}."
        )
    return lambda_.Runtime(f"python{minor}", lambda_.RuntimeFamily.PYTHON)


def _code(
    scope: Construct, *, packages: Sequence[str], sdk_services: Sequence[str], architecture: str
) -> lambda_.AssetCode:
    """Return the function's zip; its bill of materials is copied into the cloud assembly."""
    package = package_function(
        project=PROJECT,
        packages=packages,
        sdk_services=sdk_services,
        cache=CACHE,
        architecture=architecture,
    )
    assembly = cast("cdk.Stage", cdk.Stage.of(scope)).asset_outdir
    shutil.copyfile(package.bill, Path(assembly) / package.bill_name)
    return lambda_.Code.from_asset(str(package.archive), asset_hash=package.contents)
