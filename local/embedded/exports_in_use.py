"""Exports that another stack imports: MiniStack lets an update drop or change one, AWS refuses it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ministack.services import cloudformation  # type: ignore[import-untyped]
from ministack.services.cloudformation import handlers, stacks  # type: ignore[import-untyped]

Exports = Mapping[str, Mapping[str, str]]
Outputs = tuple[list[dict[str, str]], Exports]
_DELETED: Final = "DELETE_COMPLETE"


def add() -> None:
    """Has every update's outputs checked before they take effect; a refusal rolls it back."""
    stacks._resolve_stack_outputs = _checked(stacks._resolve_stack_outputs)


def _checked(resolve: Callable[..., Outputs]) -> Callable[..., Outputs]:
    def resolve_and_check(*arguments: Any) -> Outputs:  # noqa: ANN401 - MiniStack's own
        outputs, exports = resolve(*arguments)
        *_, stack_name, _ = arguments
        check(stack_name, exports)
        return outputs, exports

    return resolve_and_check


def check(stack_name: str, exports: Exports) -> None:
    """Raise ValueError in CloudFormation's words where the stack exports something, by what it is
    now, that it would no longer export, or with another value, and that a stack imports."""
    before = dict(_exports_of(stack_name))
    for name, value in before.items():
        changed = "deleted" if name not in exports else "updated"
        if changed == "deleted" or exports[name]["Value"] != value:
            for importer in _importers(name, but=stack_name):
                raise ValueError(f"Export {name} cannot be {changed} as it is in use by {importer}")
    for name in before.keys() - exports.keys():
        cloudformation._exports.pop(name, None)


def _exports_of(stack_name: str) -> Iterator[tuple[str, str]]:
    for output in cloudformation._stacks[stack_name].get("Outputs", ()):
        if "ExportName" in output:
            yield output["ExportName"], output["OutputValue"]


def _importers(name: str, *, but: str) -> Iterator[str]:
    for stack_name, stack in cloudformation._stacks.items():
        if (
            stack_name != but
            and stack["StackStatus"] != _DELETED
            and name in handlers._imported_export_names(stack, stack_name)
        ):
            yield stack_name
