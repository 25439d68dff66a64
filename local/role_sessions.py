"""Who holds which temporary credentials: every session that a role of the deployment was given."""

from typing import NamedTuple

from local.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Aws
from local.bedrock.caller import Caller


class Credentials(NamedTuple):
    access_key_id: str
    secret_access_key: str
    session_token: str


class RoleSessions:
    """Takes roles through STS of the embedded AWS, and remembers whose key is whose."""

    def __init__(self, aws: Aws) -> None:
        self._sts = aws.client("sts")
        root = Caller(f"arn:aws:iam::{aws.account}:root", SECRET_ACCESS_KEY)
        self._callers = {ACCESS_KEY_ID: root}

    def assume(self, role_arn: str, session_name: str) -> Credentials:
        """Credentials of the role for a session of that name; blocks."""
        answer = self._sts.assume_role(RoleArn=role_arn, RoleSessionName=session_name[:64])
        given = answer["Credentials"]
        credentials = Credentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        )
        self._callers[credentials.access_key_id] = Caller(
            answer["AssumedRoleUser"]["Arn"],
            credentials.secret_access_key,
            credentials.session_token,
        )
        return credentials

    def caller(self, access_key_id: str) -> Caller | None:
        """Who signs with the key: a session given here, or the embedded AWS's root."""
        return self._callers.get(access_key_id)
