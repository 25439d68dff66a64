"""What counts as a difference between two syntheses, and what an update would refuse."""

from __future__ import annotations

from typing import Any

from tools.compare_templates import Difference, compare

BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "records"}}
RULE = {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Arn": {"Ref": "Function"}}]}}


def template(**resources: object) -> dict[str, Any]:
    return {"Resources": resources}


def test_a_sid_a_hash_and_the_order_of_statements_are_no_difference() -> None:
    def policy(*statements: dict[str, str]) -> dict[str, Any]:
        document = {"Statement": [*statements]}
        return template(Policy={"Type": "AWS::IAM::Policy", "Properties": {"D": document}})

    before = policy({"Sid": "Looks", "Action": "a", "Key": "0" * 64}, {"Action": "b"})
    after = policy({"Action": "b"}, {"Sid": "ReadObjects", "Action": "a", "Key": "1" * 64})

    assert list(compare(before, after)) == []


def test_another_action_is_a_difference() -> None:
    before = template(Policy={"Type": "AWS::IAM::Policy", "Properties": {"Action": "s3:Get"}})
    after = template(Policy={"Type": "AWS::IAM::Policy", "Properties": {"Action": "s3:Put"}})

    (difference,) = compare(before, after)

    assert difference.kind == "other"
    assert "Policy.Properties.Action" in difference.text


def test_a_new_logical_id_is_a_name_but_not_for_what_holds_data() -> None:
    before = template(Clock01234567=RULE, Bucket01234567=BUCKET)
    after = template(Schedule01234567=RULE, RecordBucket01234567=BUCKET)

    differences = list(compare(before, after))

    assert Difference("name", "logical id Clock01234567 -> Schedule01234567") in differences
    assert [difference.text for difference in differences if difference.kind != "name"] == [
        "AWS::S3::Bucket Bucket01234567 is replaced by RecordBucket01234567"
    ]


def test_a_custom_resource_has_the_same_function() -> None:
    def stack(function: str) -> dict[str, Any]:
        custom = {"Type": "Custom::Setting", "Properties": {"ServiceToken": {"Ref": function}}}
        return template(**{function: {"Type": "AWS::Lambda::Function"}, "Resource": custom})

    kinds = {difference.kind for difference in compare(stack("Configurer"), stack("LoggingConfig"))}

    assert kinds == {"name", "upgrade"}


def test_a_strict_api_changes_its_endpoint_type_after_a_step_by_hand() -> None:
    def stack(type_: str, mode: str) -> dict[str, Any]:
        properties = {"EndpointConfiguration": {"Types": [type_]}, "EndpointAccessMode": mode}
        return template(Api={"Type": "AWS::ApiGateway::RestApi", "Properties": properties})

    public, private = stack("REGIONAL", "STRICT"), stack("PRIVATE", "BASIC")

    assert "upgrade" in {difference.kind for difference in compare(public, private)}
    assert "upgrade" not in {difference.kind for difference in compare(private, public)}


def test_an_export_that_another_stack_may_import_stays() -> None:
    before = {
        **template(Key={"Type": "AWS::Events::Rule"}),
        "Outputs": {"Arn": {"Value": {"Ref": "Key"}, "Export": {"Name": "stack:Key"}}},
    }
    after = template(Key={"Type": "AWS::Events::Rule"})

    assert "upgrade" in {difference.kind for difference in compare(before, after)}
