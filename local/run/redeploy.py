"""Deploys a changed stage to the AWS of a run that is up, and renews its endpoint.json."""

import asyncio
from pathlib import Path

from rich.console import Console

from local.aws.client import Aws
from local.aws.server import is_up
from local.run import options
from local.run.cdk_cli import Cdk, Outputs
from local.run.endpoint import Endpoint, api_keys, gateway_outputs, url_of
from local.run.progress import Steps
from local.run.state import State

_TRUSTSTORE = "TruststoreVersion"  # the output of a stage whose clients have certificates


class NotRedeployedError(Exception):
    """The running AWS cannot have this stage; the text says what to do."""


async def redeploy(folder: Path, stages_file: Path | None, console: Console) -> None:
    """Deploy the stage that runs with `folder` as its state, as its block in cdk.json, or in
    `stages_file`, is now.

    Raises NotRedeployedError, OptionsError, CdkError.
    """
    state, steps = State(folder), Steps(console)
    running = state.read_endpoint()
    if running is None or not await asyncio.to_thread(is_up, running["aws_endpoint_url"]):
        raise NotRedeployedError(
            f"Nothing is up with --local-dir {folder}: start it with `python -m local up`."
        )
    before = Endpoint(**running)
    _check_region(before, stages_file)
    cdk = Cdk(stage=before.stage, folder=state.folder, stages_file=stages_file)
    aws = Aws(before.aws_endpoint_url, before.region, before.account)
    with steps.shown():
        with steps.step("cdk synth") as step:
            await cdk.synth(step.report)
        with steps.step("cdk deploy --all") as step:
            outputs = await cdk.deploy(aws, step.report)
    after = _renewed(before, outputs, aws)
    state.write_endpoint(after._asdict())
    _present(console, before, after, state.endpoint)


def _check_region(running: Endpoint, stages_file: Path | None) -> None:
    region = options.region(running.stage, stages_file)
    if region != running.region:
        raise NotRedeployedError(
            f"The stage {running.stage} is now of {region} and runs in {running.region}: "
            "stop `python -m local up` and start it again."
        )


def _renewed(before: Endpoint, outputs: Outputs, aws: Aws) -> Endpoint:
    """Raise NotRedeployedError where another API took the place of the one that is served, or
    clients have to show a certificate from now on, or no longer."""
    served = gateway_outputs(before.outputs, before.stage)
    deployed = gateway_outputs(outputs, before.stage)
    if deployed["ApiId"] != served["ApiId"]:
        raise NotRedeployedError(
            "It is deployed, but the API was replaced: "
            "stop `python -m local up` and start it again."
        )
    if (_TRUSTSTORE in deployed) != (_TRUSTSTORE in served):
        raise NotRedeployedError(
            "It is deployed, but whether clients are asked for a certificate is decided at the "
            "start: stop `python -m local up` and start it again."
        )
    return before._replace(
        url=url_of(before.url, deployed),
        http_url=url_of(before.http_url, deployed),
        outputs=outputs,
        api_keys=api_keys(aws, deployed),
    )


def _present(console: Console, before: Endpoint, after: Endpoint, file: Path) -> None:
    for name, value in after.api_keys.items():
        if before.api_keys.get(name) != value:
            console.print(f"new key {name}: {value}", soft_wrap=True, markup=False, highlight=False)
    for name in before.api_keys.keys() - after.api_keys.keys():
        console.print(f"key {name} is gone", markup=False, highlight=False)
    console.print(f"Deployed; {file} is renewed.", soft_wrap=True, highlight=False)
