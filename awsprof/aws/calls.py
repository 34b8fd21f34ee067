"""
The calls awsprof makes of STS and IAM, each with plain values in and out.

Knows the two APIs; not when or why a call is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.aws.client import Client
from awsprof.errors import AccessDeniedError, InvalidKeyError
from awsprof.model import CallerIdentity, LongTermCredentials, MfaDevice, SessionCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsprof.model import Credentials


class Aws:
    """STS and IAM over the network."""

    def __init__(self, environ: Mapping[str, str], trace: Callable[[str], None]) -> None:
        self._environ = environ
        self._trace = trace

    def caller_identity(self, credentials: Credentials, *, region: str) -> CallerIdentity:
        """
        Ask whose credentials these are; everyone may.

        Raises:
            InvalidKeyError: Unknown, inactive or deleted key, or a wrong secret.
            UnreachableError: No answer from STS.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        """
        answer = self._client("sts", credentials, region).read("GetCallerIdentity")
        return CallerIdentity(answer["Account"], answer["Arn"], answer["UserId"])

    def get_session_token(
        self, credentials: LongTermCredentials, *, region: str, serial: str, code: str, duration_s: int
    ) -> SessionCredentials:
        """
        Exchange long-term credentials and one token code for session credentials; sent once, whatever happens.

        Args:
            serial: A virtual device's ARN, or a hardware device's serial number.
            code: Six ASCII digits, valid now; STS accepts each only once.
            duration_s: Seconds, 900 to 129,600.

        Returns:
            Credentials whose ``expiration`` is aware UTC, as STS set it.

        Raises:
            InvalidTokenCodeError: STS refused *code*.
            UnusableMfaDeviceError: *serial* is no TOTP device of this user.
            InvalidKeyError: Unknown, inactive or deleted key, or a wrong secret.
            UnreachableError: No answer from STS; ``sent`` tells whether the code may have been used.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
        """
        answer = self._client("sts", credentials, region).send_once(
            "GetSessionToken", SerialNumber=serial, TokenCode=code, DurationSeconds=duration_s
        )["Credentials"]
        return SessionCredentials(
            answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], answer["Expiration"]
        )

    def assume_role(
        self,
        credentials: Credentials,
        *,
        region: str,
        role_arn: str,
        session_name: str,
        external_id: str | None,
        duration_s: int | None,
    ) -> SessionCredentials:
        """
        Assume a role with *credentials*; the MFA context of a session carries over.

        Args:
            duration_s: Seconds, 900 up to the role's own maximum; 3,600 at most from another role's session.

        Raises:
            AccessDeniedError: The role's trust policy or the caller's own policies refuse it.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        parameters: dict[str, object] = {"RoleArn": role_arn, "RoleSessionName": session_name}
        if external_id is not None:
            parameters["ExternalId"] = external_id
        if duration_s is not None:
            parameters["DurationSeconds"] = duration_s
        answer = self._client("sts", credentials, region).read("AssumeRole", **parameters)["Credentials"]
        return SessionCredentials(
            answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], answer["Expiration"]
        )

    def mfa_devices(self, credentials: Credentials, *, region: str) -> list[MfaDevice]:
        """
        List the caller's own MFA devices.

        Raises:
            AccessDeniedError: The user may not list them.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
        """
        answer = self._client("iam", credentials, region).read("ListMFADevices")
        return [MfaDevice(row["SerialNumber"]) for row in answer["MFADevices"]]

    def account_alias(self, credentials: Credentials, *, region: str) -> str | None:
        """
        Return the account's alias; None when it has none or the caller may not see it.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html
        """
        try:
            answer = self._client("iam", credentials, region).read("ListAccountAliases")
        except (AccessDeniedError, InvalidKeyError):
            # IAM answers InvalidClientTokenId to a session without MFA.
            return None
        return next(iter(answer["AccountAliases"]), None)

    def delete_access_key(self, credentials: Credentials, *, region: str, access_key_id: str) -> None:
        """
        Delete one of the caller's own access keys.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
        """
        self._client("iam", credentials, region).send_once("DeleteAccessKey", AccessKeyId=access_key_id)

    def _client(self, service: str, credentials: Credentials, region: str) -> Client:
        return Client(service, credentials=credentials, region=region, environ=self._environ, trace=self._trace)
