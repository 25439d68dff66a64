"""The faults of DynamoDB, which holds the table of budgets: an environment with a budget, before a
table that misbehaves, where calls are refused then (`closed`) and where they go on (`open`)."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.environment import built
from claude_bedrock.budgets.budget import MICRO, STAGE, USD, Budget, Rules, to_json
from claude_bedrock.budgets.period import DAY
from tools.load.faults.environment import Environment
from tools.load.faults.formats import COMPLETE, FORMATS, Format
from tools.load.faults.harness import local_bedrock
from tools.load.faults.scripted_service import ScriptedService, ServiceFault

TABLE_AREAS: Final[Mapping[str, str]] = MappingProxyType(
    {mode: f"DynamoDB, `budgets_fail: {mode}`" for mode in ("closed", "open")}
)
_KEYS: Final = {"AWS_ACCESS_KEY_ID": "dev", "AWS_SECRET_ACCESS_KEY": "secret"}
_RULES: Final = Rules(stage=(Budget(STAGE, USD, 1000 * MICRO, DAY),))
_PATIENT: Final = 30.0
_TABLE: Final = "claude-on-bedrock-faults-budgets"


def _error(status: int, name: str) -> tuple[int, str]:
    content = '{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"arn:aws:dynamodb:x"}'
    return status, content % name


TABLE_FAULTS: Final = (
    ServiceFault("nobody listens at DynamoDB", is_down=True),
    ServiceFault("DynamoDB does not answer"),
    ServiceFault("DynamoDB answers after half a second", late_seconds=0.5),
    ServiceFault("DynamoDB refuses", _error(400, "AccessDeniedException")),
    ServiceFault("DynamoDB throttles", _error(400, "ThrottlingException")),
    ServiceFault("DynamoDB throttles once", _error(400, "ThrottlingException"), times=1),
    ServiceFault("DynamoDB fails", _error(500, "InternalServerError")),
    ServiceFault("DynamoDB fails once", _error(500, "InternalServerError"), times=1),
    ServiceFault("DynamoDB answers a page of HTML, with 200", (200, "<html>Welcome</html>")),
    ServiceFault("DynamoDB throttles the settlement", _error(400, "ThrottlingException"), first=2),
)


class TableHarness:
    """An environment with a budget of the stage, which DynamoDB is asked for twice a call; `area`
    is that of docs/faults.md."""

    def __init__(self, environment: Environment, table: ScriptedService, area: str) -> None:
        self.environment = environment
        self.area = area
        self._table = table
        for form in FORMATS:
            assert self.observed(form, _PATIENT) == COMPLETE
        self.footprint = environment.footprint()

    def see(self, fault: ServiceFault, form: Format) -> tuple[str, str]:
        """Return what comes of a request that meets the fault, and of the next."""
        self._table.set_fault(fault)
        try:
            seen = self.observed(form, fault.seconds)
        finally:
            self._table.set_fault(None)
        return seen, self.observed(form, _PATIENT)

    def observed(self, form: Format, seconds: float) -> str:
        """Return what the caller got, and what the audit entry says of budgets unless they were
        settled without a failure."""
        event = form.build_event("hello", retries_itself=True)
        answer, line, _ = self.environment.invoke(event, seconds=seconds)
        what = form.see(answer)
        assert b"arn:aws" not in answer.body, answer.body
        state, cause = line["budgets_state"], line.get("budgets_cause")
        if what != COMPLETE:
            assert line["outcome"] == "refused"
            assert "bedrock_request_id" not in line
            assert answer.headers["retry-after"] == "5"
        if state == "settled" and not cause:
            return what
        return f"{what}, `{state}`" + (f", `{cause}`" if cause else "")


@contextmanager
def prepared_with_table(folder: Path, mode: str) -> Iterator[TableHarness]:
    """Yield a harness with `budgets_fail` in that mode. What is started here is gone with the
    context; `folder` holds nothing."""
    right = (200, '{"Attributes":{"subject":{"S":"stage"}}}')
    with local_bedrock(_KEYS) as bedrock, closing(ScriptedService(lambda _body: right)) as table:
        more = {
            **_KEYS,
            "BUDGETS_TABLE": _TABLE,
            "BUDGET_RULES": to_json(_RULES),
            "BUDGETS_FAIL": mode,
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://localhost:{table.port}",
        }
        environment = Environment(built(), f"http://{bedrock}", folder / "none.pem", more)
        with closing(environment):
            yield TableHarness(environment, table, TABLE_AREAS[mode])
