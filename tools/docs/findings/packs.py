"""Alone knows how rules that are not ours are asked about a stage, and what they find there."""

from __future__ import annotations

import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import aws_cdk as cdk
import cdk_nag
import jsii
from constructs import IConstruct

from tools.docs.access.assembly import Assembly
from tools.synthesis import Synthesis, synthesize

NAG_PACKS: Final = (
    cdk_nag.NIST80053R5Checks,
    cdk_nag.HIPAASecurityChecks,
    cdk_nag.PCIDSS321Checks,
)
# The package whose archive holds the rules; what its own validator says does not reach Python.
CONTROL_TOWER: Final = "cdklabs.cdk_validator_cfnguard._jsii"
# How a rule's file says which control it is, what that asks, and what resources it is about.
_CONTROL: Final = re.compile(r"\[(CT\.[\w.-]+)\]:? *(.+)")
_NAME: Final = re.compile(r"^# Rule (?:Identifier|Name):\s+#\s+(\w+)\s*$", re.MULTILINE)
_ABOUT: Final = re.compile(r"^# Reports on:\s*\n((?:#.*AWS::.*\n)+)", re.MULTILINE)


class Finding(NamedTuple):
    """A rule's finding: `rule` without its pack's name, `requirement` in the rule's words,
    `location` a construct."""

    stage: str
    pack: str
    rule: str
    requirement: str
    location: str


class Control(NamedTuple):
    """A proactive control of AWS Control Tower, as a rule in Guard."""

    id: str
    requirement: str
    name: str
    text: str
    types: frozenset[str]


def findings(synthesis: Synthesis) -> set[Finding]:
    """Return what every pack has against the stage."""
    locations = {resource.path: resource.location for resource in _assembly(synthesis).resources}
    return {
        *(finding for pack in NAG_PACKS for finding in _of_nag(pack(), synthesis, locations)),
        *_of_control_tower(synthesis),
    }


class Judged(NamedTuple):
    """What is found in all stages, and which controls were asked."""

    found: frozenset[Finding]
    asked: frozenset[Control]


def judged(stages: Iterable[str]) -> Judged:
    """Of stages that are synthesized for it."""
    of_all_stages: set[Finding] = set()
    controls_of_all: set[Control] = set()
    for stage in stages:
        with tempfile.TemporaryDirectory() as folder:
            made = synthesize(stage, Path(folder))
            of_all_stages |= findings(made)
            controls_of_all |= set(controls_for(made))
    return Judged(frozenset(of_all_stages), frozenset(controls_of_all))


def controls() -> list[Control]:
    """Return every control of Control Tower that the package brings, in order."""
    return sorted(_control(text) for text in _texts())


def controls_for(synthesis: Synthesis) -> list[Control]:
    """Return those about a type of resource that the stage has."""
    types = {resource.type for resource in _assembly(synthesis).resources}
    return [control for control in controls() if control.types & types]


def _of_nag(
    pack: cdk_nag.NagPack, synthesis: Synthesis, locations: Mapping[str, str]
) -> Iterator[Finding]:
    name = pack.read_pack_name
    for violation in pack.validate_scope(synthesis.tree).violations:
        for resource in violation.violating_resources:
            yield Finding(
                synthesis.stage,
                name,
                violation.rule_name.removeprefix(f"{name}-"),
                violation.description.partition(" - (Control ID")[0],
                locations[str(resource.construct_path)],
            )


def _of_control_tower(synthesis: Synthesis) -> Iterator[Finding]:
    by_name = {control.name: control for control in controls_for(synthesis)}
    plugin = cdk.CloudFormationValidatePlugin(
        include_default_rules=False,
        guard_rules=[
            cdk.ValidationRuleSource(name=control.id, content=control.text)
            for control in by_name.values()
        ],
    )
    locations = {
        (resource.stack, resource.id): resource.location
        for resource in _assembly(synthesis).resources
    }
    for violation in plugin.validate(_Templates(synthesis)).violations:
        control = by_name[violation.rule_name]
        for resource in violation.violating_resources:
            stack = Path(str(resource.template_path)).name.partition(".")[0]
            # A rule may speak of the template as a whole.
            location = locations.get(
                (stack, str(resource.resource_logical_id)), stack.rpartition("-")[2]
            )
            yield Finding(
                synthesis.stage, "Control Tower", control.id, control.requirement, location
            )


@jsii.implements(cdk.IPolicyValidationContext)
class _Templates:
    """What a validation is told of a stage, without a synthesis that would fail by it."""

    def __init__(self, synthesis: Synthesis) -> None:
        self._synthesis = synthesis

    @property
    def app_construct(self) -> IConstruct:
        return self._synthesis.tree

    @property
    def template_paths(self) -> list[str]:
        return [str(path) for path in sorted(self._synthesis.folder.glob("*.template.json"))]

    @property
    def stack_templates(self) -> list[cdk.PolicyValidationStack]:
        return [
            cdk.PolicyValidationStack(
                stack_construct_path=Path(path).name.partition(".")[0], template_path=path
            )
            for path in self.template_paths
        ]

    @property
    def account_id(self) -> None:
        return None

    @property
    def region(self) -> None:
        return None


def _texts() -> Iterator[str]:
    (archive,) = (path for path in files(CONTROL_TOWER).iterdir() if path.name.endswith(".tgz"))
    with tarfile.open(str(archive)) as packed:
        for member in packed.getmembers():
            content = packed.extractfile(member) if member.name.endswith(".guard") else None
            if content:
                yield content.read().decode()


def _control(text: str) -> Control:
    heading, name, about = _CONTROL.search(text), _NAME.search(text), _ABOUT.search(text)
    if not (heading and name and about):
        raise ValueError(f"a rule of {CONTROL_TOWER} without what it is about: {text[:200]}")
    types = frozenset(re.findall(r"AWS::[\w:]+", about[1]))
    return Control(heading[1], heading[2], name[1], text, types)


def _assembly(synthesis: Synthesis) -> Assembly:
    return Assembly(synthesis.folder, "us-east-1")
