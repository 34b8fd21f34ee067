"""
The calls awsprof makes of STS, each with plain values in and out.

Knows the API; not when or why a call is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awsprof.aws.client import skew_s
from awsprof.aws.service import Service
from awsprof.model import CallerIdentity, LongTermCredentials, SessionCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.model import Credentials

# Without any, botocore would look for some itself, in instance metadata too.
_UNSIGNED = LongTermCredentials("unsigned", "unsigned")


class Sts(Service):
    """The Security Token Service."""

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

    def clock_ahead_s(self, credentials: Credentials, *, region: str) -> float | None:
        """
        Return how many seconds this machine's clock is ahead of AWS's; None where the answer does not tell.

        Raises:
            ClockSkewError: It is so far off that AWS refuses the signature.
        """
        answer = self._client("sts", credentials, region).read("GetCallerIdentity")
        return skew_s(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date"))

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
        )
        return _session_in(answer)

    def assume_role(
        self,
        credentials: Credentials,
        *,
        region: str,
        role_arn: str,
        session_name: str,
        external_id: str | None,
        duration_s: int | None,
        policy_arn: str | None = None,
    ) -> SessionCredentials:
        """
        Assume a role with *credentials*; the MFA context of a session carries over.

        Args:
            duration_s: Seconds, 900 up to the role's own maximum; 3,600 at most from another role's session.
            policy_arn: A managed policy that limits the session to what the role and it both allow.

        Raises:
            AccessDeniedError: The role's trust policy or the caller's own policies refuse it.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        parameters: dict[str, object] = {"RoleArn": role_arn, "RoleSessionName": session_name}
        if external_id is not None:
            parameters["ExternalId"] = external_id
        if duration_s is not None:
            parameters["DurationSeconds"] = duration_s
        if policy_arn is not None:
            parameters["PolicyArns"] = [{"arn": policy_arn}]
        answer = self._client("sts", credentials, region).read("AssumeRole", **parameters)
        return _session_in(answer)

    def assume_role_with_web_identity(
        self, *, region: str, role_arn: str, session_name: str, token: str
    ) -> SessionCredentials:
        """
        Assume a role with the token of a web identity, which is all that such a call carries: it is not signed.

        Raises:
            AccessDeniedError: The role's trust policy refuses it.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
        """
        answer = self._client("sts", _UNSIGNED, region).read(
            "AssumeRoleWithWebIdentity", RoleArn=role_arn, RoleSessionName=session_name, WebIdentityToken=token
        )
        return _session_in(answer)

    def get_federation_token(
        self, credentials: LongTermCredentials, *, region: str, name: str, policy: str, duration_s: int
    ) -> SessionCredentials:
        """
        Exchange long-term credentials for a federated user's, which may sign in to the console; they carry no MFA.

        Args:
            name: 2 to 32 letters, digits and ``_=,.@-``.
            policy: JSON; the session may do what the user and it both allow.
            duration_s: Seconds, 900 to 129,600.

        Raises:
            AccessDeniedError: The user may not call it, as under policies that demand MFA.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
        """
        answer = self._client("sts", credentials, region).read(
            "GetFederationToken", Name=name, Policy=policy, DurationSeconds=duration_s
        )
        return _session_in(answer)


def _session_in(answer: Mapping[str, Any]) -> SessionCredentials:
    made = answer["Credentials"]
    return SessionCredentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"], made["Expiration"])
