"""Whatever others, failures and our own deployments do, no configuration of another is lost."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from claude_bedrock.logging_config.configuration import desired, extended, lacking, same
from invocation_logging.lifecycle import Change, Done, ForeignConfiguration, apply, restore
from tests.unit.invocation_logging.conftest import PROPERTIES, REGION, THEIR_ROLE

Configuration = dict[str, Any]
Properties = dict[str, str]
FLAGS: Final = ("text", "image", "embedding", "video", "audio")
ALL_ON: Final = {f"{kind}DataDeliveryEnabled": True for kind in FLAGS}
CONFIGURATIONS_OF_OTHERS: Final[list[Configuration]] = [
    {"s3Config": {"bucketName": "theirs", "keyPrefix": "p"}, "imageDataDeliveryEnabled": False},
    {"s3Config": {"bucketName": "theirs", "keyPrefix": "p"}, **ALL_ON},
    {
        "cloudWatchConfig": {"logGroupName": "/theirs", "roleArn": THEIR_ROLE},
        "textDataDeliveryEnabled": False,
    },
    {
        "cloudWatchConfig": {"logGroupName": "/theirs", "roleArn": THEIR_ROLE},
        "s3Config": {"bucketName": "theirs"},
        **ALL_ON,
    },
]
MODES: Final = ("fail", "adopt", "extend", "replace")
GROUPS: Final = ("invocations", "renamed")
BEFORE, AFTER = "before it took effect", "after it took effect"


class Failed(Exception):
    """A call of which nobody knows whether it took effect."""


class Failing:
    """Counts the calls of one change, and lets one of them fail."""

    def __init__(self) -> None:
        self.calls = 0
        self.fault: tuple[int, str] | None = None

    def arm(self, fault: tuple[int, str] | None) -> None:
        self.calls, self.fault = 0, fault

    def __call__(self, act: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever `act` gives
        self.calls += 1
        number, moment = self.fault or (0, "")
        if number == self.calls and moment == BEFORE:
            raise Failed
        answer = act()
        if number == self.calls:
            raise Failed
        return answer


class Cell:
    """One remembered configuration: Bedrock's, or the parameter."""

    name = "parameter"

    def __init__(self, failing: Failing) -> None:
        self.content: Configuration | None = None
        self.puts: list[Configuration] = []
        self.deletes = 0
        self.unusable: list[Configuration] = []
        self._failing = failing

    def get(self) -> Configuration | None:
        result: Configuration | None = self._failing(lambda: copy.deepcopy(self.content))
        return result

    def put(self, configuration: Configuration) -> None:
        self._failing(lambda: self._put(configuration))

    def put_back(self, configuration: Configuration) -> bool:
        if configuration in self.unusable:
            return False
        self.put(configuration)
        return True

    def delete(self) -> None:
        self._failing(self._delete)

    def _put(self, configuration: Configuration) -> None:
        self.puts.append(configuration)
        self.content = copy.deepcopy(configuration)

    def _delete(self) -> None:
        self.deletes += 1
        self.content = None


class Owners:
    """Who keeps `days` days whatever a stage of ours has written to their places."""

    def __init__(self, days: int = 365) -> None:
        self.days = days
        self.judged: list[Configuration] = []

    def shortfalls(self, configuration: Mapping[str, Any], days: int) -> list[str]:
        self.judged.append(dict(configuration))
        return [f"/theirs: {self.days} days of age"] if self.days < days else []


def properties(
    mode: str = "fail",
    group: str = "invocations",
    role: str | None = THEIR_ROLE,
    days: int = 30,
) -> Properties:
    """As CloudFormation sends them."""
    made = PROPERTIES | {"ExistingLogging": mode, "LogGroupName": f"/claude-on-bedrock/dev/{group}"}
    retention = {"RetentionDays": str(days)} if mode in ("adopt", "extend") else {}
    return made | retention | ({"ExistingRoleArn": role} if role else {})


FAULTS = st.none() | st.tuples(st.integers(1, 5), st.sampled_from([BEFORE, AFTER]))


