"""Bedrock's control plane and Service Quotas as the embedded AWS answers them, asked by boto3."""

import asyncio
import contextlib
import json
import urllib.request
from collections.abc import AsyncIterator, Iterator

import pytest
from botocore.exceptions import ClientError

from claude_bedrock import catalog
from local.aws.client import Aws, Client
from local.aws.server import embedded_aws

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
PROFILE = f"us.{HAIKU}"
FORM = b'{"companyName": "Example"}'


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    folder = tmp_path_factory.mktemp("aws")

    @contextlib.asynccontextmanager
    async def up() -> AsyncIterator[Aws]:
        async with embedded_aws(region="us-east-1", port=0, folder=folder) as embedded:
            yield embedded

    with asyncio.Runner() as runner:
        context = up()
        yield runner.run(context.__aenter__())
        runner.run(context.__aexit__(None, None, None))


@pytest.fixture
def bedrock(aws: Aws) -> Client:
    return aws.client("bedrock")


def set_overrides(aws: Aws, *answers: dict[str, object]) -> None:
    body = json.dumps(answers).encode()
    request = urllib.request.Request(aws.url, body, {"x-amz-target": "LocalAnswers"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request) as response:  # noqa: S310 - loopback
        assert json.load(response) == list(answers)


def error_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    code: str = refused.value.response["Error"]["Code"]
    return code


def test_the_models_are_the_catalogs(bedrock: Client) -> None:
    summaries = bedrock.list_foundation_models(byProvider="Anthropic")["modelSummaries"]

    by_id = {summary["modelId"]: summary for summary in summaries}
    assert by_id[HAIKU]["inferenceTypesSupported"] == ["INFERENCE_PROFILE"]
    retired = {model.base_id for model in catalog.MODELS if catalog.is_retired(model, "2026-11-25")}
    assert retired
    assert not retired & set(by_id)
    assert not bedrock.list_foundation_models(byInferenceType="ON_DEMAND")["modelSummaries"]
    assert not bedrock.list_foundation_models(byProvider="amazon")["modelSummaries"]


def test_a_model_on_its_way_out_has_a_date(bedrock: Client) -> None:
    old = bedrock.get_foundation_model(modelIdentifier="anthropic.claude-opus-4-1-20250805-v1:0")

    life = old["modelDetails"]["modelLifecycle"]
    assert life["status"] == "LEGACY"
    assert life["endOfLifeTime"].date().isoformat() == "2027-01-08"


def test_a_profile_names_its_destinations_by_source_region(aws: Aws) -> None:
    def reached(region: str) -> set[str]:
        client = aws._replace(region=region).client("bedrock")
        models = client.get_inference_profile(inferenceProfileIdentifier=PROFILE)["models"]
        return {model["modelArn"].split(":")[3] for model in models}

    assert reached("us-east-1") == {"us-east-1", "us-east-2", "us-west-2"}
    assert reached("ca-central-1") == {"us-east-1", "us-east-2", "us-west-2", "ca-central-1"}
    with pytest.raises(ClientError) as refused:
        reached("eu-west-1")
    assert error_of(refused) == "ResourceNotFoundException"


def test_application_profiles_are_made_of_what_there_is(bedrock: Client) -> None:
    system = bedrock.get_inference_profile(inferenceProfileIdentifier=PROFILE)
    made = bedrock.create_inference_profile(
        inferenceProfileName="search", modelSource={"copyFrom": system["inferenceProfileArn"]}
    )["inferenceProfileArn"]

    profile = bedrock.get_inference_profile(inferenceProfileIdentifier=made)
    listed = bedrock.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
    assert profile["models"] == system["models"]
    assert [summary["inferenceProfileArn"] for summary in listed] == [made]
    assert made not in str(bedrock.list_inference_profiles(typeEquals="SYSTEM_DEFINED"))
    assert made not in str(bedrock.list_inference_profiles())

    bedrock.delete_inference_profile(inferenceProfileIdentifier=made)
    assert not bedrock.list_inference_profiles(typeEquals="APPLICATION")[
        "inferenceProfileSummaries"
    ]
    with pytest.raises(ClientError) as refused:
        bedrock.create_inference_profile(
            inferenceProfileName="wrong", modelSource={"copyFrom": f"{made}-not-there"}
        )
    assert error_of(refused) == "ValidationException"


def test_the_form_is_missing_until_it_is_submitted(bedrock: Client) -> None:
    with pytest.raises(ClientError) as missing:
        bedrock.get_use_case_for_model_access()
    with pytest.raises(ClientError) as too_long:
        bedrock.put_use_case_for_model_access(formData=b"x" * 16385)
    bedrock.put_use_case_for_model_access(formData=FORM)

    assert error_of(missing) == "ResourceNotFoundException"
    assert error_of(too_long) == "ValidationException"
    assert bedrock.get_use_case_for_model_access()["formData"] == FORM


def test_an_agreement_makes_a_model_available(bedrock: Client) -> None:
    def agreement() -> str:
        availability = bedrock.get_foundation_model_availability(modelId=HAIKU)
        status: str = availability["agreementAvailability"]["status"]
        return status

    assert agreement() == "NOT_AVAILABLE"
    (offer,) = bedrock.list_foundation_model_agreement_offers(modelId=HAIKU)["offers"]
    bedrock.create_foundation_model_agreement(modelId=HAIKU, offerToken=offer["offerToken"])
    assert agreement() == "AVAILABLE"
    with pytest.raises(ClientError) as twice:
        bedrock.create_foundation_model_agreement(modelId=HAIKU, offerToken=offer["offerToken"])
    assert error_of(twice) == "ConflictException"
    bedrock.delete_foundation_model_agreement(modelId=HAIKU)
    assert agreement() == "NOT_AVAILABLE"


def test_the_retention_mode_is_the_regions(aws: Aws, bedrock: Client) -> None:
    elsewhere = aws._replace(region="eu-central-1").client("bedrock")

    assert bedrock.get_account_data_retention()["mode"] == "inherit"
    assert bedrock.put_account_data_retention(mode="none")["mode"] == "none"
    assert bedrock.get_account_data_retention()["updatedAt"].tzinfo is not None
    assert elsewhere.get_account_data_retention()["mode"] == "inherit"
    with pytest.raises(ClientError) as refused:
        bedrock.put_account_data_retention(mode="forever")
    assert error_of(refused) == "ValidationException"


def test_quotas_have_aws_names(aws: Aws) -> None:
    client = aws.client("service-quotas")
    quotas = client.list_service_quotas(ServiceCode="bedrock")["Quotas"]

    by_name = {quota["QuotaName"]: quota for quota in quotas}
    start = "cross-region model inference requests per minute for Anthropic Claude"
    assert by_name[f"Global {start} Sonnet 4.5 V1"]["Value"] > 0
    quota = by_name[f"C{start[1:]} Haiku 4.5"]
    assert client.get_service_quota(ServiceCode="bedrock", QuotaCode=quota["QuotaCode"]) | {
        "ResponseMetadata": None
    } == {"Quota": quota, "ResponseMetadata": None}
    with pytest.raises(ClientError) as refused:
        client.list_service_quotas(ServiceCode="lambda")
    assert error_of(refused) == "NoSuchResourceException"


def test_an_answer_can_be_overridden(aws: Aws, bedrock: Client) -> None:
    denied = {"__type": "AccessDeniedException", "message": "not you"}
    answer = {"service": "bedrock", "asked": "GET /data-retention", "status": 403, "body": denied}
    set_overrides(aws, answer)
    with pytest.raises(ClientError) as refused:
        bedrock.get_account_data_retention()
    assert error_of(refused) == "AccessDeniedException"

    set_overrides(aws)
    assert bedrock.get_account_data_retention()["mode"]


def stack(reserved: int | None) -> str:
    """A template of one function."""
    properties = {
        "FunctionName": "reserving",
        "Code": {"ZipFile": "def handle(*_): pass"},
        "Handler": "index.handle",
        "Role": "arn:aws:iam::123456789012:role/any",
        "Runtime": "python3.11",
        **({"ReservedConcurrentExecutions": reserved} if reserved else {}),
    }
    return json.dumps(
        {"Resources": {"One": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    )


def test_what_a_template_reserves_is_the_functions_and_no_others(aws: Aws) -> None:
    formation, functions = aws.client("cloudformation"), aws.client("lambda")

    def unreserved() -> int:
        left: int = functions.get_account_settings()["AccountLimit"][
            "UnreservedConcurrentExecutions"
        ]
        return left

    def reserved() -> int | None:
        concurrency = functions.get_function_concurrency(FunctionName="reserving")
        number: int | None = concurrency.get("ReservedConcurrentExecutions")
        return number

    def update(number: int | None, waiter: str = "stack_update_complete") -> None:
        formation.update_stack(StackName="reserving", TemplateBody=stack(number))
        formation.get_waiter(waiter).wait(StackName="reserving", WaiterConfig={"Delay": 1})

    formation.create_stack(StackName="reserving", TemplateBody=stack(300))
    formation.get_waiter("stack_create_complete").wait(
        StackName="reserving", WaiterConfig={"Delay": 1}
    )
    assert (reserved(), unreserved()) == (300, 700)
    update(900)
    assert (reserved(), unreserved()) == (900, 100)
    update(901, "stack_rollback_complete")
    events = formation.describe_stack_events(StackName="reserving")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("below its minimum value of [100]" in reason for reason in reasons)
    assert reserved() == 900
    update(None)
    assert (reserved(), unreserved()) == (None, 1000)
    formation.delete_stack(StackName="reserving")
