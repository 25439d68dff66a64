"""The log bucket's replication into another account: one rule, one role, two statements."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infrastructure.variants import PLAIN, VALUES, Syntheses, Templates

BLOCK = {**PLAIN, **VALUES["logging.archive"][1], "logging.keep_logs_on_destroy": True}
STACK = "InvocationLogging"
OF_ROLE = "/claude-on-bedrock-dev-us-east-1-replication"


@pytest.fixture(scope="module")
def syntheses(tmp_path_factory: pytest.TempPathFactory) -> Syntheses:
    return Syntheses(tmp_path_factory.mktemp("syntheses"))


@pytest.fixture(scope="module")
def templates(syntheses: Syntheses) -> Templates:
    return syntheses.of(BLOCK)


def only(templates: Templates, type_: str, beginning: str) -> dict[str, Any]:
    (properties,) = [
        body["Properties"]
        for name, body in templates[STACK]["Resources"].items()
        if body["Type"] == type_ and name.startswith(beginning)
    ]
    return dict(properties)


def test_every_object_is_replicated_and_no_deletion(templates: Templates) -> None:
    bucket = only(templates, "AWS::S3::Bucket", "Bucket")
    (rule,) = bucket["ReplicationConfiguration"]["Rules"]

    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert (rule["Status"], rule["Filter"]) == ("Enabled", {"Prefix": ""})
    assert rule["DeleteMarkerReplication"] == {"Status": "Disabled"}
    assert rule["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    archive = BLOCK["logging.archive"]
    assert isinstance(archive, dict)
    assert rule["Destination"] == {
        "Bucket": f"arn:aws:s3:::{archive['bucket']}",
        "Account": archive["account"],
        "AccessControlTranslation": {"Owner": "Destination"},
        "EncryptionConfiguration": {"ReplicaKmsKeyID": archive["key"]},
        "Metrics": {"Status": "Enabled"},
    }


def test_only_s3_takes_the_role_and_it_may_write_only_into_the_archive(
    templates: Templates,
) -> None:
    role = only(templates, "AWS::IAM::Role", "Archive")
    policy = only(templates, "AWS::IAM::Policy", "Archive")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    statements = {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}

    assert f"/{role['RoleName']}" == OF_ROLE
    assert trust["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statements["WriteReplicas"]["Resource"] == "arn:aws:s3:::company-archive/*"
    assert statements["EncryptReplicas"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
    }
    assert "s3:ReplicateDelete" not in json.dumps(policy)


def test_the_archives_account_has_its_statements_as_outputs(templates: Templates) -> None:
    outputs = templates[STACK]["Outputs"]
    of_bucket, of_key = (
        json.dumps(outputs[f"Archive{name}Statement"]["Value"]) for name in ("Bucket", "Key")
    )

    assert OF_ROLE in of_bucket and OF_ROLE in of_key
    assert "s3:ReplicateObject" in of_bucket and "company-archive/*" in of_bucket
    assert "kms:GenerateDataKey" in of_key


def test_the_drift_detector_and_an_alarm_watch_it(templates: Templates) -> None:
    (variables,) = [
        body["Properties"]["Environment"]["Variables"]
        for body in templates[STACK]["Resources"].values()
        if body["Type"] == "AWS::Lambda::Function"
        and body["Properties"]["Handler"].startswith("drift_detector")
    ]
    alarms = [
        body["Properties"]
        for name, body in templates["Observability"]["Resources"].items()
        if "ArchiveReplicationFailed" in name
    ]

    assert json.loads(variables["ARCHIVE"]) == BLOCK["logging.archive"]
    assert "DeleteBucketReplication" in json.dumps(templates[STACK])
    assert [alarm["MetricName"] for alarm in alarms] == ["OperationsFailedReplication"]
    assert {each["Name"] for each in alarms[0]["Dimensions"]} == {
        *("SourceBucket", "DestinationBucket", "RuleId"),
    }


def test_the_account_in_the_buckets_name_is_the_stages(syntheses: Syntheses) -> None:
    templates = syntheses.of({**PLAIN, **VALUES["logging.archive"][2]})

    assert "archive-${AWS::AccountId}" not in json.dumps(templates)
    (rule,) = only(templates, "AWS::S3::Bucket", "Bucket")["ReplicationConfiguration"]["Rules"]
    assert rule["Destination"]["Bucket"] == {
        "Fn::Join": ["", ["arn:aws:s3:::archive-", {"Ref": "AWS::AccountId"}]]
    }
