"""
The environment of a command that uses a profile: what is set, and what must not stay.

Knows which variables AWS's tools read; not where their values come from.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from awsprof.model import SessionCredentials
from awsprof.sessions.store import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from awsprof.model import Credentials, Profile

# Whatever of these stays would make a tool use something else than the profile that was asked for.
_TAKEN_OUT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SESSION_EXPIRATION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_DEFAULT_PROFILE",
)
_CONTAINER = "AWS_CONTAINER_"
# Beside AWS_PROFILE, each of these alone makes boto3, and others, use something else; the prompts warn of them.
OVERRIDING = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_DEFAULT_PROFILE")
_OWN = ("AWSPROF_PROFILE", "AWSPROF_PRODUCT", "AWSPROF_ENV", "AWSPROF_USER")
_GIVEN = _TAKEN_OUT[:6]
# What no shell can have set, nothing is to be printed of.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Serverless reads AWS_<STAGE>_PROFILE and its siblings before provider.profile.
_PER_STAGE = re.compile(r"AWS_[A-Z0-9_-]+_(PROFILE|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)")


def variables(profile: Profile, credentials: Credentials) -> dict[str, str]:
    """Return what a command that uses *profile* finds set."""
    found = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
    if isinstance(credentials, SessionCredentials):
        found["AWS_SESSION_TOKEN"] = credentials.session_token
        if credentials.expiration is not None:
            # botocore's name and newer prompts', then older prompts'.
            found["AWS_CREDENTIAL_EXPIRATION"] = found["AWS_SESSION_EXPIRATION"] = iso(credentials.expiration)
    if profile.region:
        # JS and Go read the first, botocore the second.
        found["AWS_REGION"] = found["AWS_DEFAULT_REGION"] = profile.region
    found["AWSPROF_PROFILE"] = profile.name
    if profile.parts is not None:
        found["AWSPROF_PRODUCT"] = profile.parts.product
        found["AWSPROF_ENV"] = profile.parts.env
        found["AWSPROF_USER"] = profile.parts.user
    return found


def taken_out(environ: Iterable[str]) -> list[str]:
    """Return the variables that ``export`` takes out of a shell, in a fixed order, then others found in *environ*."""
    containers = sorted(
        name
        for name in environ
        if name.startswith(_CONTAINER) and name not in _TAKEN_OUT and _NAME.fullmatch(name) is not None
    )
    return [*_TAKEN_OUT, *containers, "AWS_PROFILE", *_OWN]


def taken_out_by_use(environ: Mapping[str, str]) -> list[str]:
    """
    Return the variables that ``use`` takes out of a shell: whatever a tool would take before AWS_PROFILE.

    In a shell that ``exec`` or ``export`` gave another profile's keys, what came with them goes too.
    """
    return [name for name in taken_out(environ) if name not in ("AWS_PROFILE", *_OWN)] + _came_along(environ)


def taken_out_by_off(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that ``off`` takes out: what names a profile, and what awsprof itself gave this shell."""
    naming = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]
    came = _came_along(environ)
    return naming if not came else [*naming, *(name for name in _GIVEN if name in environ), *came]


def _came_along(environ: Mapping[str, str]) -> list[str]:
    """Return what ``exec`` and ``export`` set beside keys; the user stays, whom the integration names as well."""
    if not environ.get("AWSPROF_PROFILE"):
        return []
    return [name for name in ("AWS_REGION", "AWS_DEFAULT_REGION", *_OWN[:3]) if name in environ]


def overriding(environ: Mapping[str, str]) -> list[str]:
    """Return the variables in *environ* that keep some tool from using AWS_PROFILE."""
    active = environ.get("AWS_PROFILE")
    return [name for name in OVERRIDING if environ.get(name) and environ[name] != active]


def for_command(environ: Mapping[str, str], profile: Profile, credentials: Credentials) -> dict[str, str]:
    """Return the whole environment of a command that ``exec`` becomes."""
    return {**without_others(environ), **variables(profile, credentials)}


def without_others(environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* without what would make a tool use something else than what it is handed."""
    out = set(taken_out(environ))
    return {name: value for name, value in environ.items() if name not in out and not _PER_STAGE.fullmatch(name)}
