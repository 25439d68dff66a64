"""A month of a stage in US dollars, line by line."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from claude_bedrock.catalog import Model, cost
from claude_bedrock.cli.cost import aws_prices
from claude_bedrock.cli.cost.aws_prices import Price
from claude_bedrock.cli.shared.cdk_json import value_at
from claude_bedrock.cli.shared.vpc_endpoints import NETWORK, interface_endpoints

BYTES_PER_TOKEN: Final = 4
"""Anthropic counts about 3.5 English characters a token; rounded up:
https://platform.claude.com/docs/en/about-claude/glossary#tokens"""
BEDROCK_PRICES: Final = "https://platform.claude.com/docs/en/about-claude/pricing"
AUDIT_BYTES: Final = 2_500
"""An audit log entry and an access log entry, about."""
INLINE_BYTES: Final = 100 * 1024
"""A larger body goes to S3 alone, as an object of its own for each of the two destinations:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"""
ENTRY_BYTES: Final = 1_000
"""An audit log entry, about."""
AUTHORIZER_GB: Final = Decimal("0.25")
AUTHORIZER_SECONDS: Final = Decimal("0.01")
WEB_ACL_RULES: Final = 3
"""Those that each web ACL of the stage's has: two groups of AWS's, and the rate."""
HOURS: Final = 730
"""Of a month."""
SECONDS: Final = HOURS * 3600
PAGE: Final = "docs/deploy.md"
_MILLION: Final = Decimal(1_000_000)
_HUNDRED_THOUSAND: Final = Decimal(100_000)
_GB: Final = Decimal(10**9)
_MB_OF_A_GB: Final = 1024


class Workload(NamedTuple):
    """The calls of a month. `input` and `output` are tokens of a call, `cached` those of the prompt
    that are read from the cache, beside `input`; `seconds` is how long a call lasts."""

    calls: int
    input: int
    output: int
    cached: int
    seconds: Decimal


class Line(NamedTuple):
    """One cost of the month: `quantity` times `unit_price`, which is for one of `unit`."""

    name: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    source: str

    @property
    def dollars(self) -> Decimal:
        return self.quantity * self.unit_price


def lines(block: Mapping[str, Any], model: Model, geography: str, load: Workload) -> Iterator[Line]:
    """Yield what the stage of that block costs a month under this load. Raises NoProfile where the
    model has none of that geography."""
    yield from _of_bedrock(model, geography, load)
    if value_at(block, "endpoint.enabled", default=True):
        yield from _of_requests(block, load)
        yield from _of_answers(load)
    yield from _of_records(block, load)
    yield from _of_vpc_endpoints(block, load)
    if value_at(block, "evidence.cloudtrail.create"):
        events = load.calls / _HUNDRED_THOUSAND
        yield _line("Trail, calls, unless it is the account's first", events, aws_prices.TRAIL)
    yield Line("Idle stage, at most", Decimal(1), "month", aws_prices.IDLE_DOLLARS, PAGE)
    if value_at(block, "evidence.canary"):
        yield Line("Canary, at most", Decimal(HOURS), "hour", aws_prices.CANARY_DOLLARS, PAGE)


def _of_bedrock(model: Model, geography: str, load: Workload) -> Iterator[Line]:
    rates = cost.rates(model, geography, prompt_tokens=load.input + load.cached)
    counts = (
        ("input", load.input, rates.input),
        ("from the cache", load.cached, rates.cache_read),
        ("output", load.output, rates.output),
    )
    for name, tokens, rate in counts:
        if tokens:
            millions = load.calls * tokens / _MILLION
            yield Line(f"Bedrock, {name}", millions, "million tokens", rate, BEDROCK_PRICES)


def _of_requests(block: Mapping[str, Any], load: Workload) -> Iterator[Line]:
    calls = load.calls / _MILLION
    yield _line("API Gateway", calls, aws_prices.API_GATEWAY)
    by_key = value_at(block, "callers.auth", "key") == "key"
    yield _line("Lambda, requests", calls * (2 if by_key else 1), aws_prices.LAMBDA_REQUESTS)
    memory = Decimal(value_at(block, "endpoint.memory_mb", 256)) / _MB_OF_A_GB
    seconds = load.calls * load.seconds * memory
    if by_key:
        seconds += load.calls * AUTHORIZER_SECONDS * AUTHORIZER_GB
    yield _line("Lambda, time", seconds, aws_prices.LAMBDA_SECONDS)
    yield _line("Gateway's metrics", Decimal(aws_prices.GATEWAY_METRICS), aws_prices.METRIC)
    if counters := _budget_writes(block):
        yield _line("Budgets", calls * counters, aws_prices.DYNAMODB)
    if tracing := value_at(block, "endpoint.tracing"):
        yield _line("Traces", _traces(tracing, load.calls) / _MILLION, aws_prices.XRAY)
    yield from _of_web_acl(value_at(block, "endpoint.web_acl"), calls)