class Singleton(RuleBasedStateMachine):
    """A Region, its other teams and one stack of ours that CloudFormation deploys.

    `of_another` is what another team set last and has not ended: as long as it is not None, it
    must be either what Bedrock holds to or what is saved."""

    def __init__(self) -> None:
        super().__init__()
        self.failing = Failing()
        self.bedrock, self.saved = Cell(self.failing), Cell(self.failing)
        self.owners = Owners()
        self.of_another: Configuration | None = None
        self.stack: dict[str, str] | None = None

    @initialize(existing=st.none() | st.sampled_from(CONFIGURATIONS_OF_OTHERS))
    def begins(self, existing: Configuration | None) -> None:
        self.bedrock.content = self.of_another = copy.deepcopy(existing)

    @rule(existing=st.sampled_from(CONFIGURATIONS_OF_OTHERS))
    def another_team_sets_logging(self, existing: Configuration) -> None:
        self.bedrock.content = self.of_another = copy.deepcopy(existing)

    @rule(days=st.sampled_from([14, 365]))
    def another_team_sets_retention(self, days: int) -> None:
        self.owners.days = days

    @rule()
    def another_team_ends_logging(self) -> None:
        self.bedrock.content = self.of_another = None

    @precondition(lambda self: self.stack is None)
    @rule(mode=st.sampled_from(MODES), group=st.sampled_from(GROUPS), fault=FAULTS)
    def create(self, mode: str, group: str, fault: tuple[int, str] | None) -> None:
        request = properties(mode, group)
        self.stack = request
        if not self._carried_out("Create", request, None, fault):
            self.delete(fault=None)

    @precondition(lambda self: self.stack is not None)
    @rule(mode=st.sampled_from(MODES), group=st.sampled_from(GROUPS), fault=FAULTS)
    def update(self, mode: str, group: str, fault: tuple[int, str] | None) -> None:
        request, old = properties(mode, group), self.stack
        if self._carried_out("Update", request, old, fault):
            self.stack = request
            return
        # CloudFormation rolls back; where that is refused, people let it go on without.
        self._carried_out("Update", old, request, None)

    @precondition(lambda self: self.stack is not None)
    @rule(fault=FAULTS)
    def restored_by_the_drift_detector(self, fault: tuple[int, str] | None) -> None:
        request, there = self.stack or {}, copy.deepcopy(self.bedrock.content)
        self.failing.arm(fault)
        try:
            change = Change("Update", request, None, REGION)
            done = restore(change, self.bedrock, self.saved, self.owners)
        except ForeignConfiguration:
            assert self.bedrock.content in (there, self.of_another), "refused, and not redirected"
        except Failed:
            pass
        else:
            assert same(done.configuration or {}, self.bedrock.content or {})
            assert same(self.bedrock.content or {}, desired(request))
        finally:
            self.failing.arm(None)
            if there is None and self.bedrock.content is not None:  # the deletion is undone
                self.of_another = copy.deepcopy(self.saved.content)

    @precondition(lambda self: self.stack is not None)
    @rule(fault=FAULTS)
    def delete(self, fault: tuple[int, str] | None) -> None:
        if not self._carried_out("Delete", self.stack, None, fault):
            assert self._carried_out("Delete", self.stack, None, None), "again is enough"
        self.stack = None
        assert not self._is_ours(self.bedrock.content), "ours is left behind"
        assert same(self.bedrock.content or {}, self.of_another or {}), "restored exactly"
        if self.of_another is not None:
            assert self.saved.content != self.of_another, "nothing is kept that is in place"

    @invariant()
    def nothing_of_another_is_lost(self) -> None:
        if self.of_another is not None:
            assert self.of_another in (self.bedrock.content, self.saved.content)

    @invariant()
    def only_one_of_them_or_ours_is_ever_set(self) -> None:
        result = self.bedrock.content
        assert result is None or result == self.of_another or self._is_ours(result)

    def _carried_out(
        self,
        request: str,
        requested: Properties | None,
        old: Properties | None,
        fault: tuple[int, str] | None,
    ) -> bool:
        assert requested is not None
        there, deletes = copy.deepcopy(self.bedrock.content), self.bedrock.deletes
        self.failing.arm(fault)
        self.bedrock.puts = []
        try:
            change = Change(request, requested, old, REGION)
            done = apply(change, self.bedrock, self.saved, self.owners)
        except (Failed, ForeignConfiguration) as failure:
            if isinstance(failure, ForeignConfiguration):
                assert self.bedrock.content in (there, self.of_another), (
                    "refused, and not redirected"
                )
            return False
        finally:
            self.failing.arm(None)
            assert len(self.bedrock.puts) <= 1
            if request != "Delete":
                assert self.bedrock.deletes == deletes, "no moment without logging"
        self._check_configuration(request, requested, old, there, done)
        return True

    def _check_configuration(
        self,
        request: str,
        requested: Properties,
        old: Properties | None,
        there: Configuration | None,
        done: Done,
    ) -> None:
        if request == "Delete":
            assert done.configuration is None
            return
        assert done.configuration is not None
        assert same(done.configuration, self.bedrock.content or {})
        assert not lacking(done.configuration), "whatever the mode, the record is whole"
        if requested["ExistingLogging"] == "fail":
            assert same(done.configuration, desired(requested))
        if (
            requested["ExistingLogging"] == "adopt"
            and self.of_another is not None
            and there is not None
        ):
            assert done.configuration == self.of_another
        before = (old or {}).get("ExistingLogging")
        if "RetentionDays" in requested and requested["ExistingLogging"] != before:
            lived_by = self.of_another is not None and there is not None
            assert self.owners.days >= 30 or not lived_by, "theirs keeps it long enough"
        if requested["ExistingLogging"] == "replace":
            assert same(done.configuration, desired(requested))

    def _is_ours(self, configuration: Configuration | None) -> bool:
        owns = [desired(properties(group=group)) for group in GROUPS]
        extensions = [
            extended(existing, own) for existing in CONFIGURATIONS_OF_OTHERS for own in owns
        ]
        return (
            configuration is not None
            and configuration not in CONFIGURATIONS_OF_OTHERS
            and configuration in [*owns, *extensions]
        )


TestSingleton = pytest.mark.filterwarnings("default")(Singleton.TestCase)
TestSingleton.settings = settings(max_examples=3 * settings().max_examples, stateful_step_count=25)
