"""The most that a run can cost, by the catalog's prices."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from claude_bedrock import catalog
from claude_bedrock.catalog import Model, cost
from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.smoke import model_features
from claude_bedrock.cli.smoke.deployed_stage import ANSWER_TOKENS, LARGE_BODY_BYTES

LIMIT_DOLLARS: Final = Decimal(1)
_PROMPT_TOKENS: Final = {"large": LARGE_BODY_BYTES // 2}
"""Two bytes a token is more than English text needs."""
_SHORT_PROMPT_TOKENS: Final = 200


class NoModelError(NoTargetError):
    """No model can be called within the limit; the text says what to do."""


def estimate(model: Model, route: str) -> Decimal:
    """Return the US dollars for all calls of a run, at most. Raises NoProfile."""
    usages = (
        cost.Usage(input=_PROMPT_TOKENS.get(name, _SHORT_PROMPT_TOKENS), output=output)
        for name, output in ANSWER_TOKENS.items()
    )
    return sum((cost.cost(model, route, usage) for usage in usages), Decimal())


def cheapest(names: Sequence[str], route: str) -> tuple[Model, Decimal]:
    """Return the model of a stage that a run costs least with, and how much. Raises
    NoModelError."""
    models = [model for name in names if (model := catalog.find(name))]
    priced = list(_priced(models, route))
    if not priced:
        raise NoModelError(
            f"The stage's models ({', '.join(names)}) have no price for {route}. "
            "`claude-bedrock models --catalog` lists those that have one."
        )
    model, dollars = min(priced, key=lambda pair: pair[1])
    dollars += _of_features((model for model, _ in priced), route)
    if dollars >= LIMIT_DOLLARS:
        raise NoModelError(
            f"A run would cost up to ${dollars:.2f} with {model.name}, the stage's cheapest model; "
            f"the limit is ${LIMIT_DOLLARS}. Allow a cheaper model in a stage for the test."
        )
    return model, dollars


def _of_features(models: Iterable[Model], route: str) -> Decimal:
    usage = cost.Usage(input=model_features.INPUT_TOKENS, output=model_features.OUTPUT_TOKENS)
    questions = model_features.questions(models)
    return sum((cost.cost(question.model, route, usage) for question in questions), Decimal())


def _priced(models: Iterable[Model], route: str) -> Iterable[tuple[Model, Decimal]]:
    for model in models:
        try:
            yield model, estimate(model, route)
        except catalog.NoProfile:
            continue
