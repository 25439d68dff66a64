"""Alone knows how many runs the authoriser is promised beside the gateway, and when to warn."""

from __future__ import annotations

# Each of its runs takes milliseconds: a hundred answer more than the 10,000 requests a second that
# API Gateway lets an account send.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
MOST_OF_AUTHORIZER = 100
NEARLY = 0.8


def of_authorizer(of_gateway: int | None) -> int | None:
    """As many as the gateway, so that a burst meets no narrower door, up to what it can use."""
    return None if of_gateway is None else min(of_gateway, MOST_OF_AUTHORIZER)


def nearly(of_gateway: int) -> float:
    """How many runs at once of those promised to the gateway are worth a word."""
    return of_gateway * NEARLY