def _of_web_acl(rules: object, calls: Decimal) -> Iterator[Line]:
    """Yield what a web ACL that the stage makes costs, for `calls` million requests."""
    if not isinstance(rules, Mapping):
        return
    optional = ("rate_limit_without_credential", "body_limit_kb")
    count = WEB_ACL_RULES + sum(rules.get(key) is not None for key in optional)
    yield _line("Web ACL", Decimal(1), aws_prices.WAF_ACL)
    yield _line("Web ACL, rules", Decimal(count), aws_prices.WAF_RULE)
    yield _line("Web ACL, requests", calls, aws_prices.WAF_REQUESTS)


def _budget_writes(block: Mapping[str, Any]) -> int:
    """Return for how many of stage, team and caller each call is counted."""
    budgets = value_at(block, "callers.budgets") or {}
    kinds = {"stage"} if budgets.get("stage") else set()
    kinds |= {kind for kind in ("teams", "callers") if any(budgets.get(kind, {}).values())}
    plans = value_at(block, "callers.plans") or {}
    if any("tokens_per_minute" in plan for plan in plans.values()):
        kinds.add("callers")
    return len(kinds)


def _traces(tracing: Mapping[str, Any], calls: int) -> Decimal:
    """Return how many calls are traced where they are spread evenly over the month."""
    reservoir = min(Decimal(calls), Decimal(tracing["requests_per_second"]) * SECONDS)
    return reservoir + (calls - reservoir) * Decimal(str(tracing["fixed_rate"]))


def _of_answers(load: Workload) -> Iterator[Line]:
    out = load.calls * load.output * BYTES_PER_TOKEN / _GB
    yield _line("Answers, out of AWS", out, aws_prices.DATA_OUT)


def _of_records(block: Mapping[str, Any], load: Workload) -> Iterator[Line]:
    inline, large = _inline_bytes(load), _large_bodies(load)
    logged = load.calls * (inline + AUDIT_BYTES) / _GB
    gigabytes = logged + 2 * load.calls * sum(large) / _GB
    objects = load.calls * (1 + 2 * len(large)) / _MILLION
    months = Decimal(value_at(block, "logging.retention_days", 30)) / 30
    yield _line("CloudWatch Logs, written", logged, aws_prices.LOG_INGESTION)
    yield _line("CloudWatch Logs, kept", logged * months, aws_prices.LOG_STORAGE)
    yield _line("S3, kept, at most", gigabytes * months, aws_prices.S3_STORAGE)
    yield _line("S3, objects, at most", objects, aws_prices.S3_OBJECTS)
    if value_at(block, "evidence.audit_entry_table"):
        entries = load.calls * Decimal(ENTRY_BYTES) / _GB
        yield _line("Audit log entries, into Firehose", entries, aws_prices.FIREHOSE)
        yield _line("Audit log entries, converted", entries, aws_prices.FIREHOSE_CONVERSION)
    if value_at(block, "logging.archive"):
        yield _line("Archive, kept as long, at most", gigabytes * months, aws_prices.S3_STORAGE)
        yield _line("Archive, objects, at most", objects, aws_prices.S3_OBJECTS)


def _of_vpc_endpoints(block: Mapping[str, Any], load: Workload) -> Iterator[Line]:
    """What a call carries to Bedrock and back, the verification reads again in CloudWatch Logs."""
    endpoints = interface_endpoints(block)
    if endpoints == 0:
        return
    zones = len(value_at(block, f"{NETWORK}.subnets", default=()))
    read_again = _inline_bytes(load) + AUDIT_BYTES
    gigabytes = load.calls * (sum(_body_bytes(load)) + read_again) / _GB
    yield _line("VPC endpoints", Decimal(endpoints * zones * HOURS), aws_prices.PRIVATE_LINK)
    yield _line("VPC endpoints, data", gigabytes, aws_prices.PRIVATE_LINK_DATA)


def _body_bytes(load: Workload) -> tuple[int, int]:
    """Return the size of a call's prompt, and of its answer."""
    return (load.input + load.cached) * BYTES_PER_TOKEN, load.output * BYTES_PER_TOKEN


def _large_bodies(load: Workload) -> list[int]:
    return [size for size in _body_bytes(load) if size > INLINE_BYTES]


def _inline_bytes(load: Workload) -> int:
    return sum(_body_bytes(load)) - sum(_large_bodies(load))


def _line(name: str, quantity: Decimal, price: Price) -> Line:
    return Line(name, quantity, price.unit, price.dollars, price.source)
