"""An alarm on an expression of metrics, which MiniStack refuses: here it watches the first of them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::CloudWatch::Alarm"

Properties = Mapping[str, Any]


def add() -> None:
    """Have such alarms made; before MiniStack starts."""
    provisioners._cw_metric_alarm_record = _of_one_metric(provisioners._cw_metric_alarm_record)


def _of_one_metric(record: Callable[[str, Properties], Any]) -> Callable[[str, Properties], Any]:
    def of_properties(name: str, properties: Properties) -> Any:  # noqa: ANN401 - MiniStack's own
        return record(name, first_metric(properties))

    return of_properties


def first_metric(properties: Properties) -> Properties:
    """Return the properties of an alarm with the first metric of its expression in its place."""
    watched = [
        query["MetricStat"] for query in properties.get("Metrics", []) if "MetricStat" in query
    ]
    if not watched:
        return properties
    metric, rest = watched[0], {name: properties[name] for name in properties if name != "Metrics"}
    return {
        **rest,
        **metric["Metric"],
        "Period": metric["Period"],
        "ExtendedStatistic": metric["Stat"],
    }
