"""The page on what Bedrock takes: docs/compatibility.md."""

from collections.abc import Iterable

from claude_bedrock.catalog import capabilities, features, message_fields, samplers
from claude_bedrock.catalog.resolution import MODELS
from tools.docs.models_page import markdown_table

_HEAD = """# Compatibility

The gateway changes a Messages request as listed here, so that Bedrock takes it. `make docs` writes
this page from the data the gateway itself uses (in `claude_bedrock/catalog`: `capabilities.py`,
`features.py`, `message_fields.py`, with their sources); a test compares the two. Requests by
Bedrock's own operations get none of these changes.

- The betas of the `anthropic-beta` header and of the body's `anthropic_beta` go into the body, in
  that order: the body's first, each once. `anthropic_version` is set to `bedrock-2023-05-31`;
  `model` and `stream` go into the URL. By [Bedrock's Messages path](api.md#bedrocks-messages-path)
  betas and version are headers, `model` and `stream` members.
- A `service_tier` that names one of Bedrock's tiers goes to Bedrock as a header, if the stage lists
  it; Anthropic's own values are left out.
- A whole number that is written `100.0` or `1e3` goes as digits.
- To count tokens, the gateway leaves out empty `tools`, and sends only the betas that a field, a
  block or the size of the request needs.
- Each other change is named in the response header `x-gateway-adapted`, by the tokens below.
  With `endpoint.unsupported_fields: reject` a stage makes none: it answers 400 and names what it
  would have changed.
- The rest of your request leaves as the same bytes.
- **†** marks facts from field reports that AWS's and Anthropic's pages leave unconfirmed, or
  that other reports contradict. Check them against your account before you rely on them.
"""
_TOKENS = (
    ("beta:NAME", "the beta was left out: Bedrock does not take it for this model"),
    ("beta:NAME:added", "the beta was added: the request uses a feature that needs it on Bedrock"),
    ("field:NAME", "the field was left out; `NAME` is its path without positions"),
    ("NAME:renamed", "the field went under the name that Bedrock has for it, see Fields"),
    ("cache_control:placed", "the top-level marker went to the last block that can have one"),
    ("metadata.user_id:hashed", "the user id, which Bedrock's pattern refuses, became its SHA-256"),
    ("messages.role:system-to-user", "a `system` turn among the messages became a user's"),
    ("messages.content:NAME", "a block of that type was left out"),
    ("messages.content:NAME:to-text", "a block of that type, which Bedrock lacks, became text"),
    ("messages.content.citations:NAME", "citations of that type were left out"),
    (
        "tools:added",
        (
            "tools that a `system` turn defines went among `tools`. A model that binds thinking to "
            "its conversation then takes earlier thinking with `block_binding` `drop_block` only"
        ),
    ),
    ("system:NAME", "the first line of a system prompt, which is not for the model, was left out"),
    ("more", "there were more than 64 changes"),
)
_TOKENS_END = """
`other` stands for a name that is longer than 64 characters or has others than `A-Z a-z 0-9 _ - .`.

Any release of a client may send betas and fields that the catalog lacks. The gateway then does
this, at every depth of the body:

- It leaves out an unknown beta, since Bedrock refuses the whole request with it.
- Together with such a beta, it leaves out each field that Anthropic's SDK lacks at that place, and
  names its path in the header. Without such a beta the field stays, and Bedrock's error names it.
- A field that the SDK has stays, whatever beta came. A misspelled one, such as `sytem`, is a 400
  that names both spellings.
- Objects with any fields (a tool's schema and input), an object of an unknown `type` and Bedrock's
  own `amazon-bedrock-…` members stay as they are.
"""
_MODELS_END = """
*Samplers*: each may be left out; another value than those named is a 400 that names the field.
*Default effort* is the one of a request that names none. `context-1m-2025-08-07` is a 400 on a
model with a shorter window, and left out where a million tokens need no beta. Thinking modes stay
as they are: Bedrock's own error names the mode it takes.

`output_config.format`, a `tool_choice` of `any` or `tool`, or a last turn of the assistant's
(*Prefill*), on a model that does not take it, is a 400 that says what to send instead. A `system`
turn after a user's reaches a model that takes it; elsewhere, and for others, it becomes a user's.
Where Bedrock's refusal names a tool by its position, the gateway's answer has the tool's name.
"""
_FIELD_HEAD = ("Field", "What happens to it")
_FIELDS_END = """
The header `anthropic-user-profile-id` goes into the body as `user_profile_id`; a 400 if the body
has another. The gateway ignores `anthropic-workspace-id`, since Bedrock lacks
workspaces.

A top-level `cache_control` is Anthropic's automatic caching, which Bedrock refuses for Opus 4.6 and
earlier. For every model the gateway marks the last block that can have a marker, by Anthropic's
rules. It passes over thinking, empty text and tools that are loaded later, and leaves a block that
has the same marker as it is. A request with four markers, or with another `ttl` on that block, is a
400.
"""
_MODEL_HEAD = (
    "Model", "Betas passed", "Samplers", "`thinking.type`", "`effort`", "Efforts", "Default effort",
    "Cache `ttl`", "Tool fields without a beta", "`output_config.format`", "Forced `tool_choice`",
    "Prefill", "`system` turns",
)  # fmt: skip


