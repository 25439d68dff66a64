"""What Bedrock takes in the body of an InvokeModel call, model by model: betas, fields, samplers.

All that varies by model and date is here; `gateway.adapt` only applies it. Three rules made the
rows. A beta that does something is passed where a source says that the model takes it. A beta that
does nothing more (a client's name for itself, a feature that needs none any longer) is passed only
where it is sure to be taken: Bedrock answers others with 400 `invalid beta flag`, so passing it
risks every request and dropping it costs nothing. What no source speaks of is not passed.

Sources, by the letters used below:
  A  https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
  C  https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-compaction.html
  T  https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
  M  https://github.com/router-for-me/CLIProxyAPI/issues/4750 (betas tried one by one, August 2026)
  7  https://github.com/anthropics/claude-code/issues/49370, /49490 and /49648 (Opus 4.7)
  S  https://github.com/tinovyatkin/amazon-bedrock-copilot-chat/pull/661 (samplers of 4.7 and 4.8)
  F  https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming
  J  https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-structured-outputs.html
  P  https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
  E  https://github.com/anthropics/claude-code/issues/30926 (betas of Opus 4.6)
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from . import body
from .model import Model


class Abilities(NamedTuple):
    """What a model takes on Bedrock.

    betas: what `anthropic_beta` may hold. sampling: `free`, `one` of temperature and top_p, or
    `fixed` at the defaults. thinking: values of `thinking.type`, for the page alone, since clients
    know Bedrock's own words on a wrong one. effort: `output_config.effort`. hour_cache: `ttl` in a
    cache marker. tool_fields: what a custom tool may carry without a beta. unconfirmed: fields of
    this row that no page of AWS's or Anthropic's says.
    """

    betas: frozenset[str]
    sampling: Literal["free", "one", "fixed"]
    thinking: tuple[str, ...]
    effort: Literal["none", "beside its beta", "free"] = "none"
    hour_cache: bool = True
    tool_fields: frozenset[str] = frozenset({"strict"})
    unconfirmed: tuple[str, ...] = ()


_FOUR: Final = Abilities(  # A P
    betas=frozenset(
        {
            body.CLAUDE_CODE,
            body.COMPUTER,
            body.CONTEXT_MANAGEMENT,
            body.INTERLEAVED,
            body.STREAMED_INPUT,
        }
    ),
    sampling="free",
    thinking=("enabled", "disabled"),
    hour_cache=False,
    tool_fields=frozenset(),
)
_FOUR_FIVE: Final = _FOUR._replace(  # A J P
    betas=_FOUR.betas | {body.STRUCTURED},
    sampling="one",
    hour_cache=True,
    tool_fields=frozenset({"strict"}),
)
_OPUS_FOUR_FIVE: Final = _FOUR_FIVE._replace(  # A
    betas=_FOUR_FIVE.betas | {body.COMPUTER_2, body.EFFORT, body.TOOL_EXAMPLES, body.TOOL_SEARCH},
    effort="beside its beta",
    unconfirmed=("sampling",),
)
_FOUR_SIX: Final = _OPUS_FOUR_FIVE._replace(  # A C E T
    betas=_OPUS_FOUR_FIVE.betas | {body.COMPACT, body.CONTEXT_1M},
    thinking=("adaptive", "enabled", "disabled"),
    effort="free",
    unconfirmed=("betas", "sampling"),
)
# From here on thinking interleaves by itself, output is structured and the window is 1M tokens long
# without a beta: those betas do nothing, and Opus 4.7 refused each of them in April 2026.
_OPUS_FOUR_SEVEN: Final = Abilities(  # 7 F S T
    betas=frozenset({body.COMPUTER_2}),
    sampling="fixed",
    thinking=("adaptive",),
    effort="free",
    tool_fields=frozenset({"strict", "eager_input_streaming"}),
    unconfirmed=("betas",),
)
_LATEST: Final = _OPUS_FOUR_SEVEN._replace(  # F M S
    betas=frozenset({body.COMPUTER_2, body.CONTEXT_MANAGEMENT}),
    unconfirmed=("betas", "sampling"),
)
_MAY_REST: Final = _LATEST._replace(thinking=("adaptive", "disabled"))
_RETIRED: Final = Abilities(
    betas=frozenset(),
    sampling="free",
    thinking=("disabled",),
    hour_cache=False,
    tool_fields=frozenset(),
    unconfirmed=("betas",),
)

_ROWS: Final[Mapping[str, Abilities]] = MappingProxyType(
    {
        "claude-3-opus": _RETIRED,
        "claude-3-haiku": _RETIRED,
        "claude-3-5-haiku": _RETIRED,
        "claude-3-7-sonnet": _RETIRED._replace(thinking=("enabled", "disabled")),
        "claude-sonnet-4": _FOUR,
        "claude-opus-4": _FOUR,
        "claude-opus-4-1": _FOUR,
        "claude-sonnet-4-5": _FOUR_FIVE,
        "claude-haiku-4-5": _FOUR_FIVE,
        "claude-opus-4-5": _OPUS_FOUR_FIVE,
        "claude-sonnet-4-6": _FOUR_SIX,
        "claude-opus-4-6": _FOUR_SIX,
        "claude-opus-4-7": _OPUS_FOUR_SEVEN,
        "claude-opus-4-8": _MAY_REST,
        "claude-sonnet-5": _MAY_REST,
        "claude-sonnet-5-5": _LATEST,
        "claude-opus-5": _MAY_REST,
        "claude-opus-5-5": _LATEST,
        "claude-haiku-5-5": _MAY_REST,
        "claude-fable-5": _LATEST,
        "claude-fable-5-1": _LATEST,
        "claude-mythos-5": _LATEST,
        "claude-mythos-5-1": _LATEST,
        "claude-mythos-preview": _LATEST,
    }
)


def of(model: Model) -> Abilities:
    """What `model`, one of the catalogue, takes."""
    return _ROWS[model.name]
