"""
What is wrong with roles: sources that are not there, circles, and what keeps a tool from assuming one.

Knows how AWS's tools follow source profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.configfiles.merged import LONG_TERM_KEYS
from awsprof.doctor.advice import FIX, command
from awsprof.doctor.lenient import INLINE_COMMENT
from awsprof.findings import Finding, Severity
from awsprof.model import Kind
from awsprof.naming import printable
from awsprof.sessions.roles import account_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsprof.doctor.shared import SeenProfile, SharedFiles

# Longer than any sound one.
_LONGEST_CHAIN = 16


def check_role(shared: SharedFiles, name: str) -> Iterator[Finding]:
    """Check the role that *name* stands for, if it is one."""
    seen = shared.profiles[name]
    settings = seen.profile.settings
    if "role_arn" not in settings:
        return
    shown = printable(name)
    source = settings.get("source_profile")
    if "mfa_serial" in settings:
        yield shared.finding(
            "mfa-serial-on-role",
            Severity.WARNING,
            name,
            f"the role {shown} has an mfa_serial: boto3 asks for a code on the terminal, and JS v3 gives up",
            FIX
            if mfa_comes_with_source(shared, name)
            else "Give it a source_profile of awsprof's that has an MFA device.",
            "mfa_serial",
        )
    account_id = account_of(settings["role_arn"])
    if account_id is not None and settings.get("aws_account_id", account_id) != account_id:
        yield shared.finding(
            "wrong-account",
            Severity.ERROR,
            name,
            f"{shown} says it is in account {printable(settings['aws_account_id'])}, and every tool that assumes "
            f"the role works in {account_id}",
            "Correct role_arn or aws_account_id in its section.",
            "aws_account_id",
        )
    if source is not None and "credential_source" in settings:
        yield shared.finding(
            "two-sources",
            Severity.ERROR,
            name,
            f"the role {shown} has a source_profile and a credential_source: the aws CLI, boto3 and Go stop at that",
            "Take one of the two out.",
            "credential_source",
        )
    if source is None:
        if not {"credential_source", "web_identity_token_file", *LONG_TERM_KEYS} & settings.keys():
            yield shared.finding(
                "dangling-source-profile",
                Severity.ERROR,
                name,
                f"the role {shown} has no source_profile, so no tool can assume it",
                _other_source(seen),
                "role_arn",
            )
    elif source not in shared.profiles and INLINE_COMMENT.split(source, maxsplit=1)[0].strip() in shared.profiles:
        yield shared.finding(
            "dangling-source-profile",
            Severity.ERROR,
            name,
            f"the comment behind source_profile of {shown} is part of the name for the aws CLI and boto3, so only JS "
            "and Go can assume the role",
            "Write the comment above source_profile.",
            "source_profile",
        )
    elif source not in shared.profiles:
        yield shared.finding(
            "dangling-source-profile",
            Severity.ERROR,
            name,
            f"the source_profile of {shown}, '{printable(source)}', is not there, so no tool can assume the role",
            _other_source(seen),
            "source_profile",
        )
    elif _goes_round(shared, name):
        yield shared.finding(
            "source-profile-cycle",
            Severity.ERROR,
            name,
            f"source_profile leads from {shown} back to it, so no tool can assume the role",
            _other_source(seen),
            "source_profile",
        )


def _goes_round(shared: SharedFiles, name: str) -> bool:
    """Whether following source profiles comes back to *name* itself without keys to begin with."""
    at = name
    for _ in range(_LONGEST_CHAIN):
        settings = shared.profiles[at].profile.settings
        source = settings.get("source_profile")
        # Tools take the keys of a source before its role; those of the role itself only where it is its own source.
        with_keys = LONG_TERM_KEYS[0] in settings and (at != name or source == name)
        if "role_arn" not in settings or source not in shared.profiles or with_keys:
            return False
        if source == name:
            return True
        at = source
    return False


def mfa_comes_with_source(shared: SharedFiles, name: str) -> bool:
    """Whether the session that the role *name* is assumed with carries MFA without a serial of the role's own."""
    at = name
    for _ in range(_LONGEST_CHAIN):
        settings = shared.profiles[at].profile.settings
        at = settings.get("source_profile", "")
        if at not in shared.profiles:
            return False
        profile = shared.profiles[at].profile
        if profile.kind is not Kind.ROLE:
            return profile.needs_session
    return False


def _other_source(seen: SeenProfile) -> str:
    if seen.profile.parts is None:
        return "Write the right source_profile into its section."
    return command("set", seen.profile.name, "source_profile=PROFILE")
