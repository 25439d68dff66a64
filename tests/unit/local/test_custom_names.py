"""What a template names cannot be replaced under that name, as in AWS."""

import pytest
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local.embedded import application_profiles

REFUSAL = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
    "Rename ours and update the stack again."
)


@pytest.fixture(autouse=True)
def _our_types(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_RESOURCE_HANDLERS", "_REPLACING_PROPERTIES", "_CUSTOM_NAME_REPLACEMENT"):
        monkeypatch.setattr(provisioners, name, dict(getattr(provisioners, name)))
    application_profiles.add()


@pytest.mark.parametrize(
    ("resource_type", "name", "replaced_by"),
    [
        (application_profiles.TYPE, "InferenceProfileName", "ModelSource"),
        (application_profiles.TYPE, "InferenceProfileName", "Description"),
        ("AWS::IAM::Role", "RoleName", "Path"),
    ],
)
def test_a_resource_of_a_custom_name_is_not_replaced_under_it(
    resource_type: str, name: str, replaced_by: str
) -> None:
    old, new = ({name: "ours", replaced_by: value} for value in ("a", "b"))

    with pytest.raises(ValueError, match=f"^{REFUSAL}$"):
        provisioners._update_resource(resource_type, "ours", old, new, "a-stack")

    replacement_error = provisioners._custom_named_replacement_error
    assert replacement_error(resource_type, old, old) is None
    assert replacement_error(resource_type, old, {**new, name: "another"}) is None
