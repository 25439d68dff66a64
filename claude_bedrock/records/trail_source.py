"""A stage's trail of CloudTrail: its bucket, and the accounts and Regions whose events count."""

import json
from typing import NamedTuple


class TrailSource(NamedTuple):
    """`prefix` is what the trail's owner chose for its objects; `organization` is the id of an
    organization trail's organization, and empty for an account's trail. `accounts` are others of
    the organization, in which there is no stage; in `stage_regions` of the stage's own account
    another stage verifies calls."""

    bucket: str
    prefix: str = ""
    organization: str = ""
    accounts: tuple[str, ...] = ()
    stage_regions: tuple[str, ...] = ()

    def root(self, account: str) -> str:
        """Return what the keys of an account's log files begin with, ending in `/`.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
        """
        parts = (self.prefix.strip("/"), "AWSLogs", self.organization, account, "CloudTrail")
        return f"{'/'.join(part for part in parts if part)}/"


def from_json(text: str) -> TrailSource | None:
    """Return the source; None where the text is empty, as in a stage without a trail."""
    if not text:
        return None
    values = json.loads(text)
    return TrailSource(
        bucket=values["bucket"],
        prefix=values.get("prefix", ""),
        organization=values.get("organization", ""),
        accounts=tuple(values.get("accounts", ())),
        stage_regions=tuple(values.get("stage_regions", ())),
    )
