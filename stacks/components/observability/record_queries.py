"""The Athena workgroup of a stage, its scan limit and its saved queries."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_athena as athena
from constructs import Construct

_MB = 1_000_000


class RecordQueries(Construct):
    """A workgroup whose queries end at `scan_limit_mb`, and the saved `queries` by their names.

    Results stay in Athena's own storage for a day, encrypted by its key, so that callers need no
    bucket to write to; the table has no prompt and no completion that could be among them:
    https://docs.aws.amazon.com/athena/latest/ug/managed-results.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        database: str,
        queries: Mapping[str, str],
        scan_limit_mb: int,
    ) -> None:
        super().__init__(scope, construct_id)
        group = athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=name,
            description="Queries the invocation log records of this stage",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                bytes_scanned_cutoff_per_query=scan_limit_mb * _MB,
                publish_cloud_watch_metrics_enabled=True,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                managed_query_results_configuration=(
                    athena.CfnWorkGroup.ManagedQueryResultsConfigurationProperty(enabled=True)
                ),
            ),
        )
        for query, text in queries.items():
            athena.CfnNamedQuery(
                self,
                f"Saved-{query}",
                name=query,
                database=database,
                query_string=text,
                work_group=name,
            ).add_resource_dependency(group)
