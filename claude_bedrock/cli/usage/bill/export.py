"""The lines about Bedrock of a Cost and Usage Report 2.0, read by DuckDB from Parquet or CSV.

https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html
https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-iam-principal-tracking.html
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from claude_bedrock.cli.usage.rows import UnanswerableError
from claude_bedrock.queries.render import literal

UsageKind = Literal["input", "output", "cache_read", "cache_write", "guardrail", ""]
TAGS: Final = ("team", "caller")
_TAG_PREFIX: Final = "iamPrincipal/"
PRINCIPAL: Final = "line_item_iam_principal"
_NEEDED: Final = (
    *("line_item_line_item_type", "line_item_usage_start_date", "line_item_usage_type"),
    *("line_item_usage_amount", "line_item_unblended_cost", "line_item_currency_code"),
    "line_item_product_code",
)
_OPTIONAL: Final = (
    *("product_region_code", "pricing_unit", "line_item_line_item_description"),
    "bill_invoice_id",
)
_MONTH: Final = len("2026-11")
_UNITS: Final = {"1m tokens": 10**6, "1k tokens": 10**3, "tokens": 1}


class BillLine(NamedTuple):
    """Lines that are alike, added up. `day` is that of the usage (UTC); `principal` an ARN or
    empty; `line_type` as `Usage` or `Tax`; `tokens` None where the line does not count any in a
    known unit; the tags are empty where the line has none. `is_final`: the month is invoiced, which
    an invoice id says."""

    day: str
    principal: str
    line_type: str
    region: str
    kind: UsageKind
    tokens: Decimal | None
    dollars: Decimal
    team: str
    caller: str
    is_final: bool = False


def read(path: Path, since: datetime, until: datetime) -> list[BillLine]:
    """Return Bedrock's lines whose usage begins in the window (UTC), of a file or of all files in a
    folder. Raises UnanswerableError for what is not such an export."""
    import duckdb  # noqa: PLC0415 - half a start of the program

    from claude_bedrock.cli.usage.duckdb_engine import MEMORY  # noqa: PLC0415 - as above

    source = _source(_files(path))
    try:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"SET memory_limit = {literal(MEMORY)}")
            types = {
                str(name): str(kind)
                for name, kind, *_ in connection.execute(f"DESCRIBE {source}").fetchall()
            }
            _check_columns(path, types)
            rows = connection.execute(_question(source, types), [since, until]).fetchall()
    except duckdb.Error as error:
        # DuckDB's own text may quote a line.
        kind = type(error).__name__
        raise UnanswerableError(f"{path} cannot be read as Parquet or CSV ({kind})") from None
    _check_versions(path, rows)
    if currencies := {row[-2] or "no currency" for row in rows} - {"USD"}:
        raise UnanswerableError(
            f"{path} has lines in {', '.join(sorted(currencies))}. The catalog's prices are in "
            "USD, so only a bill in USD can be compared."
        )
    return [_line(row[:-2]) for row in rows]


def _check_versions(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Raise UnanswerableError where two folders have lines of one month: an export that AWS writes
    anew at each update has the whole month in a folder for each version, and would count twice.
    https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html"""
    folders: dict[str, set[str]] = {}
    for row in rows:
        folders.setdefault(str(row[0])[:_MONTH], set()).add(str(row[-1]))
    if months := [month for month, of_month in folders.items() if len(of_month) > 1]:
        raise UnanswerableError(
            f"{path} has {min(months)} in {len(folders[min(months)])} folders, as an export has "
            "that keeps its versions. Name the folder of one version."
        )


def _files(path: Path) -> list[Path]:
    endings = (".parquet", ".csv", ".csv.gz")
    candidates = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = [file for file in candidates if file.is_file() and file.name.endswith(endings)]
    if not files:
        raise UnanswerableError(f"{path} is not a file of Parquet or CSV, nor a folder of some.")
    if len({file.suffix == ".parquet" for file in files}) > 1:
        raise UnanswerableError(
            f"{path} has files of Parquet and of CSV. Name those of one export."
        )
    return files


