"""
What is wrong with the environment: variables that make a tool use another account than the person sees.

Knows which variables there are; what each tool makes of them, and of the files, the readers know.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from awsprof.doctor.reach import spoken
from awsprof.findings import Finding, Severity
from awsprof.naming import is_default, printable
from awsprof.readers.files import empty_variables
from awsprof.readers.source import SourceKind, Tool
from awsprof.readers.sources import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from awsprof.readers.source import Source

_NAMES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
# Their older names, which Go alone still knows.
_OLD_KEYS = ("AWS_ACCESS_KEY", "AWS_SECRET_KEY")


def check_environment(environ: Mapping[str, str], profiles: Container[str]) -> Iterator[Finding]:
    """Check the variables of this shell against the *profiles* there are."""
    told = cache(lambda: _told(sources(environ)))
    active = environ.get("AWS_PROFILE")
    for variable in _NAMES:
        yield from _name(variable, environ.get(variable), profiles, told)
    default = environ.get("AWS_DEFAULT_PROFILE")
    if default and not is_default(default) and default != active:
        yield _finding(
            "aws-default-profile",
            Severity.WARNING if active is None else Severity.ERROR,
            f"AWS_DEFAULT_PROFILE is set: {told()}",
            "unset AWS_DEFAULT_PROFILE",
            profile=default,
        )
    for variable in empty_variables(environ):
        yield _finding(
            "empty-file-variable",
            Severity.ERROR,
            f"{variable} is set and empty: the aws CLI and boto3 read no such file, JS and Go the usual one",
            f"unset {variable}",
        )
    yield from _keys(environ, active, told)
    if environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        yield _finding(
            "web-identity-in-environment",
            Severity.ERROR if active else Severity.WARNING,
            f"AWS_WEB_IDENTITY_TOKEN_FILE is set: {told()}",
            "unset AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN",
        )


def _told(found: Mapping[Tool, Source]) -> str:
    """Say what every tool does, those together that do the same."""
    alike: dict[tuple[str, str], list[Tool]] = {}
    for tool, source in found.items():
        if tool is not Tool.AWS_CLI:  # it is boto3's, and spoken of with it
            alike.setdefault(_does(source), []).append(tool)
    if len(alike) == 1:
        ((verb, what),) = alike
        return f"every tool {verb}s{what}"
    return ", ".join(
        f"{spoken(tools)} {verb}{'s' if tools in ([Tool.JS_V2], [Tool.JS_V3], [Tool.GO]) else ''}{what}"
        for (verb, what), tools in alike.items()
    )


def _does(source: Source) -> tuple[str, str]:
    match source.kind:
        case SourceKind.ERROR:
            return "stop", ""
        case SourceKind.ENVIRONMENT:
            return "use", " the keys in the environment"
        case SourceKind.WEB_IDENTITY:
            return "use", " the web identity"
        case SourceKind.CONTAINER:
            return "ask", " the container"
        case SourceKind.NONE | SourceKind.METADATA:
            return "find", " no credentials"
    return "use", f" {printable(source.profile or '')}"


def _name(variable: str, value: str | None, profiles: Container[str], told: Callable[[], str]) -> Iterator[Finding]:
    if value is None:
        return
    if not value:
        if variable == "AWS_PROFILE":
            yield _finding(
                "empty-aws-profile",
                Severity.ERROR if "default" in profiles else Severity.WARNING,
                f"AWS_PROFILE is set and empty: {told()}",
                "unset AWS_PROFILE",
            )
    elif is_default(value):
        yield _finding(
            "default-in-environment",
            Severity.ERROR,
            f"{variable} names the default: {told()}",
            "awsprof off" if variable == "AWS_PROFILE" else f"unset {variable}",
        )
    elif value not in profiles:
        yield _finding(
            "unknown-aws-profile",
            Severity.ERROR,
            f"{variable} names {printable(value)}, and there is no such profile: {told()}",
            "awsprof use, or awsprof off" if variable == "AWS_PROFILE" else f"unset {variable}",
            profile=value,
        )


def _keys(environ: Mapping[str, str], active: str | None, told: Callable[[], str]) -> Iterator[Finding]:
    if not any(environ.get(name) for name in (*_KEYS, *_OLD_KEYS)):
        return
    given = environ.get("AWSPROF_PROFILE")
    if given and not active:
        severity = Severity.INFO
        message = f"they are those that awsprof gave this shell for {printable(given)}, until they expire"
    else:
        severity, message = Severity.ERROR if active else Severity.WARNING, told()
    old = [name for name in _OLD_KEYS if environ.get(name)]
    fix = f"unset {' '.join([*_KEYS, 'AWS_SESSION_TOKEN', *old])}"
    yield _finding("keys-in-environment", severity, f"Keys are in the environment: {message}", fix)


def _finding(code: str, severity: Severity, message: str, fix: str, profile: str | None = None) -> Finding:
    return Finding(code, severity, message, fix, profile=profile)