_FEATURE_HEAD = ("Feature", "Source", "Date", "Source that differs")
_FEATURES = """
### Sources for features of some models

Where sources differ, the table above has the stricter of the two, and a †.

"""
_YES_OR_NO = ("output_format", "forced_tool", "prefill", "system_turns")


def page() -> str:
    """Return the whole page, as Markdown."""
    return "\n".join(
        [
            _HEAD,
            "## Tokens\n\n" + markdown_table(("Token", "What changed"), _tokens()) + _TOKENS_END,
            "## By model\n\n" + markdown_table(_MODEL_HEAD, _models()) + _MODELS_END,
            _FEATURES + markdown_table(_FEATURE_HEAD, _features()),
            "## Betas\n\n" + markdown_table(("Beta", "Taken by"), _betas()),
            "## Fields\n\n" + markdown_table(_FIELD_HEAD, _fields()) + _FIELDS_END,
        ]
    )


def _tokens() -> Iterable[tuple[str, str]]:
    return ((f"`{token}`", meaning) for token, meaning in _TOKENS)


def _models() -> Iterable[tuple[str, ...]]:
    for model in MODELS:
        takes = capabilities.of(model)
        yield (
            model.display_name.removeprefix("Claude "),
            _codes(takes.betas) + _mark(takes, "betas"),
            _samplers(takes.samplers) + _mark(takes, "samplers"),
            ", ".join(takes.thinking),
            takes.effort,
            ", ".join(takes.efforts) or "none",
            takes.default_effort or "none",
            "yes" if takes.hour_cache else "no",
            _codes(takes.tool_fields) + _mark(takes, "tool_fields"),
            *(_taken(takes, name) for name in _YES_OR_NO),
        )


def _features() -> Iterable[tuple[str, ...]]:
    for feature in features.ALL:
        yield (
            feature.label,
            f"<{feature.source}>",
            feature.date,
            feature.disputed_by and f"<{feature.disputed_by}>",
        )


def _taken(takes: capabilities.Abilities, field: str) -> str:
    return ("yes" if getattr(takes, field) else "no") + _mark(takes, field)


def _samplers(taken: samplers.Samplers) -> str:
    """What is not Bedrock's to decide; `any` where nothing is."""
    rules = [
        f"`{name}`: {samplers.in_words(allowed) or 'none'}"
        for name, allowed in (
            ("temperature", taken.temperature),
            ("top_p", taken.top_p),
            ("top_k", taken.top_k),
        )
        if allowed is not None
    ]
    together = [] if taken.both else ["one of `temperature` and `top_p`"]
    return "<br>".join(rules + together) or "any"


def _mark(takes: capabilities.Abilities, field: str) -> str:
    return " †" if field in takes.unconfirmed else ""


def _betas() -> Iterable[tuple[str, str]]:
    for beta in sorted(message_fields.KNOWN_BETAS):
        takers = [model for model in MODELS if beta in capabilities.of(model).betas]
        names = ", ".join(model.display_name.removeprefix("Claude ") for model in takers)
        yield f"`{beta}`", names or "none"


