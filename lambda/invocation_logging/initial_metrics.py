"""The first data points of a stage's metrics, zeros written at deployment.

CloudWatch judges an alarm as soon as it is made, and where missing data is a breach, an alarm that
was made before the first run goes off at once. By one data point of 0 the function has its time
for a first run. No run of it writes a 0, so the alarms emit_metrics data points, not their sum.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from collections.abc import Sequence

from metrics.emf import emit_metrics


def write_initial_metrics(stage: str, names: Sequence[str]) -> None:
    """Write a 0 for each of `names`, which are of the form SERVICE/NAME."""
    for service, _, name in (path.partition("/") for path in names):
        emit_metrics({name: 0}, stage, service=service)
