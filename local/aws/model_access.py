"""The access to Claude's models that an account's owner enables once, done in the embedded AWS.

In an account it is a person's act: the form states facts, and an agreement binds a company.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html
"""

import json
from typing import Final

from local.aws.client import Aws

FORM: Final = {
    "companyName": "nobody: local mode",
    "companyWebsite": "http://localhost",
    "intendedUsers": "0",
    "industryOption": "none",
    "otherIndustryOption": "none",
    "useCases": "Nothing leaves this machine and no model runs.",
}


def grant_model_access(aws: Aws) -> None:
    """Submit the form, and take the offer of every model of the Region."""
    bedrock = aws.client("bedrock")
    bedrock.put_use_case_for_model_access(formData=json.dumps(FORM).encode())
    for model in bedrock.list_foundation_models(byProvider="anthropic")["modelSummaries"]:
        model_id = model["modelId"]
        (offer,) = bedrock.list_foundation_model_agreement_offers(modelId=model_id)["offers"]
        bedrock.create_foundation_model_agreement(modelId=model_id, offerToken=offer["offerToken"])