def _source(files: Sequence[Path]) -> str:
    listed = ", ".join(literal(str(file.absolute())) for file in files)
    if files[0].suffix == ".parquet":
        return f"SELECT * FROM read_parquet([{listed}], union_by_name = true, filename = true)"  # noqa: S608 - literals
    # Where DuckDB guesses the dialect, a tag with a quote in it can be lost (2.0.1).
    dialect = """delim = ',', quote = '"', escape = '"'"""
    options = f"{dialect}, header = true, all_varchar = true, union_by_name = true, filename = true"
    return f"SELECT * FROM read_csv([{listed}], {options})"  # noqa: S608 - as above


def _check_columns(path: Path, types: Mapping[str, str]) -> None:
    if missing := [name for name in _NEEDED if name not in types]:
        raise UnanswerableError(
            f"{path} is not an export of CUR 2.0: it lacks the column {missing[0]}."
        )
    if PRINCIPAL not in types:
        raise UnanswerableError(
            f"{path} lacks the column {PRINCIPAL}. Create the export with the option 'Include "
            "caller identity (IAM principal) allocation data'; it holds usage from then on."
        )


def _question(source: str, types: Mapping[str, str]) -> str:
    """Return the SQL, with one parameter for each end of the window."""
    optional = {name: name if name in types else "NULL" for name in _OPTIONAL}
    tags = [_tag(types, name) for name in TAGS]
    about_bedrock = " OR ".join(
        f"{text} ILIKE '%bedrock%'"
        for text in (
            "line_item_product_code",
            "line_item_usage_type",
            optional["line_item_line_item_description"],
            _map_text(types, "product"),
        )
    )
    started = "line_item_usage_start_date::TIMESTAMPTZ"
    return f"""
        SELECT
          strftime({started}, '%Y-%m-%d'),
          coalesce({PRINCIPAL}, ''),
          line_item_line_item_type,
          coalesce({optional["product_region_code"]}, ''),
          line_item_usage_type,
          lower(coalesce({optional["pricing_unit"]}, '')),
          sum(line_item_usage_amount::DECIMAL(30, 10)),
          coalesce(sum(line_item_unblended_cost::DECIMAL(30, 10)), 0),
          coalesce({tags[0]}, ''),
          coalesce({tags[1]}, ''),
          coalesce({optional["bill_invoice_id"]}, '') <> '',
          line_item_currency_code,
          parse_dirpath(filename)
        FROM ({source})
        WHERE {started} >= ? AND {started} < ?
          AND (coalesce({PRINCIPAL}, '') <> '' OR {about_bedrock})
        GROUP BY ALL
        ORDER BY ALL"""  # noqa: S608 - names of columns, and files as literals


def _tag(types: Mapping[str, str], name: str) -> str:
    """Return the SQL of a tag's value: Parquet has a map, CSV the map as JSON."""
    key = f"{_TAG_PREFIX}{name}"
    kind = types.get("tags", "")
    if kind.startswith("MAP"):
        return f"tags[{literal(key)}]"
    if kind == "VARCHAR":
        path = literal('$."' + key + '"')
        return f"CASE WHEN json_valid(tags) THEN json_extract_string(tags, {path}) END"
    return "NULL"


def _map_text(types: Mapping[str, str], name: str) -> str:
    return f"{name}::VARCHAR" if name in types else "NULL"


def _line(row: Sequence[object]) -> BillLine:
    day, principal, line_type, region, usage_type, unit, amount, dollars, *tags, is_final = row
    team, caller = tags
    kind = usage_kind(str(usage_type))
    size = _UNITS.get(str(unit).strip())
    return BillLine(
        str(day),
        str(principal),
        str(line_type),
        str(region),
        kind,
        Decimal(str(amount)) * size if kind and size and amount is not None else None,
        Decimal(str(dollars)),
        str(team),
        str(caller),
        bool(is_final),
    )


def usage_kind(usage_type: str) -> UsageKind:
    """Return the kind of token that the usage type counts, as `USE1-Claude4.6Sonnet-input-tokens`,
    `USE1-MP:USE1_CacheReadInputTokenCount_Global-Units` and
    `USW2-MP:USW2_output_tokens_standard-Units` do, or that it is a guardrail's; empty for others.
    """
    text = usage_type.lower().replace("_", "").replace("-", "")
    if "guardrail" in text:
        return "guardrail"
    if "token" not in text:
        return ""
    if "cache" in text:
        return "cache_read" if "read" in text else "cache_write"
    if "output" in text or "response" in text:
        return "output"
    return "input" if "input" in text else ""
