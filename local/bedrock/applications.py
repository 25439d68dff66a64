"""The model behind an application inference profile, as GetInferenceProfile has it."""

from collections.abc import Callable, Sequence

from botocore.exceptions import ClientError

from local.bedrock.log_destinations import Client

Applications = Callable[[str], Sequence[str]]
"""ARN of an application profile -> ARNs of the models behind it, none if there is no such profile.
It may block: it is called in a thread."""


def none(_arn: str) -> Sequence[str]:
    """Return no profiles: without a control plane there are none."""
    return ()


def of(bedrock: Client) -> Applications:
    """Return the profiles of the account that a `bedrock` client is of."""

    def models(arn: str) -> Sequence[str]:
        try:
            profile = bedrock.get_inference_profile(inferenceProfileIdentifier=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return ()
            raise
        if profile["inferenceProfileArn"] != arn:
            return ()
        return [model["modelArn"] for model in profile["models"]]

    return models
