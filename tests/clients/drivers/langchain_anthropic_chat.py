"""langchain-anthropic."""

from langchain_anthropic import ChatAnthropic  # type: ignore[import-not-found]

from tests.clients.drivers.cases import KEY, MODEL, URL, main
from tests.clients.drivers.langchain_cases import cases_of

chat = ChatAnthropic(model=MODEL, base_url=URL, api_key=KEY, max_tokens=256)

main(**cases_of(chat))
