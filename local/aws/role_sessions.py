"""The sessions that the embedded AWS gave for a role, by their temporary credentials."""

from typing import NamedTuple

from local.aws.authorization import Authorization
from local.aws.client import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Aws
from local.aws.sessions_file import SessionsFile
from local.bedrock.caller import Caller


class Credentials(NamedTuple):
    access_key_id: str
    secret_access_key: str
    session_token: str


class RoleSessions:
    """Takes roles in the name of Lambda, and knows whose key is whose."""

    def __init__(self, aws: Aws, file: SessionsFile) -> None:
        self._authorization = Authorization(aws)
        self._file = file
        root = Caller(
            f"arn:aws:iam::{aws.account}:root",
            SECRET_ACCESS_KEY,
            user_id=aws.account,
            access_key_id=ACCESS_KEY_ID,
        )
        # The embedded AWS takes an account's number as the key of its root, too.
        self._callers = {ACCESS_KEY_ID: root, aws.account: root._replace(access_key_id=aws.account)}

    def assume(self, role_arn: str, session_name: str) -> Credentials:
        """Credentials of the role for a session of that name, as Lambda takes them; blocks. Raises
        AuthorizationError where the role does not trust Lambda."""
        credentials = self._authorization.assume_role(
            "lambda.amazonaws.com", role_arn, session_name
        )
        return Credentials(
            credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
        )

    def caller(self, access_key_id: str) -> Caller | None:
        """Return who signs with the key: a session, whoever took the role, or the embedded AWS's
        root."""
        if access_key_id not in self._callers:
            self._callers |= dict(self._file.callers())
        return self._callers.get(access_key_id)
