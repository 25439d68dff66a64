"""Alone knows what of a policy AWS does not know: actions, condition keys, ARNs of nothing.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from claude_bedrock.catalog import deny_policy
from claude_bedrock.catalog.inference_actions import UNLISTED_ACTIONS
from local.process import find_node
from tools.docs.access.assembly import Assembly

_SCRIPT: Final = Path(__file__).with_name("authorization.mjs")
# Where a global profile routes, Bedrock asks for the model without a Region; the reference has it
# with one: https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
_WITHOUT_REGION: Final = "arn:aws:bedrock:::foundation-model/"
_HOLDERS: Final = {
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::IAM::Policy": "PolicyDocument",
    "AWS::IAM::Role": "AssumeRolePolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
}

UNLISTED: Final = UNLISTED_ACTIONS.union(deny_policy.DATA_RETENTION_OVERRIDES)
"""Actions of new operations that the reference, as data of 2026-09-26, does not list yet; where
each comes from stands beside it in `claude_bedrock.catalog`. A test tells when one is
listed."""

Statement = Mapping[str, Any]


class Action(NamedTuple):
    """The ARNs of the resources that an action takes, and the condition keys that it knows."""

    arns: tuple[str, ...]
    keys: tuple[str, ...]


class Reference:
    """AWS's service authorization reference, of the services asked for."""

    def __init__(self, services: Iterable[str]) -> None:
        done = subprocess.run(
            [find_node.find(), _SCRIPT],
            input=json.dumps(sorted(set(services))),
            capture_output=True,
            text=True,
            check=True,
        )
        reference = json.loads(done.stdout)
        self._global = [_pattern(key) for key in reference["global"]]
        self._actions = {
            f"{service}:{name}".lower(): Action(
                tuple(type_["arn"] for type_ in action["types"]),
                (*action["keys"], *(key for type_ in action["types"] for key in type_["keys"])),
            )
            for service, actions in reference["services"].items()
            for name, action in (actions or {}).items()
        }

    def mistakes(self, statement: Statement) -> Iterator[str]:
        """Yield what AWS does not know of the statement, a sentence each."""
        named = members(statement.get("Action", statement.get("NotAction", [])))
        meant = [self._meant(name) for name in named]
        for action, matched in zip(named, meant, strict=True):
            if not matched and not fnmatch.filter(UNLISTED, action):
                yield f"{action} is no action"
        actions = [action for matched in meant for action in matched]
        yield from self._unknown_keys(statement, actions)
        if named != ["*"]:
            yield from _unfit(statement, named, meant)

    def listed(self, actions: Iterable[str]) -> set[str]:
        """Return those of `actions` that the reference has."""
        return {action for action in actions if action.lower() in self._actions}

    def example(self, action: str, region: str, account: str) -> str:
        """Return an ARN that the action takes; `*` where it takes none."""
        listed = self._actions.get(action.lower(), Action((), ()))
        names = {"Partition": "aws", "Region": region, "Account": account}
        forms = listed.arns[:1] or ("*",)
        return re.sub(r"\$\{(\w+)\}", lambda name: names.get(name[1], "a1b2c3d4e5f6"), forms[0])

    def _meant(self, pattern: str) -> list[Action]:
        return [
            action
            for name, action in self._actions.items()
            if fnmatch.fnmatchcase(name, pattern.lower())
        ]

    def _unknown_keys(self, statement: Statement, actions: list[Action]) -> Iterator[str]:
        known = [*self._global, *(_pattern(key) for action in actions for key in action.keys)]
        for keys in statement.get("Condition", {}).values():
            for key in keys:
                if not any(pattern.fullmatch(key) for pattern in known):
                    yield f"{key} is a condition key of none of its actions"


def services(statements: Iterable[Statement]) -> set[str]:
    """Return the services whose actions the statements name."""
    return {
        action.partition(":")[0].lower()
        for statement in statements
        for action in members(statement.get("Action", statement.get("NotAction", [])))
        if ":" in action
    }


def statements(assembly: Assembly) -> Iterator[tuple[str, Statement]]:
    """Yield each statement of each policy of the templates, with the place of its policy."""
    for resource in assembly.of_type(*_HOLDERS):
        documents = [resource.properties[_HOLDERS[resource.type]]]
        documents += [
            policy["PolicyDocument"] for policy in resource.properties.get("Policies", [])
        ]
        for document in assembly.resolve(documents, resource.stack):
            for statement in document["Statement"]:
                yield resource.path, statement


def _unfit(statement: Statement, named: list[str], meant: list[list[Action]]) -> Iterator[str]:
    """Resources that none of the actions takes, and actions that take none of the resources."""
    resources = members(statement.get("Resource", statement.get("NotResource", ["*"])))
    arns = [arn for arn in resources if arn != "*"]
    taken = [arn for matched in meant for action in matched for arn in action.arns]
    for arn in arns:
        if not any(_fits(arn, form) for form in taken):
            yield f"{arn} is a resource of none of its actions"
    if "*" in resources or "NotResource" in statement:
        return
    for action, matched in zip(named, meant, strict=True):
        forms = [form for action in matched for form in action.arns]
        if matched and not any(_fits(arn, form) for arn in arns for form in forms):
            yield f"{action} takes none of its resources"


def _fits(arn: str, form: str) -> bool:
    """Return whether a policy's ARN, in which `*` stands for anything, can be one of the form
    `arn:${Partition}:s3:::${BucketName}/${ObjectName}`."""
    if arn.startswith(_WITHOUT_REGION):
        arn = arn.replace(":::", ":*::", 1)
    parts, form_parts = arn.split(":", 5), form.split(":", 5)
    if len(parts) < len(form_parts):
        return False
    # Names hold slashes in many services, but no bucket's does.
    if form_parts[-1] == "${BucketName}" and "/" in parts[-1]:
        return False
    return all(
        bool(have) == bool(expected) and _meet(have, re.sub(r"\$\{\w+\}", "*", expected))
        for have, expected in zip(parts, form_parts, strict=True)
        if (have, expected) != ("*", "")
    )


def _meet(pattern: str, other: str) -> bool:
    """Return whether a text exists that both patterns match."""
    if not pattern or not other:
        return not (pattern + other).strip("*")
    if pattern[0] == "*":
        return _meet(pattern[1:], other) or _meet(pattern, other[1:])
    if other[0] == "*":
        return _meet(other, pattern)
    return pattern[0] == other[0] and _meet(pattern[1:], other[1:])


def _pattern(key: str) -> re.Pattern[str]:
    """Return a condition key, any case; `${TagKey}`, `<key>` and `tag-key` in it stand for
    anything."""
    parts = re.split(r"\$\{\w+\}|<\w+>|(?<=/)tag-key$", key)
    return re.compile(".+".join(re.escape(part) for part in parts), re.IGNORECASE)


def members(value: Any) -> list[str]:  # noqa: ANN401 - a policy's element is one or a list
    """Return the members of an element of a policy."""
    return list(value) if isinstance(value, list) else [value]
