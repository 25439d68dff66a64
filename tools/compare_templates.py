"""Compare two folders of synthesized templates, apart from names, texts, Sids and code hashes.

    python tools/compare_templates.py BEFORE AFTER [--renamed OLD=NEW ...]

Both folders hold `*.template.json` files in the same subfolders. Prints each kind of difference
once, with the number of templates that have it, in three groups: names and texts, which change
nothing that a deployment does; what an update of a deployed stage would replace or refuse; and
everything else. Exits with 1 where there is anything in the last two.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

TEXTS: Final = {"Description", "AlarmDescription"}
IGNORED: Final = {"Sid", "aws:cdk:path", "aws:asset:path"}
UNORDERED: Final = {"Statement", "DependsOn"}
# To replace one of these loses what it holds, or an id or name that others have written down.
STATEFUL: Final = {
    *("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::SNS::Topic"),
    *("AWS::ApiGateway::RestApi", "AWS::ApiGateway::ApiKey", "AWS::ApiGateway::UsagePlan"),
    *(
        "AWS::Glue::Database",
        "AWS::Glue::Table",
        "AWS::Athena::WorkGroup",
        "AWS::CloudTrail::Trail",
    ),
    "AWS::Bedrock::ApplicationInferenceProfile",
}
_HASH: Final = re.compile(r"\b[0-9a-f]{64}\b")

Json = Any
Template = Mapping[str, Json]


class Difference(NamedTuple):
    """One thing that differs; `kind` is `name`, `upgrade` or `other`."""

    kind: str
    text: str


def compare(before: Template, after: Template) -> Iterator[Difference]:
    """Yield what differs between two versions of one stack's template."""
    old, new = before["Resources"], after["Resources"]
    renamed = _renamed(old, new)
    for name, new_name in renamed.items():
        yield Difference("name", f"logical id {name} -> {new_name}")
        if _is_stateful(old[name]):
            yield Difference("upgrade", f"{old[name]['Type']} {name} is replaced by {new_name}")
    yield from _moved_service_tokens(old, new)
    yield from _lost_exports(before, after)
    yield from _endpoint_types(old, new)
    translated = _translate(before, renamed)
    outputs = _renamed_outputs(translated.get("Outputs", {}), after.get("Outputs", {}))
    for name, new_name in outputs.items():
        yield Difference("name", f"output {name} -> {new_name}")
    translated = _translate(translated, outputs)
    for section in sorted({*before, *after}):
        yield from _differences(
            _canonical(translated.get(section)), _canonical(after.get(section)), section
        )


def _renamed(old: Template, new: Template) -> dict[str, str]:
    """Pair resources whose logical id is in one template only: same type, and same properties."""
    removed = [name for name in old if name not in new or new[name]["Type"] != old[name]["Type"]]
    come = [name for name in new if name not in old or new[name]["Type"] != old[name]["Type"]]
    unmatched = {name: old[name]["Type"] for name in removed} | {n: new[n]["Type"] for n in come}
    shapes: dict[str, list[str]] = {}
    for name in come:
        shapes.setdefault(_shape(new[name], unmatched), []).append(name)
    pairs = {}
    for name in removed:
        candidates = shapes.get(_shape(old[name], unmatched), [])
        if candidates:
            pairs[name] = candidates.pop(0)
    return pairs


def _shape(resource: Template, unmatched: Mapping[str, str]) -> str:
    """Return the resource as text, with types for the ids that are not matched yet."""
    text = json.dumps(_canonical({**resource, "Metadata": None}, texts=False), sort_keys=True)
    for name in sorted(unmatched, key=len, reverse=True):
        text = re.sub(rf"{name}(?![A-Za-z0-9])", unmatched[name], text)
    return text


def _renamed_outputs(old: Template, new: Template) -> dict[str, str]:
    """Pair outputs of one value whose id is in one template only."""
    come = {json.dumps(new[name]["Value"]): name for name in new if name not in old}
    values = {name: json.dumps(old[name]["Value"]) for name in old if name not in new}
    return {name: come[value] for name, value in values.items() if value in come}


def _translate(template: Template, renamed: Mapping[str, str]) -> Template:
    text = json.dumps(template)
    for name in sorted(renamed, key=len, reverse=True):
        text = re.sub(rf"{name}(?![A-Za-z0-9])", renamed[name], text)
    translated: Template = json.loads(text)
    return translated


def _is_stateful(resource: Template) -> bool:
    named_role = resource["Type"] == "AWS::IAM::Role" and "RoleName" in resource["Properties"]
    return named_role or resource["Type"] in STATEFUL or resource["Type"].startswith("Custom::")


