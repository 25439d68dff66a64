"""Retries of requests to Bedrock: whether and when, where no model ran, or where Bedrock failed.

After the standard mode of AWS's SDKs, with fewer attempts; docs/decisions/0028-retries.md says why.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

import os
from collections.abc import Callable, Mapping

from gateway.errors import (
    BedrockFailed,
    GatewayError,
    Overloaded,
    QuotaUsedUp,
    RateLimited,
    Unreachable,
)

MAX_DELAY = 5.0  # seconds; a client can wait for longer without holding an environment
CAPACITY = 50  # a tenth of an SDK's, since an environment serves one request at a time
_REFUND = 1
# Anthropic's SDKs and AWS's, which retry by themselves, name the attempt:
_RETRY_HEADERS = ("x-stainless-retry-count", "amz-sdk-request")


class RetryPolicy:
    """How many retries at most, from which first delay in seconds on, and for how many tokens of
    the budget each."""

    def __init__(self, max_retries: int, delay: float, cost: int) -> None:
        self.max_retries = max_retries
        self.delay = delay
        self.cost = cost


_UNREACHABLE = RetryPolicy(max_retries=2, delay=0.05, cost=14)
_RESPONSE = RetryPolicy(max_retries=1, delay=1.0, cost=5)


def policy_for(error: GatewayError) -> RetryPolicy | None:
    """Return None for a failure after which the model may be running, or would fail again."""
    if isinstance(error, Unreachable):
        return _UNREACHABLE
    return _RESPONSE if is_retryable_response(error) else None


def is_retryable_response(error: GatewayError) -> bool:
    """Return whether Bedrock has said, in a response of its own, that another attempt may
    succeed."""
    if isinstance(error, QuotaUsedUp):
        return False
    return is_capacity_error(error) or isinstance(error, BedrockFailed)


def is_capacity_error(error: GatewayError) -> bool:
    """Return whether Bedrock has said that it has no capacity for the call: another profile may
    have."""
    return isinstance(error, RateLimited | Overloaded)


def client_retries(headers: Mapping[str, str]) -> bool:
    """Return whether the client that sent these headers retries by itself."""
    return any(name in headers for name in _RETRY_HEADERS)


def retry_delay(
    error: GatewayError,
    *,
    retries: int,
    tokens: int,
    remaining: float,
    client_retries: bool,
    jitter: float,
) -> float | None:
    """Return the seconds before the next retry; None where the client receives the error.

    `retries` counts those of the call so far, `tokens` is what the budget has left, `remaining` the
    seconds in which the client must be answered. `jitter` is from 0 to 1: the delay is anywhere up
    to its limit ("full jitter").
    """
    policy = policy_for(error)
    if policy is None or retries >= policy.max_retries or tokens < policy.cost:
        return None
    if client_retries and is_retryable_response(error):
        return None
    seconds = error.retry_after + jitter * policy.delay * 2**retries
    return seconds if seconds <= MAX_DELAY and seconds < remaining else None


def _random_jitter() -> float:
    return int.from_bytes(os.urandom(4)) / 2**32


class RetryBudget:
    """The retries that one environment may still make. A success refunds a little: while most calls
    succeed there is enough, and when most fail there soon is none."""

    def __init__(
        self, tokens: int = CAPACITY, jitter: Callable[[], float] = _random_jitter
    ) -> None:
        self.tokens = tokens
        self._jitter = jitter

    def spend(
        self, error: GatewayError, *, retries: int, remaining: float, client_retries: bool
    ) -> float | None:
        """Return the delay as `retry_delay` does, and pay for the retry."""
        seconds = retry_delay(
            error,
            retries=retries,
            tokens=self.tokens,
            remaining=remaining,
            client_retries=client_retries,
            jitter=self._jitter(),
        )
        policy = policy_for(error)
        if policy is not None and seconds is not None:
            self.tokens -= policy.cost
        return seconds

    def refund(self) -> None:
        """Give back the tokens that a success earns."""
        self.tokens = min(self.tokens + _REFUND, CAPACITY)
