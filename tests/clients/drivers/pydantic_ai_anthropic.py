"""pydantic-ai with its Anthropic provider."""

from pydantic_ai.models.anthropic import AnthropicModel  # type: ignore[import-not-found]
from pydantic_ai.providers.anthropic import AnthropicProvider  # type: ignore[import-not-found]

from tests.clients.drivers.cases import KEY, MODEL, URL, main
from tests.clients.drivers.pydantic_ai_cases import cases_of

model = AnthropicModel(MODEL, provider=AnthropicProvider(base_url=URL, api_key=KEY))

main(**cases_of(model))
