"""The CDK app: the stage's settings in, its stacks and their checks out."""

import sys

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from stacks.rules import own_rules
from stacks.rules.sizes import TemplateSizes
from stacks.settings import SettingsError, load_stage
from stacks.shared_assets import synthesizer
from stacks.stage import Stage
from stacks.stage_stacks import add_stacks

DEFAULT_STAGE = "dev"


def build(app: cdk.App, stage: Stage) -> None:
    """Add the stacks of `stage`, and what checks them at synthesis."""
    add_stacks(app, stage)
    cdk.Validations.of(app).add_plugins(
        AwsSolutionsChecks(app),
        own_rules(retain_logs=stage.logging.keep_logs_on_destroy),
        TemplateSizes(),
    )


if __name__ == "__main__":
    context = cdk.App(auto_synth=False).node
    try:
        name = context.try_get_context("stage")  # empty where a pipeline's variable is not set
        stage = load_stage(
            context.try_get_context("stages"), DEFAULT_STAGE if name is None else name
        )
        bucket = context.try_get_context("shared_assets_bucket")
        of_stacks = synthesizer(stage, bucket)
    except SettingsError as mistakes:
        sys.exit(str(mistakes))
    app = cdk.App(default_stack_synthesizer=of_stacks)
    build(app, stage)
    app.synth()
