"""The caller of a request: the check of its Signature Version 4 against the caller's secret.

Rules and wording: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from local.bedrock.errors import RefusedError

SERVICE = "bedrock"
CLOCK_SKEW = timedelta(minutes=5)
MUST_BE_SIGNED = ("host", "x-amz-security-token")
METADATA = "x-amzn-bedrock-request-metadata"


class Caller(NamedTuple):
    """An identity that AWS accepts: its ARN as records show it, what it signs with, AWS's own id
    for it, when a session of it ends, and the access key id of its signature."""

    arn: str
    secret_access_key: str
    session_token: str | None = None
    user_id: str = ""
    ends: datetime | None = None
    access_key_id: str = ""

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]


class Signed(NamedTuple):
    """The parts of a request that its signature covers; header names are lower case."""

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Authorization(NamedTuple):
    """What the Authorization header claims."""

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


class _Verifier(SigV4Auth):
    """botocore's signer, told which headers the client signed instead of choosing them."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers


def authenticate(
    request: Signed,
    *,
    callers: Callable[[str], Caller | None],
    region: str,
    now: datetime,
    service: str = SERVICE,
) -> Caller:
    """Return the caller who signed `request`; raise RefusedError as AWS does for every other
    request."""
    claim = _read(request.headers.get("authorization", ""))
    caller = callers(claim.key_id)
    if caller is None or request.headers.get("x-amz-security-token") != caller.session_token:
        raise RefusedError(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    if caller.ends is not None and caller.ends <= now:
        raise RefusedError(
            "ExpiredTokenException", "The security token included in the request is expired"
        )
    _check_scope(claim, region, service)
    _check_clock(request.headers.get("x-amz-date", ""), claim, now)
    _check_coverage(claim, request, _must_be_signed(service))
    if not hmac.compare_digest(_signature(request, claim, caller), claim.signature):
        raise _mismatch(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. "
            "Consult the service documentation for details."
        )
    return caller


def _read(header: str) -> Authorization:
    algorithm, _, rest = header.partition(" ")
    if algorithm == "Bearer":
        raise RefusedError(
            "AccessDeniedException", "Bearer tokens are not accepted here: sign the request."
        )
    if algorithm != "AWS4-HMAC-SHA256":
        raise RefusedError("MissingAuthenticationTokenException", "Missing Authentication Token")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    try:
        key_id, date, region, service, _ = fields["Credential"].split("/")
        signed = tuple(fields["SignedHeaders"].split(";"))
        return Authorization(key_id, date, region, service, signed, fields["Signature"])
    except (KeyError, ValueError) as malformed:
        raise RefusedError(
            "MissingAuthenticationTokenException",
            "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders'.",
        ) from malformed


def _check_scope(claim: Authorization, region: str, service: str) -> None:
    if claim.region != region:
        raise _mismatch("Credential should be scoped to a valid region.")
    if claim.service != service:
        raise _mismatch(f"Credential should be scoped to correct service: '{service}'.")


def _check_clock(stamp: str, claim: Authorization, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as malformed:
        raise _mismatch("Date must be in ISO-8601 'basic format'.") from malformed
    # The signing key is derived from the date in the scope: it has to be that of the request.
    if claim.date != stamp[:8]:
        raise _mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version.")
    if signed_at < now - CLOCK_SKEW:
        raise _mismatch(f"Signature expired: {stamp} is now earlier than the allowed 5 min.")
    if signed_at > now + CLOCK_SKEW:
        raise _mismatch(f"Signature not yet current: {stamp} is still later than 5 min from now.")


def _must_be_signed(service: str) -> tuple[str, ...]:
    """Header names, for requests that have them."""
    return (*MUST_BE_SIGNED, METADATA) if service == SERVICE else MUST_BE_SIGNED


def _check_coverage(claim: Authorization, request: Signed, names: Iterable[str]) -> None:
    for name in names:
        if name in request.headers and name not in claim.signed_headers:
            raise _mismatch(f"The header '{name}' must be a signed header in the request.")
    if not set(claim.signed_headers) <= request.headers.keys():
        raise _mismatch("A signed header is missing from the request.")
    # The hash of the body is a line of the canonical request; the header repeats it for S3, and
    # others may send it.
    payload_hash = request.headers.get("x-amz-content-sha256")
    if payload_hash is not None and payload_hash != sha256(request.body).hexdigest():
        raise _mismatch("The provided 'x-amz-content-sha256' header does not match the body.")


def _signature(request: Signed, claim: Authorization, caller: Caller) -> str:
    signer = _Verifier(
        Credentials(claim.key_id, caller.secret_access_key), claim.service, claim.region
    )
    query = f"?{request.query}" if request.query else ""
    # Signed as plain HTTP, so that botocore always hashes the body.
    rebuilt = AWSRequest(
        method=request.method,
        url=f"http://{request.headers['host']}{request.raw_path}{query}",
        data=request.body,
        headers={name: request.headers[name] for name in claim.signed_headers},
    )
    rebuilt.context["timestamp"] = request.headers["x-amz-date"]
    to_sign = signer.string_to_sign(rebuilt, signer.canonical_request(rebuilt))
    return str(signer.signature(to_sign, rebuilt))


def _mismatch(message: str) -> RefusedError:
    return RefusedError("InvalidSignatureException", message)
