"""Metrics of a scheduled function in CloudWatch's embedded metric format."""

import json
from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit


def emit_metrics(counts: Mapping[str, int], stage: str, *, service: str | None = None) -> None:
    """Write each as a metric of the stage and of `service`, else of this function's, now:
    CloudWatch reads the embedded metric format from stdout, and Lambda freezes the process before a
    buffer would be written.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    metrics = EphemeralMetrics(service=service, default_dimensions={"stage": stage})
    for name, number in counts.items():
        metrics.add_metric(name, MetricUnit.Count, number)
    print(json.dumps(metrics.serialize_metric_set()), flush=True)  # noqa: T201
