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
    """`rule` is without its pack's name, `asks` the rule's own words, `place` a construct."""

    stage: str
    pack: str
    rule: str
    asks: str
    place: str


class Control(NamedTuple):
    """A proactive control of AWS Control Tower, as a rule in Guard."""

    id: str
    asks: str
    name: str
    text: str
    types: frozenset[str]


def findings(synthesis: Synthesis) -> set[Finding]:
    """Return what every pack has against the stage."""
    places = {resource.path: resource.place for resource in _assembly(synthesis).resources}
    return {
        *(each for pack in NAG_PACKS for each in _of_nag(pack(), synthesis, places)),
        *_of_control_tower(synthesis),
    }


class Judged(NamedTuple):
    """What is found in all stages, and which controls were asked."""

    found: frozenset[Finding]
    asked: frozenset[Control]


def judged(stages: Iterable[str]) -> Judged:
    """Of stages that are synthesized for it."""
    found: set[Finding] = set()
    asked: set[Control] = set()
    for stage in stages:
        with tempfile.TemporaryDirectory() as folder:
            made = synthesize(stage, Path(folder))
            found |= findings(made)
            asked |= set(controls_for(made))
    return Judged(frozenset(found), frozenset(asked))


def controls() -> list[Control]:
    """Return every control of Control Tower that the package brings, in order."""
    return sorted(_control(text) for text in _texts())


def controls_for(synthesis: Synthesis) -> list[Control]:
    """Return those about a type of resource that the stage has."""
    types = {resource.type for resource in _assembly(synthesis).resources}
    return [control for control in controls() if control.types & types]


def _of_nag(
    pack: cdk_nag.NagPack, synthesis: Synthesis, places: Mapping[str, str]
) -> Iterator[Finding]:
    name = pack.read_pack_name
    for violation in pack.validate_scope(synthesis.tree).violations:
        for resource in violation.violating_resources:
            yield Finding(
                synthesis.stage,
                name,
                violation.rule_name.removeprefix(f"{name}-"),
                violation.description.partition(" - (Control ID")[0],
                places[str(resource.construct_path)],
            )


def _of_control_tower(synthesis: Synthesis) -> Iterator[Finding]:
    asked = {each.name: each for each in controls_for(synthesis)}
    plugin = cdk.CloudFormationValidatePlugin(
        include_default_rules=False,
        guard_rules=[
            cdk.ValidationRuleSource(name=each.id, content=each.text) for each in asked.values()
        ],
    )
    places = {(each.stack, each.id): each.place for each in _assembly(synthesis).resources}
    for violation in plugin.validate(_Templates(synthesis)).violations:
        control = asked[violation.rule_name]
        for resource in violation.violating_resources:
            stack = Path(str(resource.template_path)).name.partition(".")[0]
            # A rule may speak of the template as a whole.
            place = places.get((stack, str(resource.resource_logical_id)), stack.rpartition("-")[2])
            yield Finding(synthesis.stage, "Control Tower", control.id, control.asks, place)


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
    said, name, about = _CONTROL.search(text), _NAME.search(text), _ABOUT.search(text)
    if not (said and name and about):
        raise ValueError(f"a rule of {CONTROL_TOWER} without what it is about: {text[:200]}")
    types = frozenset(re.findall(r"AWS::[\w:]+", about[1]))
    return Control(said[1], said[2], name[1], text, types)


def _assembly(synthesis: Synthesis) -> Assembly:
    return Assembly(synthesis.folder, "us-east-1")
