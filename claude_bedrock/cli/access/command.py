"""`claude-bedrock access …`."""

from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import ClientError
from rich.json import JSON

from claude_bedrock.cli.access import use_case_form
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo_json

app = typer.Typer(
    help="Fill in and submit the account's use-case form.",
    no_args_is_help=True,
    add_completion=False,
)

_STATEMENT = (
    "This is a statement of your company to AWS and Anthropic, and binds it. Whoever submits it "
    "must be entitled to make it."
)


@app.callback()
def main() -> None:
    """Fill in and submit the account's use-case form."""


@app.command()
def form() -> None:
    """Print Anthropic's use-case form as JSON, empty, for you to fill in."""
    echo_json(use_case_form.empty())


@app.command()
def submit(
    form: Annotated[Path, typer.Option(help="The form, filled in.")],
    *,
    stage: Stage = None,
    region: Region = None,
    yes: Annotated[bool, typer.Option("--yes", help="Submit without asking.")] = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Submit the use-case form that you filled in, a legal statement of your company."""
    with one_line_errors(role="operator"):
        filled = use_case_form.read(form)
        target = _account(stage, region, local_dir)
        account = target.client("sts").get_caller_identity()["Account"]
        bedrock = target.client("bedrock")
        out = console()
        out.print(f"To account {account} in {target.region}:", JSON.from_data(filled))
        out.print(_STATEMENT)
        if _submitted(bedrock):
            out.print("The account has submitted a form before: this one replaces it.")
        if not yes:
            typer.confirm("Submit it?", abort=True)
        bedrock.put_use_case_for_model_access(formData=use_case_form.as_sent(filled))
        out.print("Submitted.")


def _account(stage: str | None, region: str | None, local_dir: Path) -> Deployment:
    """The form is the account's: a Region is enough to mean the real one."""
    if stage is None and region is None:
        return deployment.local(local_dir, "a Region of your account by --region")
    return deployment.deployed(stage or "", region)


def _submitted(bedrock: Client) -> bool:
    try:
        bedrock.get_use_case_for_model_access()
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True
