"""AWS's responses, recorded byte by byte: the report's statements name them.

botocore tells of each answer before anybody has read it:
https://docs.aws.amazon.com/boto3/latest/guide/events.html
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Self

from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.verification.hours import iso

_PARAMETERS: Final = "claude-bedrock-asked"


class Answer(NamedTuple):
    """One answer: `parameters` are JSON, `content` the body as it came over the wire."""

    name: str
    service: str
    operation: str
    parameters: Mapping[str, Any]
    status: int
    at: datetime
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def as_data(self) -> dict[str, Any]:
        return {
            "file": f"answers/{self.name}",
            "sha256": self.sha256,
            "service": self.service,
            "operation": self.operation,
            "parameters": self.parameters,
            "status": self.status,
            "at": iso(self.at, "seconds"),
        }


class RecordingDeployment(Deployment):
    """A deployment whose clients' answers are kept.

    For questions about how things are set up only: what holds prompts is read by another."""

    answers: list[Answer]

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        made = cls(*deployment)
        made.answers = []
        return made

    @property
    def is_embedded(self) -> bool:
        """Whether the AWS is that of local mode, which forgets some of what it is told."""
        return self.endpoint_url is not None

    def make_client(self, service: str) -> Client:
        client = super().make_client(service)
        client.meta.events.register("before-parameter-build", _note)
        client.meta.events.register("response-received", self._record_response)
        return client

    def roles(self, stack: str) -> set[str]:
        """Return the names of the stack's roles. Raises botocore's errors."""
        return self.resources(stack, "AWS::IAM::Role")

    def alarms(self, stack: str) -> set[str]:
        """Return the names of the alarms that the stack has made, of deleted ones too. Raises
        botocore's errors."""
        return self.resources(stack, "AWS::CloudWatch::Alarm")

    def _record_response(
        self,
        *,
        response_dict: Mapping[str, Any] | None,
        context: Mapping[str, Any],
        event_name: str,
        **_: object,
    ) -> None:
        if response_dict is None:
            return
        service, operation = event_name.split(".")[1:]
        content = response_dict["body"]
        ending = "json" if content[:1] in b"{[" else "xml"
        number = len(self.answers) + 1
        self.answers.append(
            Answer(
                name=f"{number:03}-{service}-{operation}.{ending}",
                service=service,
                operation=operation,
                parameters=context.get(_PARAMETERS, {}),
                status=response_dict["status_code"],
                at=datetime.now(UTC),
                content=content,
            )
        )


def _note(*, params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
    """Note the parameters of a request before botocore writes them as the service wants them."""
    context[_PARAMETERS] = json.loads(json.dumps(params, default=str))
