"""What STS refuses of an AssumeRole and MiniStack lets pass: names, tags, durations, and a source
identity that the role's trust policy does not let be set.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack.core import iam_evaluator  # type: ignore[import-untyped]
from ministack.core.responses import get_account_id, get_region  # type: ignore[import-untyped]
from ministack.core.router import extract_access_key_id  # type: ignore[import-untyped]
from ministack.services import iam  # type: ignore[import-untyped]

from local.embedded.reply import Call, Reply, Service

_NAMES: Final = {"RoleSessionName": "roleSessionName", "SourceIdentity": "sourceIdentity"}
_NAME: Final = re.compile(r"[\w+=,.@-]*", re.ASCII)
_NAME_LENGTHS: Final = (2, 64)
_MOST_TAGS: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_TAG_PATTERN: Final = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
_TAG_CHARACTERS: Final = "_.:/=+-@"
_TAG_CATEGORIES: Final = ("L", "Z", "N")
_SHORTEST: Final = 900  # seconds
_LONGEST: Final = 43_200
_DEFAULT: Final = 3_600
_CHAINED: Final = 3_600

Parameters = Mapping[str, str]


def before(service: Service) -> Service:
    """Return STS, which refuses what AWS's does."""

    async def handle(call: Call) -> Reply:
        parameters = {name: values[0] for name, values in call.query.items()}
        text = call.body.decode("utf-8", "replace")
        parameters |= {name: values[0] for name, values in parse_qs(text).items()}
        if parameters.get("Action") == "AssumeRole":
            if fault := next(_faults(parameters), ""):
                return _refused("ValidationError", fault, 400)
            if denial := _denial(call, parameters):
                return denial
        return await service(call)

    return handle


def _faults(parameters: Parameters) -> Iterator[str]:
    for name, member in _NAMES.items():
        if name in parameters or name == "RoleSessionName":
            yield from _name_faults(member, parameters.get(name, ""))
    tags = list(_tags(parameters))
    if len(tags) > _MOST_TAGS:
        yield _fault(
            "tags", f"[{len(tags)} tags]", f"have length less than or equal to {_MOST_TAGS}"
        )
    for number, (key, value) in enumerate(tags, start=1):
        yield from _tag_faults(f"tags.{number}.member.key", key, 1, _LONGEST_KEY)
        yield from _tag_faults(f"tags.{number}.member.value", value, 0, _LONGEST_VALUE)


def _name_faults(member: str, value: str) -> Iterator[str]:
    least, most = _NAME_LENGTHS
    if len(value) < least:
        yield _fault(member, value, f"have length greater than or equal to {least}")
    if len(value) > most:
        yield _fault(member, value, f"have length less than or equal to {most}")
    if not _NAME.fullmatch(value):
        yield _fault(member, value, r"satisfy regular expression pattern: [\w+=,.@-]*")


def _tags(parameters: Parameters) -> Iterator[tuple[str, str]]:
    number = 1
    while (key := parameters.get(f"Tags.member.{number}.Key")) is not None:
        yield key, parameters.get(f"Tags.member.{number}.Value", "")
        number += 1


def _tag_faults(member: str, value: str, least: int, most: int) -> Iterator[str]:
    if not least <= len(value) <= most:
        yield _fault(member, value, f"have length between {least} and {most}")
    if not all(_may_be_in_a_tag(character) for character in value):
        yield _fault(member, value, f"satisfy regular expression pattern: {_TAG_PATTERN}*")


def _may_be_in_a_tag(character: str) -> bool:
    return character in _TAG_CHARACTERS or unicodedata.category(character)[0] in _TAG_CATEGORIES


def _fault(member: str, value: str, rule: str) -> str:
    return (
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: Member must {rule}"
    )


def _denial(call: Call, parameters: Parameters) -> Reply | None:
    """Return the refusal of a duration, or of a source identity; None for neither, and for a role
    that is not there, which MiniStack refuses."""
    arn = parameters.get("RoleArn", "")
    role = iam._roles.get(arn.rpartition("/")[2])
    key_id = extract_access_key_id(call.headers, call.query)
    caller = iam_evaluator.resolve_credential(key_id or "", get_account_id())
    if role is None or isinstance(caller, iam_evaluator.CredentialResolutionError):
        return None
    longest = int(role.get("MaxSessionDuration") or _DEFAULT)
    is_chained = caller.principal_type == "AssumedRole"
    if fault := _duration_fault(parameters.get("DurationSeconds"), longest, is_chained=is_chained):
        return _refused("ValidationError", fault, 400)
    if "SourceIdentity" in parameters and not _may_set(role, arn, caller, parameters):
        message = (
            f"User: {caller.principal_arn} is not authorized to perform: sts:SetSourceIdentity "
            f"on resource: {arn}"
        )
        return _refused("AccessDenied", message, 403)
    return None


def _duration_fault(text: str | None, longest: int, *, is_chained: bool) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining"""
    seconds = int(text) if text and text.isdigit() else _DEFAULT
    if not _SHORTEST <= seconds <= _LONGEST:
        return _fault("durationSeconds", str(seconds), f"be between {_SHORTEST} and {_LONGEST}")
    if is_chained and seconds > _CHAINED:
        return (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining."
        )
    if seconds > longest:
        return "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    return ""


def _may_set(
    role: Mapping[str, str],
    arn: str,
    caller: iam_evaluator.ResolvedCredential,
    parameters: Parameters,
) -> bool:
    context = iam_evaluator.EvalContext(
        principal_arn=caller.principal_arn,
        principal_type=caller.principal_type,
        principal_account=caller.account_id,
        action="sts:SetSourceIdentity",
        resource_arn=arn,
        region=get_region(),
        service_context={"sts:sourceidentity": parameters["SourceIdentity"]},
        principal_keys=iam_evaluator._principal_keys(caller),
    )
    policy = role.get("AssumeRolePolicyDocument", "{}")
    return bool(iam_evaluator.evaluate_trust_policy(policy, caller.principal_arn, context))


def _refused(code: str, message: str, status: int) -> Reply:
    """Return an error as the Query protocol carries it."""
    error = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
    schema = "https://sts.amazonaws.com/doc/2011-06-15/"
    body = f'<ErrorResponse xmlns="{schema}"><Error>{error}</Error></ErrorResponse>'
    return status, {"Content-Type": "text/xml"}, body.encode()
