"""The stages' blocks in the `cdk.json` of the folder that a command runs in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from claude_bedrock.cli.shared.errors import CliError

CDK_JSON: Final = Path("cdk.json")


class CdkJsonError(CliError):
    """The file is there and cannot be read; the text says where and why."""


def block_of(file: Path, stage: str) -> Mapping[str, Any] | None:
    """Return the stage's block as it is written; None where there is no such file, or no such
    stage in it.

    Raises CdkJsonError."""
    block = _stages(file).get(stage)
    return block if isinstance(block, Mapping) else None


def stages_in(file: Path) -> tuple[str, ...]:
    """Return the names of the stages in the file; none where there is no such file. Raises
    CdkJsonError."""
    return tuple(_stages(file))


def _stages(file: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CdkJsonError(f"{file} cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise CdkJsonError(
            f"{file} is not JSON: line {error.lineno} column {error.colno}: {error.msg}"
        ) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise CdkJsonError(f"{file} is not JSON: {type(error).__name__}") from error
    try:
        stages = content["context"]["stages"]
    except (KeyError, TypeError):  # another project's
        return {}
    return stages if isinstance(stages, Mapping) else {}


def region_of(stage: str) -> str | None:
    """Return the Region that the stage's block in the `cdk.json` here names. Raises
    CdkJsonError."""
    region = (block_of(CDK_JSON, stage) or {}).get("region")
    return region if isinstance(region, str) else None


def value_at(block: Mapping[str, Any], path: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON
    """Return the value of a key, by its path: `logging.existing_logging`. The default is for a
    block that does not have it, or has something else where its group should be."""
    value: Any = block
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return default
        value = value[name]
    return value
