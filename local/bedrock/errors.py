"""Bedrock's exceptions: which HTTP status each has and how one looks on the wire.

Source: the bedrock-runtime service model,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html#API_runtime_InvokeModel_Errors
"""

from collections.abc import Mapping
from typing import Any

STATUS: Mapping[str, int] = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "InternalServerException": 500,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelStreamErrorException": 424,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "SerializationException": 400,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "UnknownOperationException": 404,
    "UnrecognizedClientException": 403,
    "ValidationException": 400,
}

_ANTHROPIC_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
    503: "overloaded_error",
}

_NAMESPACE = "http://internal.amazon.com/coral/com.amazon.bedrock/"


class RefusedError(Exception):
    """Bedrock refuses the call: `name` is the exception's name, `message` the text a client reads.

    `fields` are further members of the body, such as `originalStatusCode`.
    """

    def __init__(self, name: str, message: str, **fields: str | int) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.fields = fields

    @property
    def status(self) -> int:
        return STATUS[self.name]

    @property
    def header(self) -> str:
        """What `x-amzn-errortype` has: the name, with the namespace that Bedrock puts after it, as
        in exchanges that opentelemetry-python-contrib recorded."""
        if self.name == "UnknownOperationException":
            return self.name
        return f"{self.name}:{_NAMESPACE}"

    def body(self) -> dict[str, Any]:
        if self.name == "UnknownOperationException":
            # The service framework answers, before there is an operation whose errors it could
            # use.
            kind = f"com.amazon.coral.service#{self.name}"
            return {"Output": {"__type": kind}, "Version": "1.0"}
        return {"message": self.message, **self.fields}

    def anthropic_body(self, request_id: str) -> dict[str, Any]:
        """Return the same in Anthropic's form: https://platform.claude.com/docs/en/api/errors"""
        kind = _ANTHROPIC_TYPES.get(self.status, "api_error")
        error = {"type": kind, "message": self.message}
        return {"type": "error", "error": error, "request_id": request_id}


class UnservedError(RefusedError):
    """A path of Anthropic's API that Bedrock does not serve: the body says so, with status 200."""

    def __init__(self) -> None:
        super().__init__("UnknownOperationException", "")

    @property
    def status(self) -> int:
        return 200


class UnauthorizedError(RefusedError):
    """IAM refuses the call. Its body is not that of Bedrock's own errors:
    https://github.com/anthropics/claude-code/issues/6191"""

    def __init__(self, message: str) -> None:
        super().__init__("AccessDeniedException", message)

    def body(self) -> dict[str, Any]:
        return {"Message": self.message}


def invalid(message: str) -> RefusedError:
    """Return the commonest refusal: something in the request breaks a rule."""
    return RefusedError("ValidationException", message)
