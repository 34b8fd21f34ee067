"""
What is wrong with the environment: variables that make a tool use another account than the person sees.

Knows in which order each family of tools looks at variables; not what is in the files beyond profiles' names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.findings import Finding, Severity
from awsprof.naming import is_default, printable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

_NAMES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def check_environment(environ: Mapping[str, str], profiles: Container[str]) -> Iterator[Finding]:
    """Check the variables of this shell against the *profiles* there are."""
    active = environ.get("AWS_PROFILE")
    for variable in _NAMES:
        yield from _name(variable, environ.get(variable), profiles)
    yield from _default_profile(environ.get("AWS_DEFAULT_PROFILE"), active)
    yield from _keys(environ, active)
    if environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        what = f"before {printable(active)}'s credential_process" if active else "where no profile is named"
        yield _finding(
            "web-identity-in-environment",
            Severity.ERROR if active else Severity.WARNING,
            f"AWS_WEB_IDENTITY_TOKEN_FILE is set: boto3 and the aws CLI use that identity {what}",
            "unset AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN",
        )


def _name(variable: str, value: str | None, profiles: Container[str]) -> Iterator[Finding]:
    if value is None:
        return
    if not value:
        if variable == "AWS_PROFILE":
            yield _finding(
                "empty-aws-profile",
                Severity.ERROR if "default" in profiles else Severity.WARNING,
                "AWS_PROFILE is set and empty: the aws CLI and boto3 stop, and JS and Go use [default]",
                "unset AWS_PROFILE",
            )
    elif is_default(value):
        yield _finding(
            "default-in-environment",
            Severity.ERROR,
            f"{variable} names the default: every tool that reads it works in that account unasked",
            "awsprof off" if variable == "AWS_PROFILE" else f"unset {variable}",
        )
    elif value not in profiles:
        readers = "every tool" if variable == "AWS_PROFILE" else "the aws CLI and boto3"
        yield _finding(
            "unknown-aws-profile",
            Severity.ERROR,
            f"{variable} names {printable(value)}, and there is no such profile: {readers} will stop at it",
            "awsprof use, or awsprof off" if variable == "AWS_PROFILE" else f"unset {variable}",
            profile=value,
        )


def _default_profile(default: str | None, active: str | None) -> Iterator[Finding]:
    if not default or is_default(default) or default == active:
        return
    if active is not None:
        severity = Severity.ERROR
        message = f"the aws CLI and boto3 use {printable(default)}, and JS and Go {printable(active) or 'the default'}"
    else:
        severity = Severity.WARNING
        message = f"the aws CLI, boto3 and Go use {printable(default)}, and JS does not look at it"
    yield _finding(
        "aws-default-profile",
        severity,
        f"AWS_DEFAULT_PROFILE is set: {message}",
        "unset AWS_DEFAULT_PROFILE",
        profile=default,
    )


def _keys(environ: Mapping[str, str], active: str | None) -> Iterator[Finding]:
    if not any(environ.get(name) for name in _KEYS):
        return
    fix = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
    given = environ.get("AWSPROF_PROFILE")
    if active:
        message = f"the aws CLI, boto3, JS v2 and Go use them, and JS v3 the profile {printable(active)}"
        yield _finding("keys-in-environment", Severity.ERROR, f"Keys are in the environment: {message}", fix)
    elif given:
        message = f"they are those that awsprof gave this shell for {printable(given)}, until they expire"
        yield _finding("keys-in-environment", Severity.INFO, f"Keys are in the environment: {message}", fix)
    else:
        message = "every tool that is told no profile uses them"
        yield _finding("keys-in-environment", Severity.WARNING, f"Keys are in the environment: {message}", fix)


def _finding(code: str, severity: Severity, message: str, fix: str, profile: str | None = None) -> Finding:
    return Finding(code, severity, message, fix, profile=profile)
