"""The facts of a model call: written by those who learn them, read at the end by the audit entry
and, for its headers, by the response."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from claude_bedrock import catalog
from gateway.errors import GatewayError
from gateway.usage import Usage


class Attempt:
    """One request to Bedrock.

    `model_id` is the inference profile, or the base id where Bedrock takes that, and
    `inference_profile_arn` the team's own profile, where that was called. `status` is Bedrock's,
    once its head is here. `is_sent`: whether all of the request was sent; `is_complete`: whether
    Bedrock's response was read to its end. `upstream`: the way to Bedrock, where it is another than
    the route's own operation. `error`: how the attempt ended, if not well.
    """

    def __init__(self, model_id: str, inference_profile_arn: str = "") -> None:
        self.model_id = model_id
        self.inference_profile_arn = inference_profile_arn
        self.bedrock_request_id = ""
        self.status: int | None = None
        self.is_sent = True
        self.is_complete = False
        self.upstream = ""
        self.error: GatewayError | None = None

    def audit_fields(self) -> dict[str, Any]:
        """Return what came of the attempt. `upstream_complete` is always there, by which a reader
        tells an entry without a status from one of an older version."""
        fields: dict[str, Any] = {"upstream_complete": self.is_complete}
        if self.inference_profile_arn:
            fields["inference_profile_arn"] = self.inference_profile_arn
        if self.upstream:
            fields["upstream"] = self.upstream
        if self.status is not None:
            fields["upstream_status"] = self.status
        if not self.is_sent:
            fields["upstream_reached"] = False
        return fields


class ModelCall:
    """`model` and `legacy` are set once the client's model name is resolved; `attempts` grows with
    each request to Bedrock. `service_tier` and `project_id` are empty where no model is invoked.
    `changes` are those made to the body: see gateway.unsupported_fields. `budget_headers` tell the
    client how much of its budget is used."""

    def __init__(self) -> None:
        self.model = ""
        self.legacy: catalog.Life | None = None
        self.is_stream = False
        self.attempts: list[Attempt] = []
        self.service_tier = ""
        self.project_id = ""
        self.changes: tuple[str, ...] = ()
        self.usage = Usage()
        self.budget_headers: Mapping[str, str] = MappingProxyType({})

    @property
    def attempt(self) -> Attempt | None:
        """The last attempt; None before the first."""
        return self.attempts[-1] if self.attempts else None

    @property
    def bedrock_request_id(self) -> str:
        """Bedrock's id of the last attempt, as in its invocation log record; empty without one."""
        return self.attempts[-1].bedrock_request_id if self.attempts else ""

    @property
    def model_id(self) -> str:
        """The id of the last attempt; empty before the first."""
        return self.attempts[-1].model_id if self.attempts else ""

    def note_model(self, resolved: catalog.Resolved) -> None:
        """Note the model that the client's name means."""
        self.model = resolved.model.name
        self.legacy = resolved.model.life if resolved.legacy else None
