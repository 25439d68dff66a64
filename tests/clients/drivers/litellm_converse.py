"""LiteLLM with its Bedrock provider, by Converse."""

from functools import partial

from litellm import completion  # type: ignore[import-not-found]

from tests.clients.drivers.cases import KEY, MODEL, URL, main
from tests.clients.drivers.litellm_cases import cases_of

ask = partial(completion, model=f"bedrock/converse/{MODEL}", api_base=URL, api_key=KEY)

main(**cases_of(ask))
