"""The delivery of records, beside the calls and never in their way.

S3 is written as the Bedrock service, CloudWatch Logs through the role the configuration names;
successes and failures are counted in the namespace AWS/Bedrock:
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import groupby
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.authorization import AuthorizationError
from local.bedrock import destinations, log_destinations, records
from local.bedrock.destinations import Destinations, LogGroup, S3Destination
from local.bedrock.invocation import Invocation
from local.bedrock.log_destinations import Client
from local.bedrock.records import Record
from local.bedrock.schedule import Schedule

_LOG = logging.getLogger(__name__)
_S3 = "ModelInvocationLogsS3Delivery"
_CLOUDWATCH = "ModelInvocationLogsCloudWatchDelivery"
_LARGE_DATA = "ModelInvocationLargeDataS3Delivery"
METRICS = (_S3, _CLOUDWATCH, _LARGE_DATA)
_FAILURES = (AuthorizationError, BotoCoreError, ClientError)


def anywhere(_bucket: str, _key: str) -> None:
    """Where there is no IAM, the service may write everywhere."""


class Clients(NamedTuple):
    """boto3 clients of the embedded AWS. `assume_role` gives `Credentials` of a role by its ARN,
    `logs` makes a client of CloudWatch Logs from them. `check_write` takes bucket and key. Both
    raise AuthorizationError for what Bedrock may not."""

    bedrock: Client
    cloudwatch: Client
    s3: Client
    assume_role: Callable[[str], Mapping[str, Any]]
    logs: Callable[[Mapping[str, Any]], Client]
    check_write: Callable[[str, str], None] = anywhere


class Delivery:
    """Takes invocations and delivers their records where the Region's configuration says."""

    def __init__(self, clients: Clients, *, account: str, region: str) -> None:
        self._clients = clients
        self._buckets = log_destinations.Buckets(clients.s3, clients.check_write)
        self._account = account
        self._region = region
        self._schedule = Schedule(self._accept)
        self._waiting: list[Invocation] = []
        self._running: asyncio.Task[None] | None = None
        self._tested_configuration: Destinations | None = None

    async def __call__(self, invocation: Invocation) -> None:
        """Take an invocation; its record is written in a thread, after those before it unless the
        call asked for another schedule."""
        self._schedule.take(invocation)

    def _accept(self, invocation: Invocation) -> None:
        self._waiting.append(invocation)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._write_waiting())

    async def drain(self) -> None:
        """Wait until everything taken so far has been written, or has failed."""
        self._schedule.flush()
        while self._running is not None and not self._running.done():
            await self._running

    async def _write_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.to_thread(self._write, batch)

    def _write(self, batch: list[Invocation]) -> None:
        configuration = self._configuration()
        if configuration is None:
            return
        new = configuration != self._tested_configuration
        self._tested_configuration = configuration
        # Bedrock writes an empty object into each bucket when a configuration is set.
        if new:
            self._put_canaries(configuration)
        if configuration.s3 is not None:
            self._to_s3(batch, configuration.s3, configuration)
        if configuration.cloudwatch is not None:
            self._to_cloudwatch(batch, configuration.cloudwatch, configuration, is_new=new)

    def _configuration(self) -> Destinations | None:
        try:
            answer = self._clients.bedrock.get_model_invocation_logging_configuration()
        except (BotoCoreError, ClientError) as failure:
            _LOG.error("invocation logging: the configuration cannot be read: %s", failure)
            return None
        return destinations.read(answer.get("loggingConfig"))

    def _put_canaries(self, configuration: Destinations) -> None:
        for destination in configuration.s3_destinations():
            try:
                self._buckets.put_canary(destination, self._account, self._region)
            except _FAILURES as failure:
                _LOG.error("invocation logging: s3://%s refuses: %s", destination.bucket, failure)

    def _to_s3(
        self, batch: list[Invocation], destination: S3Destination, configuration: Destinations
    ) -> None:
        # A file holds records of one hour, since the hour is in its key.
        for _, hour in groupby(batch, key=lambda call: (call.account, f"{call.at:%Y%m%d%H}")):
            calls = list(hour)
            made = _records(calls, configuration, destination)
            self._put_large(made)
            with self._measured(_S3, len(calls)):
                self._buckets.put_records(destination, calls[0], [r.line for r in made])

    def _to_cloudwatch(
        self, batch: list[Invocation], group: LogGroup, configuration: Destinations, *, is_new: bool
    ) -> None:
        made = _records(batch, configuration, group.large)
        self._put_large(made)
        with self._measured(_CLOUDWATCH, len(batch)):
            # A session for each batch: a role that was changed or deleted takes effect at once.
            role = self._clients.assume_role(group.role_arn)
            with closing(self._clients.logs(role)) as logs:
                if is_new:
                    log_destinations.put_test_event(logs, group)
                log_destinations.put_events(logs, group, [r.line for r in made])

    def _put_large(self, made: list[Record]) -> None:
        for item in (item for record in made for item in record.objects):
            with self._measured(_LARGE_DATA, 1):
                self._buckets.put_object(item)

    @contextmanager
    def _measured(self, metric: str, count: int) -> Iterator[None]:
        """Count what is written inside; a failure is told on stderr and never reaches a caller."""
        try:
            yield
        except _FAILURES as failure:
            _LOG.error("invocation logging: %sFailure, %d lost: %s", metric, count, failure)
            if metric == _CLOUDWATCH:
                self._tested_configuration = None
            self._count(f"{metric}Failure", count)
        else:
            self._count(f"{metric}Success", count)

    def _count(self, metric: str, count: int) -> None:
        data = [{"MetricName": metric, "Value": count, "Unit": "Count"}]
        try:
            self._clients.cloudwatch.put_metric_data(Namespace="AWS/Bedrock", MetricData=data)
        except (BotoCoreError, ClientError) as failure:
            _LOG.error("invocation logging: %s is not counted: %s", metric, failure)


def _records(
    calls: list[Invocation], configuration: Destinations, large: S3Destination | None
) -> list[Record]:
    return [
        records.record(call, bodies=configuration.bodies, images=configuration.images, large=large)
        for call in calls
    ]
