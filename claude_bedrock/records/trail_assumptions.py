"""What is taken to be so of CloudTrail's events of Bedrock, each by a name.

AWS's pages leave these open, or other readers' reports say them: `claude-bedrock smoke` tries them
on a live account. Who finds one wrong changes it here.
"""

from typing import Final, NamedTuple


class Assumption(NamedTuple):
    """What is assumed, in words, and the public page or report that it rests on."""

    name: str
    words: str
    source: str


_BEDROCK: Final = (
    "https://docs.aws.amazon.com/bedrock/latest/userguide/logging-using-cloudtrail.html"
)
_FIELDS: Final = (
    "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
    "cloudtrail-event-reference-record-contents.html"
)
EVENT_SOURCE: Final = "bedrock.amazonaws.com"
RECORDED_OPERATIONS: Final = frozenset(
    {"InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream"}
)
"""Bedrock logs these:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"""
UNRECORDED_OPERATIONS: Final = frozenset(
    {
        *("InvokeModelWithBidirectionalStream", "StartAsyncInvoke", "CreateModelInvocationJob"),
        *("CreateEvaluationJob", "CreateAdvancedPromptOptimizationJob", "OptimizePrompt"),
        *("InvokeAgent", "InvokeInlineAgent", "InvokeFlow", "StartFlowExecution"),
        *("AgenticRetrieveStream", "RetrieveAndGenerate", "RetrieveAndGenerateStream"),
        "GenerateQuery",
    }
)
"""A model answers these too, and they are not among the operations that Bedrock logs. Those of
agents, flows and knowledge bases are data events, which a trail has only where its owner selects
them: https://docs.aws.amazon.com/bedrock/latest/userguide/logging-using-cloudtrail.html"""
UNRECORDED_SOURCES: Final = {"bedrock-mantle.amazonaws.com": frozenset({"CreateInference"})}
"""The other endpoint's calls, which Bedrock does not log; they are data events, which a trail has
only where its owner selects them:
https://docs.aws.amazon.com/bedrock/latest/userguide/logging-cloudtrail-mantle.html"""

MANAGEMENT_EVENTS: Final = Assumption(
    "management_events",
    "InvokeModel and Converse, streamed or not, are management events of Bedrock",
    _BEDROCK,
)
REQUEST_ID: Final = Assumption(
    "request_id", "requestID is the request id of Bedrock's record and answer", _FIELDS
)
SOURCE_REGION: Final = Assumption(
    "source_region",
    "awsRegion is the Region that was called, also where another one answered",
    "https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html",
)
PRINCIPAL: Final = Assumption(
    "principal", "userIdentity.arn is the caller's session, as in the record's identity", _FIELDS
)
ERROR_CODE: Final = Assumption(
    "error_code", "a call that Bedrock refuses has an errorCode, one that it answers none", _FIELDS
)
MODEL_ID: Final = Assumption(
    "model_id", "requestParameters.modelId is the id by which Bedrock was called", _BEDROCK
)
INFERENCE_REGION: Final = Assumption(
    "inference_region",
    "additionalEventData.inferenceRegion is the Region that answered, where it is another",
    "https://docs.aws.amazon.com/bedrock/latest/userguide/cross-region-inference.html",
)
ASSUMPTIONS: Final = (
    *(MANAGEMENT_EVENTS, REQUEST_ID, SOURCE_REGION, PRINCIPAL, ERROR_CODE),
    *(MODEL_ID, INFERENCE_REGION),
)


def is_inference(source: str, operation: str) -> bool:
    """Return whether an event is of a call that runs a model."""
    if source == EVENT_SOURCE:
        return operation in RECORDED_OPERATIONS | UNRECORDED_OPERATIONS
    return operation in UNRECORDED_SOURCES.get(source, ())
