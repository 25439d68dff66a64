"""Compare two syntheses of a stage, templates and access matrix, and print Markdown for a review.

    python -m tools.compare_stages BEFORE AFTER [--limit CHARACTERS]

Both folders are cloud assemblies of one stage, with `access.json` in them, which
`python -m tools.docs.access STAGE FOLDER` prints. Where BEFORE is missing, all of AFTER is new.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tools.compare_templates import Difference, compare_folders
from tools.docs.access.page import Row, merged

ACCESS: Final = "access.json"
ALLOWED: Final = "Allowed"
LIMIT: Final = 60_000
"""GitHub takes comments of 65,536 characters."""

_KINDS: Final = {
    "upgrade": "What an update replaces or refuses",
    "other": "Other differences of templates",
    "name": "Names and texts, which change nothing that a deployment does",
}
_UNASKED: Final = "not asked"

Answers = Mapping[str, Mapping[tuple[str, ...], str]]


class Assembly(NamedTuple):
    """What is read of a cloud assembly: the key of each function's code by its stack and logical
    id, and the access matrix, None where there is no file."""

    code: Mapping[str, str]
    access: Answers | None


def report(before: Path, after: Path) -> str:
    """Return the comparison as Markdown."""
    differences = compare_folders(before, after, {})
    old, new = read_assembly(before), read_assembly(after)
    parts = [
        *([] if before.is_dir() else [f"There is no folder `{before}`: all of it is new.\n"]),
        *_templates(differences, "upgrade"),
        *_access(old.access, new.access),
        *_templates(differences, "other"),
        *_code(old.code, new.code),
        *_templates(differences, "name", folded=True),
    ]
    return "\n".join(parts)


def read_assembly(folder: Path) -> Assembly:
    """Return what is compared beside the templates."""
    code = {}
    for path in sorted(folder.glob("*.template.json")):
        for name, body in json.loads(path.read_text())["Resources"].items():
            if body["Type"] == "AWS::Lambda::Function":
                key = json.dumps(body["Properties"]["Code"])
                code[f"{path.name.removesuffix('.template.json')}: {name}"] = key
    file = folder / ACCESS
    if not file.is_file():
        return Assembly(code, None)
    access: dict[str, list[list[str]]] = json.loads(file.read_text())
    cells = {
        principal: {tuple(cell[:-1]): cell[-1] for cell in asked}
        for principal, asked in access.items()
    }
    return Assembly(code, cells)


def _templates(
    differences: Counter[Difference], kind: str, *, folded: bool = False
) -> Iterator[str]:
    lines = sorted(difference.text for difference in differences if difference.kind == kind)
    title = f"{_KINDS[kind]}: {len(lines) or 'none'}"
    if not folded or not lines:
        yield f"### {title}\n"
        yield from [_fenced(lines)] if lines else []
        return
    yield f"<details><summary>{title}</summary>\n\n{_fenced(lines)}\n</details>\n"


def _code(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    changed = [name for name in after if name in before and before[name] != after[name]]
    yield f"### Functions with other code: {len(changed) or 'none'}\n"
    yield from [_fenced(changed)] if changed else []


def _access(before: Answers | None, after: Answers | None) -> Iterator[str]:
    if after is None:
        yield f"### Who may do what: cannot tell, since {ACCESS} is missing\n"
        return
    rows = {name: changed_rows(name, before or {}, after) for name in {**(before or {}), **after}}
    changed = {name: found for name, found in sorted(rows.items()) if found}
    yield f"### Principals who may do something else: {len(changed) or 'none'}\n"
    if before is None:
        yield f"There is no {ACCESS} of before: each permission counts as new.\n"
    for name, found in changed.items():
        lines = [
            f"{' + '.join(row.actions)} | on {', '.join(row.subjects) or 'any'} | "
            f"{'; '.join(way for way in row.ways if way) or '-'} | {', '.join(row.regions)} | "
            f"{row.outcome}"
            for row in found
        ]
        yield _fenced([f"{name}:", *(f"  {line}" for line in lines)])


def changed_rows(principal: str, before: Answers, after: Answers) -> list[Row]:
    """Return what the principal may do otherwise than before. A question that is asked on one side
    only counts where its answer is that it is allowed."""
    old, new = before.get(principal, {}), after.get(principal, {})
    rows = []
    for cell in {**old, **new}:
        was, becomes = old.get(cell, _UNASKED), new.get(cell, _UNASKED)
        if was == becomes or (_UNASKED in {was, becomes} and ALLOWED not in {was, becomes}):
            continue
        action, subject, way, region = cell
        rows.append(Row((action,), (way,), (region,), (subject,), f"{was} -> {becomes}"))
    return merged(rows)


def _fenced(lines: Iterable[str]) -> str:
    """Return the lines in a fence that none of them can close."""
    text = "\n".join(lines)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"


def shortened(text: str, limit: int) -> str:
    """Return the text, cut behind a line and closed where it is longer than `limit`."""
    if len(text) <= limit:
        return text
    head = text[:limit].rpartition("\n")[0]
    fences = re.findall(r"^(`{3,})", head, re.MULTILINE)
    closing = f"\n{fences[-1]}" if len(fences) % 2 else ""
    details = "\n</details>" if head.count("<details>") > head.count("</details>") else ""
    return f"{head}{closing}{details}\n\nCut here: {len(text) - len(head)} characters more.\n"


def main(arguments: Sequence[str]) -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m tools.compare_stages", description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--limit", type=int, default=LIMIT, metavar="CHARACTERS")
    options = parser.parse_args(arguments)
    if not list(options.after.glob("*.template.json")):
        parser.error(f"{options.after} has no templates: synthesize into it first")
    sys.stdout.write(shortened(report(options.before, options.after), options.limit))


if __name__ == "__main__":
    main(sys.argv[1:])
