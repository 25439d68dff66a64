"""Nothing in the templates lets in whom docs/security.md does not name, nor holds a secret."""

from __future__ import annotations

import json
import re

from tools.synthesis import Synthesis

# What AWS's own keys, our callers' keys, and a private key look like.
ISSUER_KEY = "token-issuer-"
SECRET = re.compile(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|cobk[\w.-]*[A-Za-z0-9]{40}|BEGIN [A-Z ]*KEY"
)
SOURCES = {"AWS::ApiGateway::RestApi", "AWS::Events::Rule"}
INVOKERS = {"apigateway.amazonaws.com", "events.amazonaws.com"}


def test_functions_are_invoked_by_our_api_and_our_clocks_only(any_stage: Synthesis) -> None:
    everything = list(any_stage.everything())
    own = {resource.id for resource in everything if resource.type in SOURCES}
    permissions = [
        resource.properties for resource in everything if resource.type == "AWS::Lambda::Permission"
    ]
    assert {permission["Principal"] for permission in permissions} == INVOKERS
    for permission in permissions:
        assert permission["Action"] == "lambda:InvokeFunction"
        assert set(re.findall(r'"(\w+)"', json.dumps(permission["SourceArn"]))) & own
    types = {resource.type for resource in everything}
    assert not types & {"AWS::Lambda::Url", "AWS::Lambda::LayerVersionPermission"}


def test_no_template_holds_a_secret(any_stage: Synthesis) -> None:
    for path in any_stage.folder.glob("*.template.json"):
        text = path.read_text()
        assert not SECRET.search(text)
        assert "{{resolve:" not in text
        assert "NoEcho" not in text
    keys = [
        resource
        for resource in any_stage.everything()
        if resource.type == "AWS::ApiGateway::ApiKey"
    ]
    assert keys
    # A token issuer's is no secret: the authorizer refuses it, as a credential of anybody.
    values = {key.properties["Name"]: key.properties.get("Value") for key in keys}
    assert not [name for name in values if values[name] and not name.startswith(ISSUER_KEY)]
