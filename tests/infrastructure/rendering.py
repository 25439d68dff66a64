"""Reads CloudFormation's intrinsic functions as text, the way a deployment would fill them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": "<stack id>",
}


def text(value: Any) -> str:  # noqa: ANN401 - a template's value may be anything
    """`value` with references to other resources written as `<Name>` and `<Name.Attribute>`."""
    if not isinstance(value, Mapping):
        return str(value)
    ((function, argument),) = value.items()
    if function == "Ref":
        return PSEUDO.get(argument, f"<{argument}>")
    if function == "Fn::GetAtt":
        return f"<{argument[0]}.{argument[1]}>"
    if function == "Fn::ImportValue":
        return f"<{argument}>"
    if function == "Fn::GetStackOutput":
        return f"<{argument['StackName']}:{argument['OutputName']}>"
    if function == "Fn::Join":
        separator, parts = argument
        return str(separator).join(text(part) for part in parts)
    raise ValueError(f"{function} is not read here")


def watched_metrics(alarm: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The metrics of an alarm, of which an expression has several."""
    queries = alarm.get("Metrics", [])
    return [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query] or [alarm]


def texts(value: Any) -> list[str]:  # noqa: ANN401
    """A value that may be one or a list of several."""
    return [text(item) for item in (value if isinstance(value, list) else [value])]
