"""No grant hands a key of the stage on, save those by which AWS's services keep what is theirs."""

from __future__ import annotations

from tools.synthesis import Synthesis


def test_every_key_refuses_grants_to_all_but_aws(any_stage: Synthesis) -> None:
    keys = [resource for resource in any_stage.everything() if resource.type == "AWS::KMS::Key"]
    assert len(keys) == 3
    for key in keys:
        (denied,) = (
            statement
            for statement in key.properties["KeyPolicy"]["Statement"]
            if statement["Action"] == "kms:CreateGrant"
        )
        assert denied["Effect"] == "Deny"
        assert denied["Principal"] == {"AWS": "*"}
        # Both have to be false, or absent: a denial needs every key of its condition.
        assert denied["Condition"] == {
            "BoolIfExists": {
                "kms:GrantIsForAWSResource": "false",
                "aws:PrincipalIsAWSService": "false",
            }
        }
