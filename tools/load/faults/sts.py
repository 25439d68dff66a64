"""The faults of AWS STS, which opens a session for each caller: an environment with caller
sessions, before an STS that misbehaves."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from benchmarks.environment import built
from tools.load.faults.environment import Environment
from tools.load.faults.formats import COMPLETE, FORMATS, Format
from tools.load.faults.harness import local_bedrock
from tools.load.faults.scripted_service import ScriptedService, ServiceFault

AREA: Final = "AWS STS"
KEYS: Final = {
    "AWS_ACCESS_KEY_ID": "dev",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
}
"""Of the session that STS opens here, which the local Bedrock knows."""
CALLER_ROLE: Final = "arn:aws:iam::123456789012:role/claude-on-bedrock-faults-us-east-1-caller"
_OPENED: Final = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>dev</AccessKeyId>"
    "<SecretAccessKey>secret</SecretAccessKey><SessionToken>{token}</SessionToken></Credentials>"
    "</AssumeRoleResult></AssumeRoleResponse>"
)
_PATIENT: Final = 30.0


def _error(code: str) -> str:
    error = f"<Code>{code}</Code><Message>{CALLER_ROLE}</Message>"
    return f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"


STS_FAULTS: Final = (
    ServiceFault("nobody listens at STS", is_down=True),
    ServiceFault("STS does not answer", seconds=1.0),
    ServiceFault("STS refuses", (403, _error("AccessDenied"))),
    ServiceFault("STS throttles", (400, _error("Throttling"))),
    ServiceFault("STS throttles once", (400, _error("Throttling")), times=1),
    ServiceFault("STS fails", (500, _error("InternalFailure"))),
    ServiceFault("STS fails once", (500, _error("InternalFailure")), times=1),
    ServiceFault("STS answers a page of HTML, with 200", (200, "<html>Welcome</html>")),
)


class ScriptedSts(ScriptedService):
    """Opens sessions, but for the fault that is set."""

    def __init__(self, token: str = KEYS["AWS_SESSION_TOKEN"]) -> None:
        opened = _OPENED.format(token=token)
        super().__init__(lambda _body: (200, opened))


class StsHarness:
    """An environment with caller sessions; every request is of a caller who has none yet."""

    def __init__(self, environment: Environment, sts: ScriptedSts) -> None:
        self.environment = environment
        self._sts = sts
        self._numbers = count()
        for form in FORMATS:
            assert self.observed(form, _PATIENT) == COMPLETE
        self.footprint = environment.footprint()

    def see(self, fault: ServiceFault, form: Format) -> tuple[str, str]:
        """Return what comes of a request that meets the fault, and of the next."""
        self._sts.set_fault(fault)
        try:
            seen = self.observed(form, fault.seconds)
        finally:
            self._sts.set_fault(None)
        return seen, self.observed(form, _PATIENT)

    def observed(self, form: Format, seconds: float) -> str:
        event: dict[str, Any] = form.build_event("hello", retries_itself=True)
        event["requestContext"]["identity"] = {"apiKeyId": f"key-{next(self._numbers)}"}
        answer, line, _ = self.environment.invoke(event, seconds=seconds)
        what = form.see(answer)
        assert b"arn:aws" not in answer.body, answer.body
        if what == COMPLETE:
            assert line["session_ms"] >= 0
            return what
        assert "bedrock_request_id" not in line
        assert line["outcome"] == "refused"
        assert answer.headers["retry-after"] == "2"
        return f"{what}, `{line['error_cause']}`"


@contextmanager
def prepared_with_sts(folder: Path) -> Iterator[StsHarness]:
    """What is started here is gone with the context; `folder` holds nothing."""
    with local_bedrock(KEYS) as bedrock, closing(ScriptedSts()) as sts:
        more = {
            **KEYS,
            "CALLER_ROLE_ARN": CALLER_ROLE,
            "AWS_ENDPOINT_URL_STS": f"http://localhost:{sts.port}",
        }
        environment = Environment(built(), f"http://{bedrock}", folder / "none.pem", more)
        with closing(environment):
            yield StsHarness(environment, sts)
