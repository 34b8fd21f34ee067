"""
Where a tool would take credentials from: the tools, the kinds of sources, and one source as a value.

Plain values without I/O; how each tool comes to its source is known in that tool's own module.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.model import LongTermCredentials, SessionCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from awsprof.model import Credentials

Sections = dict[str, dict[str, str]]

# Of a profile's settings, those that lead to credentials, but for the keys themselves.
LEADING = (
    "region",
    "credential_process",
    "role_arn",
    "source_profile",
    "credential_source",
    "external_id",
    "mfa_serial",
    "role_session_name",
    "duration_seconds",
    "web_identity_token_file",
    "sso_session",
    "sso_account_id",
    "sso_role_name",
    "login_session",
)
CONTAINER_VARIABLES = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
SSO_KEYS = ("sso_start_url", "sso_account_id", "sso_session", "sso_region", "sso_role_name")


class Tool(enum.StrEnum):
    """A family of tools that read the environment and the files alike."""

    AWS_CLI = "aws-cli"
    BOTO3 = "boto3"
    JS_V3 = "js-v3"
    JS_V2 = "js-v2"
    GO = "go"


class SourceKind(enum.StrEnum):
    """What credentials come from."""

    ENVIRONMENT = "environment"
    KEYS = "keys"
    PROCESS = "process"
    ROLE = "role"
    SSO = "sso"
    LOGIN = "login"
    WEB_IDENTITY = "web-identity"
    CONTAINER = "container"
    METADATA = "metadata"
    NONE = "none"
    ERROR = "error"

    @property
    def is_none(self) -> bool:
        """Whether there is nothing to have an identity by; instance metadata is asked by the tools alone."""
        return self in (SourceKind.NONE, SourceKind.METADATA)


@dataclass(frozen=True, slots=True)
class Source:
    """
    What one tool would use.

    *why* is one sentence without its full stop. *settings* are those of the profile that lead to credentials, as this
    tool reads them. *credentials* are there when they stand in the environment or a file. *through* is what a role is
    assumed with.
    """

    kind: SourceKind
    profile: str | None = None
    why: str = field(default="", compare=False)
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    credentials: Credentials | None = field(default=None, repr=False)
    through: Source | None = None


# What each profile leads to; None from a reader that refuses the files as a whole.
Profiles = dict[str, Source] | None


def each(names: Iterable[str], source_of: Callable[[str], Source]) -> dict[str, Source]:
    """Ask for every profile's source; one at the end of a chain without end counts as an error, as it is to tools."""
    found = {}
    for name in names:
        try:
            found[name] = source_of(name)
        except RecursionError:
            found[name] = error(f"source_profile of '{name}' leads too far", name)
    return found


def error(why: str, profile: str | None = None) -> Source:
    return Source(SourceKind.ERROR, profile, why)


def of_profile(
    kind: SourceKind,
    profile: str,
    why: str,
    settings: Mapping[str, str],
    *,
    credentials: Credentials | None = None,
    through: Source | None = None,
) -> Source:
    """Make a source of a profile, with those of its settings that lead to credentials."""
    kept = {key: settings[key] for key in LEADING if settings.get(key)}
    return Source(kind, profile, why, kept, credentials, through)


def keys_in(settings: Mapping[str, str], *token_keys: str) -> Credentials:
    """Return the keys that stand in a profile, with the first session token of those that may be there."""
    names = token_keys or ("aws_session_token",)
    return keys(
        settings.get("aws_access_key_id", ""), settings.get("aws_secret_access_key", ""), first_of(settings, *names)
    )


def keys(access_key_id: str, secret_access_key: str, session_token: str | None) -> Credentials:
    if session_token:
        return SessionCredentials(access_key_id, secret_access_key, session_token, None)
    return LongTermCredentials(access_key_id, secret_access_key)


def first_of(table: Mapping[str, str], *names: str) -> str:
    """Return the first of some variables or settings that is not empty, or ''."""
    return next((table[name] for name in names if table.get(name)), "")


def environment(environ: Mapping[str, str], why: str, key_id: str, secret: str, *tokens: str) -> Source | None:
    """Return the keys that stand in the environment under these names; None when one of the two is missing or empty."""
    if not environ.get(key_id) or not environ.get(secret):
        return None
    credentials = keys(environ[key_id], environ[secret], first_of(environ, *tokens))
    return Source(SourceKind.ENVIRONMENT, None, why, credentials=credentials)


def sso(name: str, settings: Mapping[str, str], chosen: str) -> Source:
    """Return a sign-in by Identity Center, or the error that a profile is which says only half of one."""
    wanted = ["sso_account_id", "sso_role_name"]
    wanted += [] if settings.get("sso_session") else ["sso_start_url", "sso_region"]
    lacking = [key for key in wanted if not settings.get(key)]
    if lacking:
        return error(f"'{name}' signs in by Identity Center, and lacks {', '.join(lacking)}", name)
    return of_profile(SourceKind.SSO, name, f"{chosen}; it signs in by Identity Center", settings)


def web_identity(settings: Mapping[str, str], *, token_file: str, role_arn: str, name: str, why: str) -> Source:
    """Return a role assumed with the token in a file; *name* is its session's, where one is given."""
    chosen = {"web_identity_token_file": token_file, "role_arn": role_arn, "role_session_name": name}
    table = {"region": settings.get("region", ""), **chosen}
    return Source(SourceKind.WEB_IDENTITY, None, why, {key: value for key, value in table.items() if value})


def container(environ: Mapping[str, str]) -> Source | None:
    """Return what the container's variables lead to, where they are set."""
    if first_of(environ, *CONTAINER_VARIABLES):
        return Source(SourceKind.CONTAINER, None, "the container's variables say where credentials are")
    return None


def nothing_in(profiles: Mapping[str, object], name: str) -> str:
    """Say that a profile gives no credentials: it has none, or there is no such profile."""
    return f"'{name}' has no credentials" if name in profiles else f"no keys, and no profile '{name}'"


def nowhere(nothing: str, *, metadata: bool) -> Source:
    """Return the end of every chain: instance metadata, unless that is switched off."""
    if metadata:
        return Source(SourceKind.METADATA, None, f"{nothing}; instance metadata, not asked")
    return Source(SourceKind.NONE, None, nothing)