def _fields() -> Iterable[tuple[str, str]]:
    for field, betas in message_fields.FIELD_BETAS.items():
        yield f"`{field}`", f"left out where the model takes none of {_codes(betas)}"
    renamed = "becomes `output_config.format`; a 400 if the request has both and they differ"
    yield f"`{message_fields.OLD_OUTPUT_FORMAT}`", renamed
    rule = "becomes a marker on the last block that can have one, see below"
    yield "`cache_control`", rule
    for field in sorted(
        message_fields.DROPPED - {message_fields.OLD_OUTPUT_FORMAT, "cache_control"}
    ):
        yield f"`{field}`", "left out"
    for field in sorted(message_fields.REFUSED):
        uncounted = ", left out of a count" if field in message_fields.UNCOUNTED else ""
        empty = "without skills" if field == "container" else "when empty"
        yield f"`{field}`", f"left out {empty}{uncounted}, else a 400 that names it"
    for field in sorted(message_fields.TOOL_FIELDS):
        yield f"`tools.{field}`", _tool_field(field)
    added = f"`{message_fields.CONTEXT_MANAGEMENT}` goes with it where the model takes that"
    yield f"`tools.type` `{message_fields.MEMORY_TOOL}…`", added
    for start in (*message_fields.SERVER_TOOLS, message_fields.SEARCH_TOOL):
        beside = f" where the model does not take `{message_fields.TOOL_SEARCH}`"
        where = beside if start == message_fields.SEARCH_TOOL else ""
        yield f"`tools.type` `{start}…`", f"a 400 that names the tool{where}"
    yield from _nested()


def _tool_field(field: str) -> str:
    beta = message_fields.TOOL_BETAS.get(field)
    if beta is None:
        return "left out where the model does not take it"
    if field in message_fields.INTO_BETA:
        return f"becomes `{beta}` where the model takes that and not the field"
    return f"kept beside `{beta}`, which is added; left out where the model takes neither"


def _nested() -> Iterable[tuple[str, str]]:
    yield "`output_config.effort`", f"gets `{message_fields.EFFORT}` or is left out, by model"
    for field in sorted(message_fields.OUTPUT_FIELDS):
        yield f"`output_config.{field}`", "left out"
    for field, values in message_fields.THINKING_FIELDS.items():
        yield f"`thinking.{field}`", f"left out when {_codes(values)}"
    binding = f"gets `{message_fields.THINKING_BINDING}`, which is added, or is left out, by model"
    yield "`thinking.block_binding`", binding
    client_name, bedrock_name = message_fields.BINDING_NAMES
    yield f"`thinking.block_binding.{client_name}`", f"becomes `{bedrock_name}`"
    keywords = ", ".join(f"`{keyword}`" for keyword in message_fields.SCHEMA_KEYWORDS)
    yield "`tools.input_schema`", f"a 400 that names the tool, with {keywords} at its top"
    names = f"a 400 that names the tool, for a name that is not `{message_fields.PROPERTY_NAME}`"
    yield "`tools.input_schema.properties`", names
    yield "`cache_control.scope`", "left out, wherever the marker stands"
    yield "`cache_control.ttl`", "left out where the model keeps a cache for five minutes only"
    for field in sorted(message_fields.TURN_FIELDS):
        yield f"`messages.{field}`", "left out of a `system` turn"
    yield "`messages.content` `tool_addition`", "left out, or text where it offers a tool again"
    yield "`messages.content` `tool_removal`", "becomes text that withdraws the tool"
    kind = message_fields.TOOL_DEFINITION
    yield f"`messages.content.tool` `{kind}`", "its `definition` goes among `tools`"
    for kind, beta in sorted(message_fields.AS_TEXT.items()):
        unless = f" where the model does not take `{beta}`" if beta else ""
        yield f"`messages.content` `{kind}`", f"becomes text, with its readable parts{unless}"
    beta = message_fields.TOOL_SEARCH
    where = f"becomes text in a tool result where the model does not take `{beta}`"
    yield "`messages.content` `tool_reference`", where
    for kind in sorted(message_fields.REMOVED_BLOCKS):
        yield f"`messages.content` `{kind}`", "left out"
    for field, nothing in message_fields.BLOCK_FIELDS.items():
        yield f"`messages.content.{field}`", "left out of a `tool_use`" + " if null" * bool(nothing)
    yield f"`messages.content.citations` `{message_fields.REMOVED_CITATIONS}`", "left out"
    yield f"`messages.content.citations.{message_fields.CITED_FILE}`", "left out"
    for start in message_fields.CLIENT_BLOCKS:
        yield f"`system` `{start}…`", "left out, with its block if that holds no more"


def _codes(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in sorted(names)) or "none"
