"""The fields, betas and samplers that Bedrock takes in the body of an InvokeModel call, model by
model.

All that varies by model and date is here; `gateway.unsupported_fields` applies it. Three rules
made the rows. A beta that does something is passed where a source says that the model takes it. A
beta that does nothing more (a client's name for itself, a feature that needs none any longer) is
passed only where it is sure to be taken: Bedrock answers others with 400 `invalid beta flag`, so
passing it risks every request and dropping it costs nothing. What no source speaks of is not
passed.

Sources, by the letters used below:
  A  https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
  C  https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-compaction.html
  T  https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
  M  https://github.com/router-for-me/CLIProxyAPI/issues/4750 (betas tried one by one, August 2026)
  7  https://github.com/anthropics/claude-code/issues/49370, /49490 and /49648 (Opus 4.7)
  J  https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-structured-outputs.html
  P  https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
  E  https://github.com/anthropics/claude-code/issues/30926 (betas of Opus 4.6)
  L  https://platform.claude.com/docs/en/build-with-claude/effort (levels and defaults)
  B  https://platform.claude.com/docs/en/models/sonnet-5-5/overview (`between_tools`)
  K  https://docs.aws.amazon.com/bedrock/latest/userguide/model-cards.html (levels and defaults)
  V  https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-thinking-block-binding.html
     and https://github.com/vercel/ai/issues/20729 (taken from 4.7 on, refused by Sonnet 4.6)
Those of samplers are in `claude_bedrock.catalog.samplers`, those of what only some models take in
`claude_bedrock.catalog.features`. Pages were last read in November 2026.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from claude_bedrock.catalog import features, message_fields, samplers
from claude_bedrock.catalog.model import Model


class Abilities(NamedTuple):
    """What a model takes on Bedrock.

    betas: what `anthropic_beta` may hold. samplers: see there. thinking: values of `thinking.type`,
    for pages and the Models API alone, since clients know Bedrock's own words on a wrong one.
    effort: `output_config.effort`. efforts: its levels, the lowest first; default_effort is the one
    that holds where a request names none. Both are for the same. hour_cache: `ttl` in a cache
    marker. tool_fields: what a custom tool may carry without a beta. output_format:
    `output_config.format`. forced_tool: `tool_choice` of `any` or `tool`. prefill: a last turn of
    the assistant's. system_turns: `role: system` after a user's turn. unconfirmed: fields of this
    row that no page of AWS's or Anthropic's says, or of which sources differ: it has the stricter.
    """

    betas: frozenset[str]
    samplers: samplers.Samplers
    thinking: tuple[str, ...]
    effort: Literal["none", "beside its beta", "free"] = "none"
    efforts: tuple[str, ...] = ()
    default_effort: str | None = None
    hour_cache: bool = True
    tool_fields: frozenset[str] = frozenset()
    output_format: bool = False
    forced_tool: bool = False
    prefill: bool = False
    system_turns: bool = False
    unconfirmed: tuple[str, ...] = ()


_TO_HIGH: Final = ("low", "medium", "high")
_TO_MAX: Final = (*_TO_HIGH, "max")
_EVERY_EFFORT: Final = (*_TO_HIGH, "xhigh", "max")

_FOUR: Final = Abilities(  # A P
    betas=frozenset(
        {
            message_fields.CLAUDE_CODE,
            message_fields.COMPUTER,
            message_fields.CONTEXT_MANAGEMENT,
            message_fields.INTERLEAVED,
            message_fields.STREAMED_INPUT,
        }
    ),
    samplers=samplers.ANY,
    thinking=("enabled", "disabled"),
    hour_cache=False,
)
_FOUR_FIVE: Final = _FOUR._replace(  # A J P
    betas=_FOUR.betas | {message_fields.STRUCTURED},
    samplers=samplers.ONE,
    hour_cache=True,
)
_OPUS_FOUR_FIVE: Final = _FOUR_FIVE._replace(  # A L
    betas=_FOUR_FIVE.betas
    | {
        message_fields.COMPUTER_2,
        message_fields.EFFORT,
        message_fields.TOOL_EXAMPLES,
        message_fields.TOOL_SEARCH,
    },
    effort="beside its beta",
    efforts=_TO_HIGH,
    default_effort="high",
    unconfirmed=("samplers",),
)
_FOUR_SIX: Final = _OPUS_FOUR_FIVE._replace(  # A C E L T
    betas=_OPUS_FOUR_FIVE.betas | {message_fields.COMPACT, message_fields.CONTEXT_1M},
    thinking=("adaptive", "enabled", "disabled"),
    effort="free",
    efforts=_TO_MAX,
    unconfirmed=("betas", "samplers"),
)
# From here on thinking interleaves by itself, output is structured and the window is 1M tokens long
# without a beta: those betas do nothing, and Opus 4.7 refused each of them in April 2026.
_OPUS_FOUR_SEVEN: Final = Abilities(  # 7 L T V
    betas=frozenset({message_fields.COMPUTER_2, message_fields.THINKING_BINDING}),
    samplers=samplers.DEFAULTS,
    thinking=("adaptive",),
    effort="free",
    efforts=_EVERY_EFFORT,
    default_effort="high",
    unconfirmed=("betas",),
)
_LATEST: Final = _OPUS_FOUR_SEVEN._replace(  # L M
    betas=_OPUS_FOUR_SEVEN.betas | {message_fields.CONTEXT_MANAGEMENT},
    unconfirmed=("betas", "samplers"),
)
_MAY_REST: Final = _LATEST._replace(thinking=("adaptive", "disabled"))
_FABLE_5: Final = _LATEST._replace(samplers=samplers.OF_FABLE_5, unconfirmed=("betas",))
_FABLE_5_1: Final = _FABLE_5._replace(samplers=samplers.OF_FABLE_5_1)
_RETIRED: Final = Abilities(
    betas=frozenset(),
    samplers=samplers.ANY,
    thinking=("disabled",),
    hour_cache=False,
    unconfirmed=("betas",),
)

_BY_MODEL: Final[Mapping[str, Abilities]] = MappingProxyType(
    {
        "claude-3-opus": _RETIRED,
        "claude-3-haiku": _RETIRED,
        "claude-3-5-haiku": _RETIRED,
        "claude-3-7-sonnet": _RETIRED._replace(thinking=("enabled", "disabled")),
        "claude-sonnet-4": _FOUR,
        "claude-opus-4": _FOUR,
        "claude-opus-4-1": _FOUR._replace(samplers=samplers.ONE, unconfirmed=("samplers",)),
        "claude-sonnet-4-5": _FOUR_FIVE,
        "claude-haiku-4-5": _FOUR_FIVE,
        "claude-opus-4-5": _OPUS_FOUR_FIVE,
        "claude-sonnet-4-6": _FOUR_SIX,
        "claude-opus-4-6": _FOUR_SIX,
        "claude-opus-4-7": _OPUS_FOUR_SEVEN,
        "claude-opus-4-8": _MAY_REST,
        "claude-sonnet-5": _MAY_REST,
        "claude-sonnet-5-5": _LATEST._replace(thinking=("adaptive", "between_tools")),  # B
        "claude-opus-5": _MAY_REST,
        "claude-opus-5-5": _LATEST._replace(default_effort="medium"),  # K
        "claude-haiku-5-5": _MAY_REST._replace(default_effort="medium"),  # K
        "claude-fable-5": _FABLE_5,
        "claude-fable-5-1": _FABLE_5_1,
        "claude-fable-5-2": _FABLE_5_1,
        "claude-mythos-5": _LATEST,
        "claude-mythos-5-1": _LATEST,
        "claude-mythos-preview": _LATEST,
    }
)


_TOOL_FIELDS: Final = {
    "strict": features.STRICT,
    "eager_input_streaming": features.EAGER_STREAMING,
}
_FEATURES: Final = {
    "output_format": features.OUTPUT_FORMAT,
    "forced_tool": features.FORCED_TOOL,
    "prefill": features.PREFILL,
    "system_turns": features.SYSTEM_TURNS,
}


def _with_features(name: str, row: Abilities) -> Abilities:
    """Return the row of a model with what `claude_bedrock.catalog.features` says of it."""
    unconfirmed = {field for field, feature in _FEATURES.items() if name in feature.unconfirmed}
    if any(name in feature.unconfirmed for feature in _TOOL_FIELDS.values()):
        unconfirmed.add("tool_fields")
    return row._replace(
        tool_fields=frozenset(
            field for field, feature in _TOOL_FIELDS.items() if name in feature.taken_by
        ),
        output_format=name in features.OUTPUT_FORMAT.taken_by,
        forced_tool=name in features.FORCED_TOOL.taken_by,
        prefill=name in features.PREFILL.taken_by,
        system_turns=name in features.SYSTEM_TURNS.taken_by,
        unconfirmed=(*row.unconfirmed, *sorted(unconfirmed)),
    )


_ROWS: Final[Mapping[str, Abilities]] = MappingProxyType(
    {name: _with_features(name, row) for name, row in _BY_MODEL.items()}
)


def of(model: Model) -> Abilities:
    """Return what `model`, one of the catalog, takes. Raise LookupError where it has no row."""
    row = _ROWS.get(model.name)
    if row is None:
        raise LookupError(f"give {model.name} a row in claude_bedrock/catalog/capabilities.py")
    return row
