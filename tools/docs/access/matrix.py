"""Alone knows how the questions are put to the simulator, and what its answers say of a cell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from local.process import find_node
from stacks.stage import Stage
from tools.docs.access.assembly import ACCOUNT, Assembly
from tools.docs.access.authorization import UNLISTED
from tools.docs.access.policy_test_cases import TRUST, Cell, Request, cells
from tools.docs.access.principals import (
    Document,
    Policy,
    Principal,
    principals,
    restricted_sessions,
)

ALLOWED: Final = "Allowed"
NOT_ALLOWED: Final = "ImplicitlyDenied"

_SIMULATE: Final = Path(__file__).with_name("simulate.mjs")
# A key that is nobody's here leaves everything to the policies of the account:
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
_LEFT_TO_IAM: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


class SimulatorError(RuntimeError):
    """The simulator does not take a policy or a request of ours; the text is its own."""


class Mutant(NamedTuple):
    """A policy in which `statement` has become `changed`, or is gone if that is None. `grows` says
    that the statement then matches more than before, not less."""

    name: str
    policy: str
    statement: Mapping[str, Any]
    changed: Mapping[str, Any] | None
    grows: bool


class Matrix(NamedTuple):
    """One stage's questions, and what each principal is told of each request.

    `unchecked` are the requests that the simulator judges, but whose ARN it does not know;
    `answered_without_bedrock` says why others cannot be put to it.
    """

    stage: Stage
    principals: Sequence[Principal]
    cells: Sequence[Cell]
    answers: Mapping[tuple[str, Request], str]
    unchecked: frozenset[Request]
    answered_without_bedrock: Mapping[Request, str]

    def outcome(self, principal: Principal, cell: Cell) -> tuple[tuple[str, str], ...]:
        """Return each part of the call, and the answer to it; empty if the cell cannot be asked."""
        if any(request in self.answered_without_bedrock for request in cell.requests):
            return ()
        return tuple(
            (request.part, self.answers[principal.name, request]) for request in cell.requests
        )

    def allows(self, principal: Principal, cell: Cell) -> bool:
        """Return whether the whole call is allowed."""
        parts = self.outcome(principal, cell)
        return bool(parts) and all(answer == ALLOWED for _, answer in parts)


class Inquiry:
    """Who there is in the templates of `stage` in `folder`, and what each of them is asked."""

    def __init__(
        self, stage: Stage, folder: Path, *, is_asked: Callable[[Cell], bool] = lambda _: True
    ) -> None:
        self.stage = stage
        self.assembly = Assembly(folder, stage.region)
        named = principals(self.assembly)
        self.principals = [*named, *restricted_sessions(named, stage)]
        self.cells = [cell for cell in cells(stage, self.assembly) if is_asked(cell)]
        self._requests = list(
            dict.fromkeys(request for cell in self.cells for request in cell.requests)
        )

    def matrix(self) -> Matrix:
        """Raises SimulatorError."""
        return self.judge([])[0]

    def judge(self, mutants: Sequence[Mutant]) -> tuple[Matrix, dict[str, str | None]]:
        """Return the matrix, and for each mutant by its name the first answer that it changes;
        None if it changes none. Raises SimulatorError."""
        table = _Policies(self.principals)
        own = _resource_policies(self.assembly)
        output = _run_script(
            {
                "policies": table.documents,
                "principals": [table.principal(principal) for principal in self.principals],
                "requests": [_written(request, own) for request in self._requests],
                "mutants": [table.mutant(mutant) for mutant in mutants],
            }
        )
        changes = {
            mutant.name: self._description_of(change) if change else None
            for mutant, change in zip(mutants, output["mutants"], strict=True)
        }
        return self._matrix(output), changes

    def _matrix(self, output: Mapping[str, Any]) -> Matrix:
        refusals = dict(zip(self._requests, output["requests"], strict=True))
        answers = {
            (principal.name, request): answer
            for principal, row in zip(self.principals, output["answers"], strict=True)
            for request, answer in zip(self._requests, row, strict=True)
        }
        return Matrix(
            self.stage,
            self.principals,
            self.cells,
            answers,
            frozenset(request for request, why in refusals.items() if why == _UNSAFE),
            {request: why for request, why in refusals.items() if why not in {None, _UNSAFE}},
        )

    def _description_of(self, change: tuple[int, int, str]) -> str:
        number, which, answer = change
        request = self._requests[which]
        return f"{self.principals[number].name}: {request.action} on {request.resource}: {answer}"


_UNSAFE: Final = "unsafe"


class _Policies:
    """Every policy once, by its number."""

    def __init__(self, holders: Sequence[Principal]) -> None:
        self._policies: list[Policy] = []
        for policy in (policy for holder in holders for policy in holder.policies):
            if policy not in self._policies:
                self._policies.append(policy)

    @property
    def documents(self) -> list[Document]:
        return [policy.document for policy in self._policies]

    def principal(self, principal: Principal) -> dict[str, Any]:
        held = {
            "boundary": principal.boundary,
            "control": principal.control,
            "session": principal.session,
        }
        return {
            "arn": principal.arn,
            "identity": [self._policies.index(policy) for policy in principal.identity],
            **{how: self._policies.index(policy) for how, policy in held.items() if policy},
        }

    def mutant(self, mutant: Mutant) -> dict[str, Any]:
        """Return every form of the policy that holds the statement, with the statement changed."""
        return {
            "statement": mutant.statement,
            "grows": mutant.grows,
            "documents": {
                number: _mutated(policy.document, mutant)
                for number, policy in enumerate(self._policies)
                if policy.name == mutant.policy and mutant.statement in policy.statements
            },
        }


def _mutated(document: Document, mutant: Mutant) -> Document:
    others = [statement for statement in document["Statement"] if statement != mutant.statement]
    return {**document, "Statement": others + ([mutant.changed] if mutant.changed else [])}


def _written(request: Request, resource_policies: Mapping[str, Document]) -> dict[str, Any]:
    own = [doc for arn, doc in resource_policies.items() if request.resource.startswith(arn)]
    if request.action.startswith("sts:") and request.part != TRUST:
        own = []
    if not own and request.resource.startswith("arn:aws:kms:"):
        own = [_LEFT_TO_IAM]
    return {
        "action": request.action,
        "resource": request.resource,
        "account": ACCOUNT,
        "context": dict(request.context),
        "unlisted": request.action in UNLISTED,
        **({"resourcePolicy": own[0]} if own else {}),
    }


def _resource_policies(assembly: Assembly) -> dict[str, Document]:
    """Return what the ARNs of a bucket's objects, or of a key or role, begin with -> the resource's
    own policy."""
    documents = {}
    for policy in assembly.of_type("AWS::S3::BucketPolicy"):
        bucket = assembly.resolve(policy.properties["Bucket"], policy.stack)
        document = assembly.resolve(policy.properties["PolicyDocument"], policy.stack)
        documents[f"arn:aws:s3:::{bucket}/"] = document
    for key in assembly.of_type("AWS::KMS::Key"):
        documents[assembly.arn(key)] = assembly.resolve(key.properties["KeyPolicy"], key.stack)
    for role in assembly.of_type("AWS::IAM::Role"):
        trust = assembly.resolve(role.properties["AssumeRolePolicyDocument"], role.stack)
        documents[assembly.arn(role)] = trust
    return documents


def _run_script(questions: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [find_node.find(), _SIMULATE],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SimulatorError(done.stderr)
    output: dict[str, Any] = json.loads(done.stdout)
    return output
