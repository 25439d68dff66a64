"""The embedded AWS: MiniStack, with what is added to it before it starts."""

import os
import runpy
from pathlib import Path

if __name__ == "__main__":
    # It was for our own imports; MiniStack runs functions as its children, which must not see it.
    os.environ.pop("PYTHONPATH", None)
    from local.aws.key_usage import KeyUsage
    from local.aws.sessions_file import SessionsFile
    from local.embedded import (
        alarm_expressions,
        api_keys,
        application_profiles,
        bucket_configuration,
        deletion_protection,
        endpoint_types,
        enforcement,
        existing_names,
        exports_in_use,
        filter_patterns,
        full_buckets,
        iam_propagation,
        log_batches,
        log_events,
        log_pages,
        log_subscriptions,
        record_queries,
        replica_versions,
        request_context,
        reserved_concurrency,
        role_boundaries,
        role_principals,
        security_groups,
        services,
        sessions,
        table_configuration,
        time_scale,
        trails,
        transport,
        web_acl_associations,
    )

    time_scale.add()
    services.add(iam_propagation.add(os.environ.pop(iam_propagation.VARIABLE)))
    folder = Path(os.environ.pop("EMBEDDED_FOLDER"))
    api_keys.add(KeyUsage(folder))
    sessions.add(SessionsFile(folder))
    application_profiles.add()
    trails.add()
    security_groups.add()
    web_acl_associations.add()
    transport.add()
    bucket_configuration.add()
    replica_versions.add()
    table_configuration.add()
    deletion_protection.add()
    existing_names.add()
    full_buckets.add()
    request_context.add()
    enforcement.add()
    record_queries.add()
    log_batches.add()
    log_events.add()
    log_pages.add()
    log_subscriptions.add()
    reserved_concurrency.add()
    role_boundaries.add(os.environ.pop(role_boundaries.VARIABLE))
    role_principals.add()
    endpoint_types.add()
    alarm_expressions.add()
    exports_in_use.add()
    filter_patterns.add()
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
