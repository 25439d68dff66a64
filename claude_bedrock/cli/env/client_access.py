"""The values that a client needs to call a deployment, read from its stacks or from local mode."""

import json
from collections.abc import Mapping
from pathlib import Path

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import DENIED, code_of
from claude_bedrock.cli.env.client_environment import Access
from claude_bedrock.cli.keys.api_keys import Keys
from claude_bedrock.cli.shared.deployment import Deployment, NoTargetError, chosen, local_endpoint


def access(
    stage: str | None, region: str | None, local_dir: Path, key: str | None, key_name: str | None
) -> tuple[Access, str]:
    """Return the access, and a note for people: why it has no key, or empty.

    Raises NoTargetError, KeyRefusedError for a name that no key has, and botocore's errors."""
    deployment, outputs, found = _read(stage, region, local_dir)
    if not found.takes_keys:
        return (
            found,
            f"stage {found.stage} takes requests signed with AWS credentials; it has no keys",
        )
    if key:
        return found._replace(key=key.strip()), ""
    value, note = _key(deployment, outputs.get("ApiKeyIds", "{}"), key_name)
    return found._replace(key=value), note


def access_without_key(stage: str | None, region: str | None, local_dir: Path) -> Access:
    """Return the access of a client that has a credential of its own. Raises NoTargetError, and
    botocore's errors."""
    return _read(stage, region, local_dir)[2]


def _read(
    stage: str | None, region: str | None, local_dir: Path
) -> tuple[Deployment, Mapping[str, str], Access]:
    """Return the deployment, its Gateway stack's outputs, and the access without a key."""
    deployment = chosen(stage, region, local_dir)
    outputs = deployment.outputs("Gateway")
    local: Mapping[str, str] = {} if stage else local_endpoint(local_dir)
    url = local.get("url") or outputs["EndpointUrl"]  # locally the output has AWS's form
    takes_keys, ca_bundle = outputs.get("Auth") != "iam", local.get("ca_bundle")
    certificate = local.get("client_certificate")
    access = Access(
        deployment.stage, deployment.region, url, takes_keys, None, ca_bundle, certificate
    )
    return deployment, outputs, access


def _key(deployment: Deployment, ids: str, key_name: str | None) -> tuple[str | None, str]:
    """Return the key's value, or None and why there is none."""
    add = f"`claude-bedrock keys add NAME{deployment.options}`"
    try:
        if key_name:
            key_id = Keys(deployment).named(key_name)[0].id
        else:
            key_id = next(iter(json.loads(ids).values()), "")
        if not key_id:
            return (
                None,
                f"the key is left out: stage {deployment.stage} has no api_keys. Run {add}.",
            )
        client = deployment.client("apigateway")
        return client.get_api_key(apiKey=key_id, includeValue=True)["value"], ""
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        return None, (
            "the key is left out: AWS denies you its value (apigateway:GET on /apikeys). "
            f"Set it yourself, or run {add} as the stage's operator."
        )
    except KeyError as error:
        raise NoTargetError("API Gateway returned no value for the key.") from error
