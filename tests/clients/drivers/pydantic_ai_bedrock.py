"""pydantic-ai with its Bedrock provider, which speaks Converse."""

from pydantic_ai.models.bedrock import BedrockConverseModel  # type: ignore[import-not-found]

from tests.clients.drivers.cases import MODEL, main
from tests.clients.drivers.pydantic_ai_cases import cases_of

model = BedrockConverseModel(MODEL)

main(**cases_of(model))
