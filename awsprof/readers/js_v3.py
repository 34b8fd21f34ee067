"""
The AWS SDK for JavaScript v3: how it reads the two files, and which source it chooses.

Knows its rules, as observed with @aws-sdk/credential-provider-node 3.908.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from awsprof.readers.files import (
    CONFIG,
    CREDENTIALS,
    SharedFile,
    js_int,
    js_lines,
    js_statement,
    js_trim,
    opened,
    usual_path,
)
from awsprof.readers.source import (
    SSO_KEYS,
    Source,
    SourceKind,
    container,
    each,
    environment,
    error,
    keys_in,
    nothing_in,
    nowhere,
    of_profile,
    sso,
    web_identity,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.readers.source import Profiles, Sections

_PREFIXED = re.compile(r"""([A-Za-z0-9_-]+)\s(["'])?([A-Za-z0-9_@+.%:/-]+)(?(2)\2)""")
_TYPES = ("profile", "sso-session", "services")


def files(environ: Mapping[str, str]) -> tuple[SharedFile, SharedFile]:
    """Open the config and the credentials file as this SDK finds them: a leading ``~/`` in a variable is home."""
    found = []
    for variable in (CONFIG, CREDENTIALS):
        path = environ.get(variable) or usual_path(environ, variable)
        if path.startswith("~/"):
            path = os.path.join(environ.get("HOME") or os.path.expanduser("~"), path[2:])
        found.append(opened(path))
    return found[0], found[1]


def profiles(config: SharedFile, credentials: SharedFile) -> Sections:
    """Return the profiles of both files together; for one key the credentials file wins. Nothing is ever refused."""
    in_config = sections(config)
    merged: Sections = {"default": in_config["default"]} if in_config.get("default") else {}
    for section, settings in in_config.items():
        kind, point, name = section.partition(".")
        if point and kind in _TYPES:
            merged[name if kind == "profile" else section] = settings
    for name, settings in sections(credentials).items():
        merged[name] = {**merged.get(name, {}), **settings}
    return merged


def sections(file: SharedFile) -> Sections:
    """Read a file's sections by name; ``[profile x]`` is called ``profile.x``, and nested keys ``s3.key``."""
    found: Sections = {}
    section = nested = ""
    for line in js_lines(file.text):
        statement = js_statement(line)
        if statement.startswith("[") and statement.endswith("]"):
            name, nested = statement[1:-1], ""
            if name in ("__proto__", "profile __proto__"):
                return {}
            prefixed = _PREFIXED.fullmatch(name)
            # What looks prefixed and is of no known type is dropped.
            known = prefixed is not None and prefixed[1] in _TYPES
            section = (f"{prefixed[1]}.{prefixed[3]}" if known else "") if prefixed is not None else name
            continue
        key, equals, value = statement.partition("=")
        if not section or not equals or not key:
            continue
        key, value = js_trim(key), js_trim(value)
        if not value:
            nested = key
            continue
        if nested and line == line.lstrip():
            nested = ""
        found.setdefault(section, {})[f"{nested}.{key}" if nested else key] = value
    return found


def source(environ: Mapping[str, str]) -> Source:
    """Return what this SDK would use when it is told nothing."""
    named = environ.get("AWS_PROFILE", "")
    if not named:
        in_environ = _in_environ(environ, "keys in the environment go before [default]")
        if in_environ is not None:
            return in_environ
    found = profiles(*files(environ))
    name = named or "default"
    chosen = "AWS_PROFILE names it" if named else "no profile is named"
    if named and environ.get("AWS_ACCESS_KEY_ID"):
        chosen = "AWS_PROFILE goes before keys in the environment"
    known = _of_profile(name, found, environ, chosen, ())
    if known is not None:
        return known
    token_file, role_arn = environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"), environ.get("AWS_ROLE_ARN")
    if token_file and role_arn:
        session_name = environ.get("AWS_ROLE_SESSION_NAME", "")
        why = "no profile has credentials, and a web identity's token file is given"
        return web_identity({}, token_file=token_file, role_arn=role_arn, name=session_name, why=why)
    return container(environ) or _nowhere(environ, found, named, name)


def by_profile(config: SharedFile, credentials: SharedFile) -> Profiles:
    """Return what each profile leads to by itself."""
    found = profiles(config, credentials)
    return each(found, lambda name: _of_profile(name, found, {}, "", ()) or _nowhere({}, found, name, name))


def _in_environ(environ: Mapping[str, str], why: str) -> Source | None:
    return environment(environ, why, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def _nowhere(environ: Mapping[str, str], found: Sections, named: str, name: str) -> Source:
    if named and named not in found:
        return error(f"AWS_PROFILE names '{named}', and there is no such profile", named)
    return nowhere(nothing_in(found, name), metadata=environ.get("AWS_EC2_METADATA_DISABLED", "") in ("", "false"))


def _of_profile(
    name: str, found: Sections, environ: Mapping[str, str], chosen: str, visited: tuple[str, ...]
) -> Source | None:
    settings = found.get(name, {})
    has_keys = bool(settings.get("aws_access_key_id") and settings.get("aws_secret_access_key"))
    origin, word = settings.get("source_profile"), settings.get("credential_source")
    is_role = "role_arn" in settings and (origin is None) != (word is None)
    if is_role and not (visited and has_keys):
        return _role(name, found, environ, chosen, visited)
    if has_keys:
        why = f"{chosen}; its keys stand in a file"
        return of_profile(SourceKind.KEYS, name, why, settings, credentials=keys_in(settings))
    token_file, role_arn = settings.get("web_identity_token_file"), settings.get("role_arn")
    if token_file and role_arn:
        session_name = settings.get("role_session_name", "")
        why = f"{chosen}; it is a web identity"
        return web_identity(settings, token_file=token_file, role_arn=role_arn, name=session_name, why=why)
    if settings.get("credential_process"):
        return of_profile(SourceKind.PROCESS, name, f"{chosen}; its credential_process serves it", settings)
    if any(key in settings for key in SSO_KEYS):
        return sso(name, settings, chosen)
    if settings.get("login_session"):
        return of_profile(SourceKind.LOGIN, name, f"{chosen}; it signs in by 'aws login'", settings)
    return None


def _role(name: str, found: Sections, environ: Mapping[str, str], chosen: str, visited: tuple[str, ...]) -> Source:
    settings = found[name]
    origin = settings.get("source_profile")
    if origin is None:
        through = _named(settings["credential_source"], name, environ)
    elif origin in visited:
        return error(f"source_profile of '{name}' leads round in a circle", name)
    else:
        known = _of_profile(origin, found, environ, chosen, (*visited, origin))
        through = known or error(f"source_profile of '{name}' names '{origin}', which gives no credentials", name)
    if through.kind is SourceKind.ERROR:
        return through
    if settings.get("mfa_serial"):
        return error(f"'{name}' is a role with an mfa_serial, which this SDK refuses", name)
    seconds = js_int(settings.get("duration_seconds") or "3600")
    if seconds is None:
        return error(f"duration_seconds of '{name}' is no number, and this SDK asks for it all the same", name)
    sent = {**settings, "duration_seconds": str(seconds) if "duration_seconds" in settings else ""}
    return of_profile(SourceKind.ROLE, name, f"{chosen}; it is a role", sent, through=through)


def _named(word: str, name: str, environ: Mapping[str, str]) -> Source:
    """Return what ``credential_source`` means."""
    if word == "Environment":
        return _in_environ(environ, "") or error(f"credential_source of '{name}' gives nothing", name)
    kinds = {"EcsContainer": SourceKind.CONTAINER, "Ec2InstanceMetadata": SourceKind.METADATA}
    return Source(kinds[word]) if word in kinds else error(f"credential_source of '{name}' is unknown", name)