def _moved_service_tokens(old: Template, new: Template) -> Iterator[Difference]:
    """For these, CloudFormation answers "Modifying service token is not allowed"."""
    for name in old:
        if old[name]["Type"].startswith("Custom::") and name in new:
            token = old[name]["Properties"]["ServiceToken"]
            if token != new[name]["Properties"]["ServiceToken"]:
                yield Difference("upgrade", f"{name} has another function behind it: {token}")


def _lost_exports(before: Template, after: Template) -> Iterator[Difference]:
    """CloudFormation deletes or changes no export that another stack imports."""
    old, new = _exports(before), _exports(after)
    for name, value in old.items():
        if new.get(name) != value:
            yield Difference("upgrade", f"export {name} is gone or has another value")


def _endpoint_types(old: Template, new: Template) -> Iterator[Difference]:
    """API Gateway changes no endpoint type while the access mode is STRICT:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html"""
    for name, resource in old.items():
        if resource["Type"] == "AWS::ApiGateway::RestApi" and name in new:
            before, after = (each.get("Properties", {}) for each in (resource, new[name]))
            types = [each.get("EndpointConfiguration", {}).get("Types") for each in (before, after)]
            if before.get("EndpointAccessMode") == "STRICT" and types[0] != types[1]:
                yield Difference(
                    "upgrade",
                    f"{name} changes its endpoint type, which API Gateway refuses while its "
                    "endpoint access mode is STRICT: docs/networks.md, A private endpoint",
                )


def _exports(template: Template) -> dict[str, Json]:
    outputs = template.get("Outputs", {}).values()
    return {str(out["Export"]["Name"]): out["Value"] for out in outputs if "Export" in out}


def _canonical(value: Json, *, key: str = "", texts: bool = True) -> Json:
    """Return it without Sids and paths, hashes blanked, and unordered lists in one order."""
    if isinstance(value, dict):
        members = {name: each for name, each in value.items() if name not in IGNORED}
        return {
            name: _canonical(member, key=name, texts=texts)
            for name, member in members.items()
            if texts or name not in TEXTS
        }
    if isinstance(value, list):
        items = [_canonical(item, texts=texts) for item in value]
        return sorted(items, key=json.dumps) if key in UNORDERED else items
    return _HASH.sub("HASH", value) if isinstance(value, str) else value


def _differences(old: Json, new: Json, path: str) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}, key=str):
            yield from _differences(old.get(name), new.get(name), f"{path}.{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _differences(left, right, f"{path}[{number}]")
    elif old != new:
        kind = "name" if path.rpartition(".")[2] in TEXTS else "other"
        yield Difference(kind, f"{path}: {_short(old)} -> {_short(new)}")


def _short(value: Json) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:197]}..."


def compare_folders(before: Path, after: Path, names: Mapping[str, str]) -> Counter[Difference]:
    """Count each difference of the templates in both folders; `names` are old -> new words."""
    differences: Counter[Difference] = Counter()
    old, new = _templates(before), _templates(after)
    for name in sorted({*old} ^ {*new}):
        differences[Difference("other", f"{name} is in one folder only")] += 1
    for name in sorted({*old} & {*new}):
        text = old[name].read_text()
        for word, replacement in names.items():
            text = text.replace(word, replacement)
        stack = re.sub(r"^claude-on-bedrock-[a-z0-9]+-", "", Path(name).name).partition(".")[0]
        for kind, what in set(compare(json.loads(text), json.loads(new[name].read_text()))):
            differences[Difference(kind, f"{stack}: {what}")] += 1
    return differences


def _templates(folder: Path) -> dict[str, Path]:
    return {str(path.relative_to(folder)): path for path in folder.rglob("*.template.json")}


def main(arguments: Sequence[str]) -> int:
    """Print the comparison; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--renamed", action="append", default=[], metavar="OLD=NEW")
    options = parser.parse_args(arguments)
    names = dict(pair.split("=", 1) for pair in options.renamed)
    differences = compare_folders(options.before, options.after, names)
    titles = {"name": "Names and texts", "upgrade": "What an update replaces or refuses"}
    for kind in ("name", "upgrade", "other"):
        rows = sorted(difference.text for difference in differences if difference.kind == kind)
        print(f"{titles.get(kind, 'Other differences')}: {len(rows) or 'none'}")
        for row in rows:
            print(f"  {row} ({differences[Difference(kind, row)]} templates)")
    return 1 if any(difference.kind != "name" for difference in differences) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
