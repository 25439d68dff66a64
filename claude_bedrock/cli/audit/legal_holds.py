"""The legal holds that are in force: what is kept beyond its retention, why, and by whose order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.doctor.check import WITHHELD
from claude_bedrock.cli.evidence.object_versions import EvidenceVersions
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.verify.deployed_chain import logged_files
from claude_bedrock.verification.legal_holds import LegalHold, read_holds

_WITHHELD: Final = "Not assessed: AWS withholds the evidence of legal holds."
_UNCOMPARED: Final = (
    "Not assessed: the function's log, which tells its orders from those that someone wrote into "
    "the bucket, cannot be read."
)


class HoldsInForce(NamedTuple):
    """`note` says why holds are not known; it is empty where they are."""

    holds: Sequence[LegalHold] = ()
    note: str = ""

    def as_data(self) -> dict[str, Any]:
        return {"in_force": [hold.as_data() for hold in self.holds], "note": self.note}


def collect_holds(
    deployment: Deployment, outputs: Mapping[str, str], now: datetime
) -> HoldsInForce:
    """Return the stage's holds but those that were released, as sealed entries have them."""
    bucket = outputs.get("EvidenceBucketName", "")
    if not bucket:
        return HoldsInForce()
    try:
        evidence = EvidenceVersions(deployment.client("s3"), bucket)
        logged = logged_files(deployment, bucket, now)
        known = read_holds(evidence, logged)
    except WITHHELD:
        return HoldsInForce(note=_WITHHELD)
    if known and logged is None:
        return HoldsInForce(note=_UNCOMPARED)
    return HoldsInForce([hold for hold in known.values() if hold.state != "released"])
