"""The permissions that Bedrock's delivery and the verification need, and the faults that take them
away.

Bedrock writes records and large bodies into the bucket as itself, may write large bodies as the
delivery role, and has the key make a data key for each:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from claude_bedrock.logging_config.resource_policy import (
    ANYONE,
    Policy,
    Request,
    is_allowed,
    is_denied,
    possible_denials,
)
from claude_bedrock.retention.locations import EVIDENCE, RECORDS

_BEDROCK: Final = "bedrock.amazonaws.com"
_STREAM: Final = "aws/bedrock/modelinvocations"
_OVER_TLS: Final = {"aws:securetransport": "true", "s3:tlsversion": "1.2"}
_ABSENT_IN_SERVICES: Final = (
    *("aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principaltag"),
    *("aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "s3:if-none-match"),
)
"""Of a service that acts for itself there is no principal's ARN, account, organization or network:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""


class Delivery(NamedTuple):
    """`prefixes` are those under which Bedrock writes into the stage's own bucket; `role` and
    `verifier` the ARNs of the roles that write large bodies, and evidence. `role` is empty where
    another's delivers; `log_groups` is what the names of the stage's log groups begin with."""

    account: str
    region: str
    bucket: str
    key: str
    log_groups: str
    prefixes: tuple[str, ...]
    role: str
    verifier: str

    def bucket_faults(self, policy: Policy) -> Iterator[str]:
        """Say what is wrong with the policy of the stage's own bucket."""
        if not self._is_closed_without_tls(policy):
            yield "requests without TLS are not denied"
        if not is_denied(policy, self._overwriting()):
            yield f"{EVIDENCE}* can be overwritten: nothing denies a write without if-none-match"
        for request in self._deliveries():
            if not is_allowed(policy, request):
                yield f"Bedrock may not write {self._name(request)}"
        for request in self._writes():
            for name in possible_denials(policy, request):
                service = request.principal.rpartition("/")[2]
                yield f"{name} may deny {request.action} on {self._name(request)} to {service}"

    def key_faults(self, policy: Policy) -> Iterator[str]:
        """Say what is wrong with the policy of the key."""
        for request in self._encryptions():
            if not is_allowed(policy, request):
                yield f"{request.principal} may not use {request.action}"
            for name in possible_denials(policy, request):
                yield f"{name} may deny {request.action} to {request.principal}"

    def trust_faults(self, trust: Policy) -> Iterator[str]:
        """Say what is wrong with the policy that says who may assume the delivery role."""
        request = Request(_BEDROCK, "sts:AssumeRole", self.role, self._of_service(_BEDROCK))
        if not is_allowed(trust, request):
            yield "Bedrock may not assume it"
        for name in possible_denials(trust, request):
            yield f"{name} of its trust policy may deny sts:AssumeRole to Bedrock"

    def role_needs(self) -> Iterator[tuple[str, str]]:
        """Yield each action and resource that the delivery role has to be allowed."""
        logs = f"arn:aws:logs:{self.region}:{self.account}:log-group:{self.log_groups}invocations"
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            yield action, f"{logs}:log-stream:{_STREAM}"
        for prefix in self._large:
            yield "s3:PutObject", f"{self._arn}/{prefix}object"
        yield "kms:GenerateDataKey", self.key

    @property
    def _large(self) -> list[str]:
        """The prefixes of large bodies."""
        return [prefix for prefix in self.prefixes if not prefix.endswith(RECORDS)]

    @property
    def _arn(self) -> str:
        return f"arn:aws:s3:::{self.bucket}"

    def _name(self, request: Request) -> str:
        return request.resource.removeprefix(f"{self._arn}/")

    def _is_closed_without_tls(self, policy: Policy) -> bool:
        plain = {"aws:securetransport": "false"}
        requests = (
            *(("s3:GetObject", "/*"), ("s3:PutObject", "/*"), ("s3:DeleteObject", "/*")),
            ("s3:ListBucket", ""),
        )
        return all(
            is_denied(policy, Request(ANYONE, action, f"{self._arn}{path}", plain))
            for action, path in requests
        )

    def _overwriting(self) -> Request:
        context = {"s3:if-none-match": None}
        return Request(ANYONE, "s3:PutObject", f"{self._arn}/{EVIDENCE}*", context)

    def _deliveries(self) -> Iterator[Request]:
        for prefix in self.prefixes:
            context = self._of_service(_BEDROCK)
            yield Request(_BEDROCK, "s3:PutObject", f"{self._arn}/{prefix}*", context)

    def _writes(self) -> Iterator[Request]:
        yield from self._deliveries()
        for prefix in self._large if self.role else ():
            context = {**self._of_role(self.role), "s3:if-none-match": None}
            yield Request(self.role, "s3:PutObject", f"{self._arn}/{prefix}*", context)
        context = {**self._of_role(self.verifier), "s3:if-none-match": "*"}
        yield Request(self.verifier, "s3:PutObject", f"{self._arn}/{EVIDENCE}*", context)

    def _encryptions(self) -> Iterator[Request]:
        bedrock = self._of_service(_BEDROCK)
        yield Request(_BEDROCK, "kms:GenerateDataKey", self.key, bedrock)
        logs = f"logs.{self.region}.amazonaws.com"
        groups = f"arn:aws:logs:{self.region}:{self.account}:log-group:{self.log_groups}*"
        context = {**self._of_service(logs), "kms:encryptioncontext:aws:logs:arn": groups}
        for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"):
            yield Request(logs, action, self.key, context)

    def _of_service(self, name: str) -> Mapping[str, str | None]:
        return {
            **_OVER_TLS,
            **dict.fromkeys(_ABSENT_IN_SERVICES),
            "aws:principalisawsservice": "true",
            "aws:principalservicename": name,
            "aws:sourceaccount": self.account,
            "aws:sourcearn": f"arn:aws:bedrock:{self.region}:{self.account}:*",
        }

    def _of_role(self, arn: str) -> Mapping[str, str | None]:
        return {
            **_OVER_TLS,
            "aws:principalarn": arn,
            "aws:principalaccount": self.account,
            "aws:principalisawsservice": "false",
            "aws:principalservicename": None,
            "aws:sourceaccount": None,
            "aws:sourcearn": None,
        }
