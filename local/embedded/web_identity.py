"""IAM outbound identity federation: tokens that STS signs for an IAM principal, and the issuer
whose keys verify them. MiniStack signs with a secret of its own, which nobody can verify.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
"""

import json
import threading
import time
import uuid
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id, get_region  # type: ignore[import-untyped]
from ministack.services import sts  # type: ignore[import-untyped]

from local.embedded.reply import Call, Reply, Service

_CLAIMS_OF_AWS: Final = "https://sts.amazonaws.com/"
_KEY_IDS: Final = {"RS256": "RSA_0", "ES384": "EC384_0"}
_STS: Final = "https://sts.amazonaws.com/doc/2011-06-15/"
_IAM: Final = "https://iam.amazonaws.com/doc/2010-05-08/"

_enabled: Final = set[str]()
"""The accounts that issue tokens: none does until its administrator turns it on."""


class _Keys(NamedTuple):
    """The private keys, by algorithm: cryptography's, which is imported with the first token."""

    RS256: Any
    ES384: Any


def before_sts(ministack: Service) -> Service:
    """MiniStack's STS, with GetWebIdentityToken before it. MiniStack checks the parameters."""

    async def handle(call: Call) -> Reply:
        parameters = _parameters(call)
        if parameters.get("Action") != ["GetWebIdentityToken"]:
            return await ministack(call)
        if get_account_id() not in _enabled:
            return _error(_STS, 403, "OutboundWebIdentityFederationDisabledException")
        checked = await ministack(call)
        return checked if checked[0] != 200 else _token(call, parameters)

    return handle


def before_iam(ministack: Service) -> Service:
    """MiniStack's IAM, with the switch before it."""

    async def handle(call: Call) -> Reply:
        account = get_account_id()
        match _parameters(call).get("Action"):
            case ["EnableOutboundWebIdentityFederation"] if account in _enabled:
                return _error(_IAM, 409, "FeatureEnabled")
            case ["EnableOutboundWebIdentityFederation"]:
                _enabled.add(account)
                return _reply(
                    _IAM, "EnableOutboundWebIdentityFederation", IssuerIdentifier=_issuer()
                )
            case [
                "DisableOutboundWebIdentityFederation" | "GetOutboundWebIdentityFederationInfo"
            ] if account not in _enabled:
                return _error(_IAM, 404, "FeatureDisabled")
            case ["DisableOutboundWebIdentityFederation"]:
                _enabled.discard(account)
                return _reply(_IAM, "DisableOutboundWebIdentityFederation")
            case ["GetOutboundWebIdentityFederationInfo" as action]:
                return _reply(_IAM, action, IssuerIdentifier=_issuer(), JwtVendingEnabled="true")
        return await ministack(call)

    return handle


def _token(call: Call, parameters: Mapping[str, list[str]]) -> Reply:
    audiences = [value for name in _members(parameters, "Audience") for value in parameters[name]]
    algorithm = parameters["SigningAlgorithm"][0]
    now, seconds = int(time.time()), int(parameters.get("DurationSeconds", ["300"])[0])
    caller = sts._caller_identity(call.headers, call.query)
    claims = {
        "iss": _issuer(),
        "aud": audiences[0] if len(audiences) == 1 else audiences,
        "sub": _principal(caller["userArn"]),
        "iat": now,
        "exp": now + seconds,
        "jti": str(uuid.uuid4()),
        _CLAIMS_OF_AWS: {
            "aws_account": get_account_id(),
            "source_region": get_region(),
            "principal_tags": _session_tags(caller["accessKey"]),
            "request_tags": _request_tags(parameters),
        },
    }
    import jwt  # noqa: PLC0415 - see _Keys

    key = getattr(_keys(), algorithm)
    token = jwt.encode(claims, key, algorithm, headers={"kid": _KEY_IDS[algorithm]})
    expiration = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + seconds))
    return _reply(_STS, "GetWebIdentityToken", WebIdentityToken=token, Expiration=expiration)


def _principal(arn: str) -> str:
    """Return the `sub` of an ARN: of a role's session it is the role."""
    head, separator, session = arn.partition(":assumed-role/")
    if not separator:
        return arn
    return f"{head.replace(':sts:', ':iam:')}:role/{session.rpartition('/')[0]}"


def _session_tags(access_key: str) -> dict[str, str]:
    tags = sts._sessions.get(access_key, {}).get("SessionTags") or {}
    return {str(name): str(value) for name, value in dict(tags).items()}


def _request_tags(parameters: Mapping[str, list[str]]) -> dict[str, str]:
    names = [name for name in _members(parameters, "Tags") if name.endswith(".Key")]
    return {
        parameters[name][0]: parameters[f"{name.removesuffix('.Key')}.Value"][0] for name in names
    }


def _members(parameters: Mapping[str, list[str]], name: str) -> list[str]:
    return [each for each in parameters if each.startswith(f"{name}.member.")]


def _parameters(call: Call) -> Mapping[str, list[str]]:
    return {**call.query, **parse_qs(call.body.decode("utf-8", "replace"))}


@cache
def _keys() -> _Keys:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - see _Keys

    return _Keys(rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1()))


@cache
def _issuer() -> str:
    """Return the issuer's URL, at which it is served from now on as long as this process lives.
    AWS's has TLS and a name for each account."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _IssuerDocuments)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class _IssuerDocuments(BaseHTTPRequestHandler):
    """Discovery and public keys, in the form of AWS's own."""

    def do_GET(self) -> None:
        document = {
            "/.well-known/openid-configuration": _discovery,
            "/.well-known/jwks.json": _public_keys,
        }.get(self.path)
        body = json.dumps(document() if document else {}).encode()
        self.send_response(200 if document else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def _discovery() -> dict[str, Any]:
    return {
        "issuer": _issuer(),
        "jwks_uri": f"{_issuer()}/.well-known/jwks.json",
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(_KEY_IDS),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "jti", _CLAIMS_OF_AWS],
    }


def _public_keys() -> dict[str, Any]:
    """As AWS's, only the second names its algorithm."""
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm  # noqa: PLC0415 - see _Keys

    of_rsa = RSAAlgorithm.to_jwk(_keys().RS256.public_key(), as_dict=True)
    of_ec = ECAlgorithm.to_jwk(_keys().ES384.public_key(), as_dict=True)
    return {
        "keys": [
            {**_public(of_rsa), "kid": _KEY_IDS["RS256"], "use": "sig"},
            {**_public(of_ec), "kid": _KEY_IDS["ES384"], "use": "sig", "alg": "ES384"},
        ]
    }


def _public(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name != "key_ops"}


def _reply(namespace: str, action: str, **values: str) -> Reply:
    fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
    return _xml(
        200,
        f'<{action}Response xmlns="{namespace}"><{action}Result>{fields}</{action}Result>'
        f"</{action}Response>",
    )


def _error(namespace: str, status: int, code: str) -> Reply:
    message = "Outbound web identity federation is on, or off, for this account."
    return _xml(
        status,
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{message}</Message></Error></ErrorResponse>",
    )


def _xml(status: int, body: str) -> Reply:
    return status, {"Content-Type": "text/xml"}, body.encode()
