"""IAM actions that can have a model run, each with what the deny policy makes of it.

From AWS's service authorization reference of Amazon Bedrock and its relatives, and of Claude
Platform on AWS; a test fails where AWS's SDK or that reference has an action that is not here:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from typing import Final, NamedTuple

_API: Final = "https://docs.aws.amazon.com/bedrock/latest/APIReference"
_GUIDE: Final = "https://docs.aws.amazon.com/bedrock/latest/userguide"
_AGENTCORE: Final = "https://docs.aws.amazon.com/bedrock-agentcore/latest"


class InferenceActions(NamedTuple):
    """Actions of one kind, named `service:Action`. `denials` are the patterns of the deny policy
    that match them; AWS reads `*` in them as any text."""

    does: str
    actions: tuple[str, ...]
    source: str
    denials: tuple[str, ...] = ()


def _named(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())


LOGGED: Final = (
    InferenceActions(
        "InvokeModel and Converse, streamed or not, by the stage's profiles. Asynchronous and "
        "two-way calls are these actions too, and the deny policy denies the former",
        _named("bedrock", "InvokeModel InvokeModelWithResponseStream"),
        f"{_GUIDE}/model-invocation-logging.html",
    ),
)
"""What Bedrock records, with the caller."""

DENIED: Final = (
    InferenceActions(
        "Claude Platform on AWS: Anthropic runs the models, outside Bedrock",
        _named("aws-external-anthropic", "CreateBatchInference CreateInference CreateSession"),
        "https://docs.aws.amazon.com/claude-platform/latest/userguide/iam-actions.html",
        ("aws-external-anthropic:*",),
    ),
    InferenceActions(
        "The endpoint bedrock-mantle",
        _named("bedrock-mantle", "CreateFineTuningJob CreateInference"),
        f"{_GUIDE}/endpoints.html",
        ("bedrock-mantle:*",),
    ),
    InferenceActions(
        "Batch, evaluation, prompt optimization and customization, where distillation asks a "
        "teacher model. The pattern takes in copy and import jobs",
        _named(
            "bedrock",
            "CreateAdvancedPromptOptimizationJob CreateEvaluationJob CreateModelCopyJob "
            "CreateModelCustomizationJob CreateModelEvaluationJob CreateModelImportJob "
            "CreateModelInvocationJob",
        ),
        f"{_GUIDE}/model-invocation-logging.html",
        ("bedrock:Create*Job",),
    ),
    InferenceActions(
        "Agents, which call models by a role of their own",
        _named("bedrock", "InvokeAgent InvokeInlineAgent"),
        f"{_API}/API_agent-runtime_InvokeInlineAgent.html",
        ("bedrock:Invoke*Agent",),
    ),
    InferenceActions(
        "Flows, likewise",
        _named("bedrock", "InvokeFlow StartFlowExecution"),
        f"{_API}/API_agent-runtime_InvokeFlow.html",
        ("bedrock:InvokeFlow", "bedrock:StartFlowExecution"),
    ),
    InferenceActions(
        "Knowledge bases: answers, queries, and filters that a model writes",
        _named(
            "bedrock", "AgenticRetrieveStream GenerateQuery Rerank Retrieve RetrieveAndGenerate"
        ),
        f"{_API}/API_agent-runtime_ImplicitFilterConfiguration.html",
        ("bedrock:*Retrieve*", "bedrock:GenerateQuery", "bedrock:Rerank"),
    ),
    InferenceActions(
        "Knowledge bases: documents that a model parses",
        _named("bedrock", "IngestKnowledgeBaseDocuments StartIngestionJob"),
        f"{_API}/API_agent_BedrockFoundationModelConfiguration.html",
        ("bedrock:IngestKnowledgeBaseDocuments", "bedrock:StartIngestionJob"),
    ),
    InferenceActions(
        "Help with prompts and resources; tools of Bedrock that run models",
        _named("bedrock", "InvokeBuilder InvokeTool OptimizePrompt"),
        f"{_API}/API_agent-runtime_OptimizePrompt.html",
        ("bedrock:InvokeBuilder", "bedrock:InvokeTool", "bedrock:OptimizePrompt"),
    ),
    InferenceActions(
        "Data automation",
        _named(
            "bedrock",
            "InvokeBlueprintOptimizationAsync InvokeBlueprintRecommendationAsync "
            "InvokeDataAutomation InvokeDataAutomationAsync "
            "InvokeDataAutomationLibraryIngestionJob",
        ),
        f"{_GUIDE}/bda.html",
        ("bedrock:InvokeBlueprint*", "bedrock:InvokeDataAutomation*"),
    ),
    InferenceActions(
        "Automated reasoning, where a model translates text into logic",
        _named(
            "bedrock",
            "InvokeAutomatedReasoningPolicy StartAutomatedReasoningPolicyBuildWorkflow "
            "StartAutomatedReasoningPolicyTestWorkflow",
        ),
        f"{_GUIDE}/guardrails-automated-reasoning-checks.html",
        ("bedrock:InvokeAutomated*", "bedrock:StartAutomated*"),
    ),
    InferenceActions(
        "AgentCore: harnesses and gateways, which call models by a role of their own",
        _named("bedrock-agentcore", "InvokeGateway InvokeHarness"),
        "https://docs.aws.amazon.com/service-authorization/latest/reference/"
        "list_amazonbedrockagentcore.html",
        ("bedrock-agentcore:InvokeGateway", "bedrock-agentcore:InvokeHarness"),
    ),
    InferenceActions(
        "AgentCore: evaluations, recommendations, policies that a model writes",
        _named(
            "bedrock-agentcore",
            "CreateOnlineEvaluationConfig Evaluate StartBatchEvaluation StartPolicyGeneration "
            "StartRecommendation UpdateOnlineEvaluationConfig",
        ),
        "https://docs.aws.amazon.com/service-authorization/latest/reference/"
        "list_amazonbedrockagentcore.html",
        (
            *_named("bedrock-agentcore", "CreateOnline* Evaluate StartBatchEvaluation"),
            *_named("bedrock-agentcore", "StartPolicyGeneration StartRec* UpdateOnline*"),
        ),
    ),
    InferenceActions(
        "AgentCore: events and documents that a memory's model reads",
        _named("bedrock-agentcore", "CreateEvent IngestData StartMemoryExtractionJob"),
        "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/"
        "AmazonBedrockAgentCoreMemoryBedrockModelInferenceExecutionRolePolicy.html",
        _named("bedrock-agentcore", "CreateEvent IngestData StartMemory*"),
    ),
)
"""What runs a model with no record in the caller's name."""

