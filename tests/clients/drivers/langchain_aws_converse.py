"""langchain-aws, which speaks Converse: told where to go by the environment alone."""

from langchain_aws import ChatBedrockConverse  # type: ignore[import-not-found]

from tests.clients.drivers.cases import MODEL, main
from tests.clients.drivers.langchain_cases import cases_of

chat = ChatBedrockConverse(model=MODEL)

main(**cases_of(chat))
