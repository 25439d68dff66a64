"""The values of `temperature`, `top_p` and `top_k` that a model takes, as data.

Sources:
  A  https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
  S  https://github.com/tinovyatkin/amazon-bedrock-copilot-chat/pull/661 (4.7 and 4.8)
  5  https://docs.aws.amazon.com/bedrock/latest/userguide/model-card-anthropic-claude-fable-5.html
  51 https://docs.aws.amazon.com/bedrock/latest/userguide/model-card-anthropic-claude-fable-5-1.html
     and `…-fable-5-2.html`, which says the same
"""

from typing import Final, NamedTuple


class AtLeast:
    """Values from `lowest` on, and below `below`."""

    def __init__(self, lowest: float, below: float) -> None:
        self.lowest = lowest
        self.below = below


Allowed = AtLeast | tuple[float, ...] | None
"""Values a sampler may have; an empty tuple for none, None where Bedrock decides."""


class Samplers(NamedTuple):
    """What each sampler may be; `both`: whether `temperature` and `top_p` may come together."""

    temperature: Allowed = None
    top_p: Allowed = None
    top_k: Allowed = None
    both: bool = True


ANY: Final = Samplers()
ONE: Final = Samplers(both=False)  # A
DEFAULTS: Final = Samplers(temperature=(1,), top_p=(1,), top_k=())  # S
OF_FABLE_5: Final = Samplers(temperature=(1,), top_p=AtLeast(0.99, 1), top_k=())  # 5
OF_FABLE_5_1: Final = Samplers(temperature=(1,), top_p=(0.99,), top_k=(), both=False)  # 51


def takes(allowed: Allowed, value: object) -> bool:
    """Return whether a sampler that may be `allowed` takes `value`, any JSON but null."""
    if allowed is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(allowed, AtLeast):
        return allowed.lowest <= value < allowed.below
    return value in allowed


def in_words(allowed: Allowed) -> str:
    """Return the allowed values in words, `0.99`, `at least 0.99 and below 1`, `any value`; empty
    where there is none."""
    if allowed is None:
        return "any value"
    if isinstance(allowed, AtLeast):
        return f"at least {allowed.lowest:g} and below {allowed.below:g}"
    return " or ".join(f"{value:g}" for value in allowed)
