"""Which clients are tried, where each is installed, and which of its own errors it has to raise."""

from typing import NamedTuple

MESSAGES_MODEL = "claude-haiku-4-5"
MESSAGES_RETIRED = "claude-3-7-sonnet-20250219"
BEDROCK_MODEL = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
BEDROCK_RETIRED = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
CONVERSE = ("POST /model/{id}/converse", "POST /model/{id}/converse-stream")
INVOKE = ("POST /model/{id}/invoke", "POST /model/{id}/invoke-with-response-stream")
MESSAGES = ("POST /v1/messages",)
CASES = ("json", "stream", "tools", "schema")


class Client(NamedTuple):
    """`name` is its heading in docs/clients.md; `place` a folder that `installed` makes.

    `routes` are those of the gateway it calls. `denied` and `missing` are what it raises for a
    wrong key and for a retired model: a class, or the code that its message has in brackets.
    `schemas` is whether it is asked for an answer by a JSON schema, in its own way.
    """

    name: str
    place: str
    driver: str
    routes: tuple[str, ...]
    denied: str
    missing: str
    streams: bool = True
    schemas: bool = False

    @property
    def model(self) -> str:
        return MESSAGES_MODEL if self.routes == MESSAGES else BEDROCK_MODEL

    @property
    def cases(self) -> list[str]:
        has = {"stream": self.streams, "schema": self.schemas}
        return [case for case in CASES if has.get(case, True)]

    @property
    def retired(self) -> str:
        return MESSAGES_RETIRED if self.routes == MESSAGES else BEDROCK_RETIRED


def _anthropic(
    name: str,
    place: str,
    driver: str,
    routes: tuple[str, ...] = MESSAGES,
    *,
    schemas: bool = False,
) -> Client:
    denied, missing = "AuthenticationError", "NotFoundError"
    return Client(name, place, driver, routes, denied, missing, schemas=schemas)


def _aws(
    name: str, driver: str, routes: tuple[str, ...], *, place: str = "python", streams: bool = True
) -> Client:
    denied, missing = "UnrecognizedClientException", "ResourceNotFoundException"
    return Client(name, place, driver, routes, denied, missing, streams)


def _pydantic(name: str, driver: str, routes: tuple[str, ...]) -> Client:
    denied, missing = "ModelAuthenticationError", "ModelNotFoundError"
    return Client(name, "python", driver, routes, denied, missing)


def _node(name: str, driver: str, routes: tuple[str, ...]) -> Client:
    """One class for all errors: they are told apart by the status."""
    return Client(name, "node", driver, routes, "401", "404")


CLIENTS = (
    _anthropic("anthropic for Python", "python", "anthropic_sdk.py", schemas=True),
    _anthropic("anthropic for Python, asynchronous", "python", "anthropic_async.py"),
    _anthropic("anthropic 1 for Python", "anthropic-1", "anthropic_sdk.py", schemas=True),
    _anthropic("anthropic 0 for Python", "anthropic-0", "anthropic_sdk.py", schemas=True),
    _anthropic("anthropic 0.75 for Python", "anthropic-0.75", "anthropic_sdk.py", schemas=True),
    _anthropic("AnthropicBedrock for Python", "python", "anthropic_bedrock.py", INVOKE),
    _anthropic("@anthropic-ai/sdk", "node", "anthropic_ts.mjs"),
    _anthropic("@anthropic-ai/sdk in a browser", "browser", "anthropic_browser.mjs"),
    _anthropic("@anthropic-ai/bedrock-sdk", "node", "anthropic_bedrock_ts.mjs", INVOKE),
    _anthropic("As the Go and Java SDKs send", "python", "one_line_per_beta.py"),
    _node("Claude Code", "claude_code.mjs", MESSAGES),
    _node("Claude Code, Bedrock mode", "claude_code.mjs", INVOKE),
    _aws("boto3, InvokeModel", "boto3_bedrock.py", INVOKE),
    _aws("boto3, Converse", "boto3_converse.py", CONVERSE),
    _aws("AWS CLI", "aws_cli.py", CONVERSE, streams=False),
    _aws("AWS SDK for JavaScript, InvokeModel", "aws_sdk_js.mjs", INVOKE, place="node"),
    _aws("AWS SDK for JavaScript, Converse", "aws_sdk_js_converse.mjs", CONVERSE, place="node"),
    _anthropic("LiteLLM", "litellm", "litellm_anthropic.py", schemas=True),
    _anthropic("LiteLLM, Bedrock", "litellm", "litellm_converse.py", CONVERSE, schemas=True),
    _anthropic("langchain-anthropic", "python", "langchain_anthropic_chat.py"),
    _aws("langchain-aws", "langchain_aws_converse.py", CONVERSE),
    _pydantic("pydantic-ai", "pydantic_ai_anthropic.py", MESSAGES),
    _pydantic("pydantic-ai, Bedrock", "pydantic_ai_bedrock.py", CONVERSE),
    _node("Vercel AI SDK", "vercel.mjs", MESSAGES),
    _node("Vercel AI SDK, Bedrock", "vercel_bedrock.mjs", CONVERSE),
)
