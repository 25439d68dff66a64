"""Reads the stage's settings, wires the four stacks, and has them checked."""

import sys

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from stacks.gateway import Gateway
from stacks.invocation_logging import InvocationLogging
from stacks.model_access import ModelAccess
from stacks.observability import Observability
from stacks.rules import own_rules
from stacks.settings import SettingsError, load_stage
from stacks.stage import Stage


def build(app: cdk.App, stage: Stage) -> None:
    """Adds the four stacks of `stage`, and what checks them at synthesis."""
    add_stacks(app, stage)
    cdk.Validations.of(app).add_plugins(
        AwsSolutionsChecks(app), own_rules(keep_logs=stage.logging.keep_logs_on_destroy)
    )


def add_stacks(app: cdk.App, stage: Stage) -> None:
    """Adds the four stacks of `stage`, in the order in which they are deployed."""
    env = cdk.Environment(account=stage.account.id, region=stage.region)
    name = f"claude-on-bedrock-{stage.name}"
    record = InvocationLogging(app, f"{name}-InvocationLogging", stage=stage, env=env)
    access = ModelAccess(app, f"{name}-ModelAccess", stage=stage, record=record, env=env)
    gateway = Gateway(
        app,
        f"{name}-Gateway",
        stage=stage,
        record=record,
        access=access,
        env=env,
    )
    Observability(
        app, f"{name}-Observability", stage=stage, record=record, gateway=gateway, env=env
    )
    for tag, value in {**stage.account.tags, "claude-on-bedrock": stage.name}.items():
        cdk.Tags.of(app).add(tag, value)


if __name__ == "__main__":
    app = cdk.App()
    try:
        stage = load_stage(
            app.node.try_get_context("stages"), app.node.try_get_context("stage") or "dev"
        )
    except SettingsError as mistakes:
        sys.exit(str(mistakes))
    build(app, stage)
    app.synth()
