"""Rewrites a cdk.json, or a file of stage blocks, whose keys stand in no groups yet.

python -m tools.migrate_stages cdk.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stacks.stage.renamed import rewrite

_INSIDE_A_BLOCK: Final = 8
"""How far a group of a stage's block is indented in cdk.json."""
_LINE: Final = 90


def migrate(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content with every stage block in the new form. A file without `context.stages`
    is a map of blocks."""
    stages = content.get("context", {}).get("stages")
    if stages is None:
        return {name: rewrite(block) for name, block in content.items()}
    blocks = {name: rewrite(block) for name, block in stages.items()}
    return {**content, "context": {**content["context"], "stages": blocks}}


def to_text(value: object, indent: int = 0) -> str:
    """Return the value as JSON: what is inside a stage's block stands on one line where there is
    room for it, everything around it line by line."""
    line = json.dumps(value, ensure_ascii=False)
    has_room = indent >= _INSIDE_A_BLOCK and indent + len(line) <= _LINE
    if has_room or not value or not isinstance(value, dict | list):
        return line
    pad, end = " " * (indent + 2), " " * indent
    if isinstance(value, list):
        items = [pad + to_text(item, indent + 2) for item in value]
        return "[\n" + ",\n".join(items) + f"\n{end}]"
    members = [f"{pad}{json.dumps(k)}: {to_text(v, indent + 2)}" for k, v in value.items()]
    return "{\n" + ",\n".join(members) + f"\n{end}}}"


def main(arguments: list[str]) -> int:
    """Rewrite the files that are named, and say what was done. Returns an exit code."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    for file in map(Path, arguments):
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            migrated = migrate(content)
        except (OSError, ValueError, AttributeError, TypeError) as error:
            print(f"{file} is no file of stages: {error}", file=sys.stderr)
            return 1
        if migrated == content:
            print(f"{file} is in the new form already.")
            continue
        file.write_text(to_text(migrated) + "\n", encoding="utf-8")
        print(f"{file} is rewritten. Look at it with `git diff`, then run `cdk synth -c stage=…`.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
