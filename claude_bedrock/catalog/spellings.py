"""The spellings of a model's name, reduced to what tells one model from another.

Clients do not write what one catalog has. Where each form comes from:
  LiteLLM      `bedrock/converse/us-west-2/anthropic.…`, `vertex_ai/…`: https://docs.litellm.ai/docs/providers/bedrock
  OpenRouter   `anthropic/claude-sonnet-4.5:beta`: https://openrouter.ai/docs/guides/routing/model-variants
  Vertex AI    `claude-sonnet-4-5@20250929`, `…@default`: https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
  Claude Code  `claude-opus-4-8[1m]`: https://code.claude.com/docs/en/model-config
  LangChain, Pydantic AI  `anthropic:claude-…`, `bedrock:…`: https://ai.pydantic.dev/models/overview/
  Cursor, Copilot         `claude-4.5-sonnet`: https://docs.github.com/en/copilot/reference/ai-models/supported-models
"""

from typing import Final, NamedTuple

from claude_bedrock.catalog.model import ROUTES

MILLION: Final = "[1m]"
"""Claude Code's mark for a window of a million tokens."""

_PROVIDER: Final = "anthropic."
_PREFIXES: Final = frozenset({
    "amazon-bedrock", "amazon_bedrock", "anthropic", "~anthropic", "aws", "azure_ai", "bedrock",
    "bedrock_converse", "bedrock_mantle", "converse", "converse_like", "databricks",
    "github_copilot", "invoke", "litellm_proxy", "openrouter", "vercel_ai_gateway", "vertex_ai",
})  # fmt: skip
"""What may stand before a name, with a slash, colon or hyphen: it says who sells the model."""

_ROUTING: Final = (":beta", ":exacto", ":floor", ":nitro")
"""OpenRouter's suffixes that choose among sellers. Others (`:thinking`, `:online`) change what is
asked, so that a name with one is nobody's."""

_REVISIONS: Final = ("-v1:0", "-v1")
_FAMILIES: Final = frozenset({"fable", "haiku", "mythos", "opus", "sonnet"})
_ANY_DATE: Final = frozenset({"default", "latest"})
_PREVIEW: Final = "preview"
_VERSION_DIGITS: Final = 2
_DATE_DIGITS: Final = 8
_ARN_SEPARATORS: Final = 5


class Spelling(NamedTuple):
    """`geography`: of the profile that the name asks for, if it does. `family`, `version` and
    `date` tell the model, in whatever order they were written; an empty date is any.
    `million`: whether a window of a million tokens is asked for."""

    geography: str | None
    family: str
    version: tuple[str, ...]
    date: str
    million: bool = False


def parse(name: str) -> Spelling | None:
    """Return what `name` says; None where it is not a way to write the name of a Claude model."""
    text = name.strip().lower()
    million = text.endswith(MILLION)
    text = _without_prefixes(text.removesuffix(MILLION))
    geography, text = split_geography(text) if text else (None, "")
    for suffix in (*_ROUTING, *_REVISIONS):
        text = text.removesuffix(suffix)
    tokens = text.removeprefix(_PROVIDER)
    for separator in "@._ ":
        tokens = tokens.replace(separator, "-")
    return _of_tokens(tokens.split("-"), geography, million=million)


def _of_tokens(tokens: list[str], geography: str | None, *, million: bool) -> Spelling | None:
    if tokens[0] in _PREFIXES:
        del tokens[0]
    if tokens[:1] != ["claude"]:
        return None
    words = tokens[1:]
    families = [word for word in words if word in _FAMILIES]
    dates = [word for word in words if word.isdecimal() and len(word) == _DATE_DIGITS]
    any_date = [word for word in words if word in _ANY_DATE]
    version = tuple(
        word
        for word in words
        if (word.isdecimal() and len(word) <= _VERSION_DIGITS) or word == _PREVIEW
    )
    known = len(families) + len(dates) + len(any_date) + len(version)
    if len(families) != 1 or len(dates) + len(any_date) > 1 or known != len(words):
        return None
    return Spelling(geography, families[0], version, "".join(dates), million)


def families_in(name: str) -> set[str]:
    """Return the families that a name has a word of, whoever's name it is."""
    return {family for family in _FAMILIES if family in name.lower()}


def split_geography(name: str) -> tuple[str | None, str]:
    """Return `us` and the base id of `us.anthropic.claude-…`; None and the name where it has
    none."""
    prefix, dot, rest = name.partition(".")
    has_geography = dot and prefix in ROUTES and rest.startswith(_PROVIDER)
    return (prefix, rest) if has_geography else (None, name)


def resource_of(arn: str) -> str:
    """Return the id at the end of a Bedrock ARN: `a.b.c` of
    `arn:aws:bedrock:R:A:inference-profile/a.b.c`.

    What is no ARN, or one of anything else, is handed back whole."""
    parts = arn.split(":", _ARN_SEPARATORS)
    if len(parts) <= _ARN_SEPARATORS or parts[0] != "arn" or parts[2] != "bedrock":
        return arn
    kind, _, resource = parts[_ARN_SEPARATORS].partition("/")
    fits = resource.startswith(_PROVIDER) == (kind == "foundation-model")
    return resource if fits and kind in {"foundation-model", "inference-profile"} else arn


def _without_prefixes(name: str) -> str:
    """Empty where something else than a seller or a Region stands before the name or ARN."""
    before_arn, arn, rest = name.partition("arn:")
    *before, last = before_arn.split("/") if arn else name.split("/")
    last = resource_of(f"{last}{arn}{rest}")
    if not all(part in _PREFIXES or _is_region(part) for part in before):
        return ""
    prefix, colon, rest = last.partition(":")
    return rest if colon and prefix in _PREFIXES else last


def _is_region(part: str) -> bool:
    """Return whether the text has the form of a Region, as `us-west-2` and `us-gov-west-1`."""
    words = part.split("-")
    return len(words) > len(("us", "1")) and words[-1].isdecimal() and "".join(words).isalnum()
