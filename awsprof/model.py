"""
The things awsprof speaks of: credentials, identities, profiles.

Plain values without I/O; secrets never show in their ``repr``.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from awsprof.naming import ProfileName

MIN_SESSION_SECONDS = 900
MAX_SESSION_SECONDS = 129_600
MAX_ROLE_SECONDS = 43_200


class Kind(enum.StrEnum):
    """How a profile comes by its credentials."""

    USER = "user"
    ROLE = "role"
    SSO = "sso"
    LOGIN = "login"
    PROCESS = "process"
    KEYS = "keys"
    OTHER = "other"


class Delivery(enum.StrEnum):
    """How a profile of ours hands its credentials to AWS's tools."""

    PROCESS = "process"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class LongTermCredentials:
    """An IAM user's access key id and secret access key."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionCredentials:
    """Temporary credentials; *expiration* is aware UTC, or None when their issuer does not say."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime | None


Credentials = LongTermCredentials | SessionCredentials


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """What GetCallerIdentity answers."""

    account_id: str
    arn: str
    user_id: str

    @property
    def partition(self) -> str:
        return self.arn.split(":")[1]

    @property
    def is_root_user(self) -> bool:
        return self.arn.endswith(":root")

    @property
    def user_name(self) -> str | None:
        """The IAM user's name, without its path; None for a role or the root user."""
        resource = self.arn.split(":", 5)[5]
        return resource.rpartition("/")[2] if resource.startswith("user/") else None


@dataclass(frozen=True, slots=True)
class MfaDevice:
    """One MFA device of an IAM user, as ListMFADevices names it."""

    serial: str

    @property
    def gives_codes(self) -> bool:
        """STS takes token codes of TOTP devices only; FIDO keys and passkeys have u2f ARNs."""
        return ":u2f/" not in self.serial


@dataclass(frozen=True, slots=True)
class NewMfaDevice:
    """A virtual MFA device just made, with its seed: 64 base32 characters that AWS never shows again."""

    serial: str
    seed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One access key of an IAM user, as ListAccessKeys shows it; *created* is aware UTC."""

    id: str
    active: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile as the two shared files describe it together."""

    name: str
    parts: ProfileName | None
    kind: Kind
    delivery: Delivery | None
    protected: bool
    settings: Mapping[str, str] = field(repr=False)

    @property
    def region(self) -> str | None:
        return self.settings.get("region") or None

    @property
    def mfa_serial(self) -> str | None:
        return self.settings.get("mfa_serial") or None

    @property
    def account_id(self) -> str | None:
        """The account the profile says it is in: from aws_account_id, or else from an ARN among its settings."""
        explicit = self.settings.get("aws_account_id")
        if explicit:
            return explicit
        for key in ("role_arn", "mfa_serial", "login_session"):
            match = re.match(r"arn:[^:]+:[^:]+:[^:]*:(\d{12}):", self.settings.get(key, ""))
            if match:
                return match[1]
        return self.settings.get("sso_account_id") or None

    def region_for_calls(self, environ: Mapping[str, str]) -> str:
        """Return the region AWS is called in: the profile's own, else the environment's, else us-east-1."""
        return self.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"

    @property
    def needs_session(self) -> bool:
        """Only with an MFA device: a session without MFA could not call IAM, so it would serve nobody."""
        return self.kind is Kind.USER and self.mfa_serial is not None


_DURATION = re.compile(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s?)?")


def seconds_in(text: str) -> int:
    """Read a stretch of time such as ``12h``, ``1h30m`` or ``3600``; raises UsageError for anything else."""
    match = _DURATION.fullmatch(text.strip().lower())
    if not text.strip() or match is None:
        raise UsageError(f"'{text}' is no duration", hint="Write it like 12h, 90m or 3600.")
    hours, minutes, seconds = (int(number or 0) for number in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def duration_seconds(text: str) -> int:
    """
    Read a session duration such as ``12h``, ``90m``, ``1h30m`` or ``3600``.

    Returns:
        Seconds, from 15 minutes to 36 hours, the bounds of GetSessionToken.

    Raises:
        UsageError: Not a duration, or out of bounds.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    total = seconds_in(text)
    if not MIN_SESSION_SECONDS <= total <= MAX_SESSION_SECONDS:
        raise UsageError(f"A session lasts from 15 minutes to 36 hours, not {text}", hint="Write it like 12h or 90m.")
    return total


_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")
_MFA_SERIAL = re.compile(
    r"arn:aws[a-z-]*:iam::[0-9]{12}:(mfa|sms-mfa|u2f)/[\w+=/:,.@-]+|(?!arn:)[\w+=/:,.@-]{9,256}", re.ASCII
)
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_STAGE = re.compile(r"[A-Za-z0-9-]{1,128}")


def check_account_id(text: str) -> str:
    if not _ACCOUNT_ID.fullmatch(text):
        raise UsageError(f"'{text}' is no account id", hint="An account id has 12 digits.")
    return text


def check_region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise UsageError(f"'{text}' is no region", hint="A region looks like eu-west-1.")
    return text


def check_mfa_serial(text: str) -> str:
    if not _MFA_SERIAL.fullmatch(text):
        raise UsageError(
            f"'{text}' is no MFA serial",
            hint="It is an ARN such as arn:aws:iam::111111111111:mfa/paul, or a hardware device's serial number.",
        )
    return text


def check_role_arn(text: str) -> str:
    if not _ROLE_ARN.fullmatch(text):
        raise UsageError(f"'{text}' is no role's ARN", hint="It looks like arn:aws:iam::111111111111:role/deploy.")
    return text


def check_external_id(text: str) -> str:
    if not _EXTERNAL_ID.fullmatch(text):
        raise UsageError(f"'{text}' is no external id", hint="It has 2 to 1224 letters, digits and +=,.@:/-")
    return text


def is_stage(text: str) -> bool:
    """Whether *text* can be a stage of Serverless's."""
    return _STAGE.fullmatch(text) is not None


def check_role_seconds(seconds: int) -> int:
    if not MIN_SESSION_SECONDS <= seconds <= MAX_ROLE_SECONDS:
        raise UsageError(f"A role's session lasts from 15 minutes to 12 hours, not {seconds} s")
    return seconds
