"""The embedded AWS makes an alarm on an expression, as one on its first metric."""

from local.embedded.alarm_expressions import first_metric

METRIC = {"Namespace": "ClaudeOnBedrock", "MetricName": "FirstByteLatency", "Dimensions": []}


def test_an_expression_is_its_first_metric() -> None:
    stat = {"Metric": METRIC, "Period": 300, "Stat": "p95"}
    queries = [{"Id": "e", "Expression": "IF(n > 2, p95)"}, {"Id": "p95", "MetricStat": stat}]

    made = first_metric({"Threshold": 20, "Metrics": queries})

    assert made == {**METRIC, "Threshold": 20, "Period": 300, "ExtendedStatistic": "p95"}


def test_an_alarm_on_one_metric_is_as_it_was() -> None:
    assert first_metric(METRIC) is METRIC
