"""The boto3 and AWS CLI samples of Anthropic's guide to Bedrock."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3

from tests.clients.drivers.cases import main

LISTING = "bedrock list-foundation-models --region=us-west-2 --by-provider anthropic --query"


def globally() -> dict[str, Any]:
    bedrock = boto3.client(service_name="bedrock-runtime")
    body = json.dumps(
        {
            "max_tokens": 256,
            "messages": [{"role": "user", "content": "Hello, world"}],
            "anthropic_version": "bedrock-2023-05-31",
        }
    )
    response = bedrock.invoke_model(
        body=body, modelId="global.anthropic.claude-sonnet-4-5-20250929-v1:0"
    )
    response_body = json.loads(response["body"].read())
    return {"text": response_body["content"][0]["text"]}


def listed() -> dict[str, Any]:
    bedrock = boto3.client(service_name="bedrock")
    response = bedrock.list_foundation_models(byProvider="anthropic")
    return {"models": [summary["modelId"] for summary in response["modelSummaries"]]}


def listed_by_the_cli() -> dict[str, Any]:
    aws = Path(sys.executable).with_name("aws")
    command = [*LISTING.split(), "modelSummaries[*].modelId", "--output", "json"]
    ran = subprocess.run([aws, *command], capture_output=True, text=True, check=True)
    return {"models": json.loads(ran.stdout)}


main(globally=globally, listed=listed, listed_by_the_cli=listed_by_the_cli)
