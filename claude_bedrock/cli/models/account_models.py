"""The Claude models and profiles that an account's Bedrock has in a Region."""

from collections.abc import Mapping

from claude_bedrock.catalog import comparison
from claude_bedrock.catalog.comparison import ReportedModel
from claude_bedrock.cli.shared.deployment import Client


def claude_models(bedrock: Client) -> Mapping[str, ReportedModel]:
    """Return what the account says of each base id, by a boto3 client of `bedrock`. Raises
    botocore's errors.

    Needs bedrock:ListFoundationModels, ListInferenceProfiles and GetInferenceProfile, none of
    which tells of prompts."""
    summaries = bedrock.list_foundation_models(byProvider="anthropic")["modelSummaries"]
    pages = bedrock.get_paginator("list_inference_profiles").paginate(typeEquals="SYSTEM_DEFINED")
    listed = (
        summary["inferenceProfileId"]
        for page in pages
        for summary in page["inferenceProfileSummaries"]
    )
    claudes = [profile_id for profile_id in listed if ".anthropic." in profile_id]
    profiles = [
        bedrock.get_inference_profile(inferenceProfileIdentifier=claude) for claude in claudes
    ]
    return comparison.read(summaries, profiles)