OUT_OF_SCOPE: Final = (
    InferenceActions(
        "Counting tokens, guardrails, watermarks: no model writes an answer",
        _named("bedrock", "ApplyGuardrail CountTokens DetectGeneratedContent")
        + _named("bedrock", "InvokeGuardrailChecks"),
        f"{_API}/API_Operations_Amazon_Bedrock_Runtime.html",
    ),
    InferenceActions(
        "Filling in a saved prompt: the call that uses it is Converse",
        _named("bedrock", "RenderPrompt"),
        f"{_GUIDE}/prompt-management.html",
    ),
    InferenceActions(
        "Code of your own in AgentCore, as in Lambda: it calls models by its own role, which "
        "records name and a service control policy limits",
        _named(
            "bedrock-agentcore",
            "InvokeAgentRuntime InvokeAgentRuntimeCommand InvokeAgentRuntimeCommandShell "
            "InvokeAgentRuntimeForUser InvokeAgentRuntimeWithWebSocketStream "
            "InvokeAgentRuntimeWithWebSocketStreamForUser InvokeBrowser InvokeCodeInterpreter",
        ),
        f"{_AGENTCORE}/APIReference/API_InvokeAgentRuntime.html",
    ),
    InferenceActions(
        "Search by meaning, in memories, registries and the web: it finds, and writes nothing",
        _named("bedrock-agentcore", "InvokeRegistryMcp InvokeWebSearch RetrieveMemoryRecords")
        + _named("bedrock-agentcore", "SearchRegistryRecords")
        + _named("bedrock-websearch", "ExternalWebAccess InvokeFetch InvokeSearch"),
        "https://docs.aws.amazon.com/service-authorization/latest/reference/"
        "list_amazonbedrockagentcore.html",
    ),
)
"""What no denial is for."""

UNLISTED_ACTIONS: Final = frozenset({"bedrock-agentcore:IngestData"})
"""What AWS's service authorization reference, as data of 2026-09-26, lacks:
https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_IngestData.html"""

DENIALS: Final = [denial for kind in DENIED for denial in kind.denials]
"""The patterns of the deny policy's first statement."""

DENIED_ACTIONS: Final = [action for kind in DENIED for action in kind.actions]
"""The actions that they match today."""
