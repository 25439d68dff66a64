"""The plain join of benchmarks.joins in polars, by an interpreter that has it: `FOLDER ROLE`."""

import json
import resource
import sys
import time

import polars as pl  # type: ignore[import-not-found] # an environment of its own has it


def join(folder: str, role: str) -> dict[str, int]:
    """Return how many calls are of each kind."""
    called = (
        pl.scan_parquet(f"{folder}/calls.parquet")
        .group_by("request_id")
        .agg(pl.col("model_id", "caller").max())
    )
    records = pl.scan_parquet(f"{folder}/records.parquet")
    in_s3 = (
        records.filter(pl.col("destination") == 0)
        .group_by("request_id")
        .agg(pl.col("model_id", "caller", "identity", "content").max())
    )
    in_logs = (
        records.filter(pl.col("destination") == 1)
        .group_by("request_id")
        .agg(pl.col("content").max().alias("content_in_logs"))
    )
    both = called.join(in_s3, on="request_id", how="full", coalesce=True, suffix="_in_s3").join(
        in_logs, on="request_id", how="left"
    )
    kind = (
        pl.when(pl.col("caller").is_null() & pl.col("identity").str.starts_with(role))
        .then(pl.lit("audit_entry_lost"))
        .when(pl.col("caller").is_null())
        .then(pl.lit("bypassed_gateway"))
        .when(pl.col("caller_in_s3").is_null() | pl.col("content_in_logs").is_null())
        .then(pl.lit("missing_record"))
        .when(pl.col("caller") != pl.col("caller_in_s3"))
        .then(pl.lit("caller_mismatch"))
        .when(pl.col("model_id") != pl.col("model_id_in_s3"))
        .then(pl.lit("model_mismatch"))
        .when(pl.col("content") != pl.col("content_in_logs"))
        .then(pl.lit("content_mismatch"))
        .otherwise(pl.lit("matched"))
    )
    counted = both.select(kind.alias("kind")).group_by("kind").len().collect(engine="streaming")
    return dict(counted.iter_rows())


if __name__ == "__main__":
    begun = time.monotonic()
    found = join(*sys.argv[1:])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result = {
        "seconds": time.monotonic() - begun,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
        "found": found,
    }
    sys.stdout.write(json.dumps(result))
