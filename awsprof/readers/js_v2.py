"""
The AWS SDK for JavaScript v2, which Serverless Framework 3 uses: how it reads the files, and which source it chooses.

Knows its rules, as observed with aws-sdk 2.1692.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.readers.files import (
    CONFIG,
    CREDENTIALS,
    SharedFile,
    js_int,
    js_sections,
    opened,
    usual_path,
)
from awsprof.readers.source import (
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

OPT_IN = "AWS_SDK_LOAD_CONFIG"
_PREFIX = re.compile(r"profile\s")
_SESSION = re.compile(r"sso-session\s")


@dataclass(frozen=True, slots=True)
class JsProfiles:
    """Its profiles by name, and why there are none when it gives up on the files."""

    merged: Sections
    refused: str | None = None


def reads_config(environ: Mapping[str, str]) -> bool:
    """Whether it looks at the config file at all: any text in the variable says yes, "0" and "false" too."""
    return bool(environ.get(OPT_IN))


def files(environ: Mapping[str, str]) -> tuple[SharedFile | None, SharedFile]:
    """Open the config file, if it is asked for, and the credentials file; only then do their variables count."""
    if not reads_config(environ):
        return None, opened(usual_path(environ, CREDENTIALS))
    config, credentials = (environ.get(name) or usual_path(environ, name) for name in (CONFIG, CREDENTIALS))
    return opened(config), opened(credentials)


def profiles(config: SharedFile | None, credentials: SharedFile) -> JsProfiles:
    """Return the profiles it sees; for one key the credentials file wins."""
    if config is None and credentials.data is None:
        return JsProfiles({}, f"it cannot read {credentials.path}")
    if config is not None and config.data is None:
        return JsProfiles({}, f"it cannot read {config.path}, which {OPT_IN} tells it to")
    merged: Sections = {}
    for section, settings in sections(config).items() if config is not None else ():
        if _SESSION.match(section):
            continue
        name = profile_of(section)
        if name in merged:
            assert config is not None
            return JsProfiles({}, f"it refuses {config.path}: there are both [{name}] and [profile {name}]")
        merged[name] = settings
    for name, settings in sections(credentials).items():
        merged[name] = {**merged.get(name, {}), **settings}
    return JsProfiles(merged)


def profile_of(section: str) -> str:
    """Return the profile of a section of the config file: alone among the readers it takes ``[x]`` for one."""
    return _PREFIX.sub("", section, count=1) if _PREFIX.match(section) else section


def sections(file: SharedFile) -> Sections:
    """Read a file's sections that have settings; nested keys count as the section's own."""
    return js_sections(file.text, nested=False)


def source(environ: Mapping[str, str]) -> Source:
    """Return what this SDK would use when it is told nothing."""
    config, credentials = files(environ)
    found = profiles(config, credentials)
    no_region = not (environ.get("AWS_REGION") or environ.get("AMAZON_REGION"))
    if config is not None and no_region and found.refused:
        return error(f"it stops at its start: {found.refused}")
    for prefix in ("AWS", "AMAZON"):
        names = (f"{prefix}_ACCESS_KEY_ID", f"{prefix}_SECRET_ACCESS_KEY", f"{prefix}_SESSION_TOKEN")
        in_environ = environment(environ, "keys in the environment go before every profile", *names)
        if in_environ is not None:
            return in_environ
    named = environ.get("AWS_PROFILE", "")
    name = named or "default"
    chosen = "AWS_PROFILE names it" if named else "no profile is named"
    known = _of_profile(name, found.merged, chosen) or container(environ) or _last(name, found.merged, environ, chosen)
    return known or _nowhere(environ, found, named, name)


def by_profile(config: SharedFile, credentials: SharedFile) -> Profiles:
    """Return what each profile leads to by itself where both files are read; None where it gives up on them."""
    found = profiles(config if config.data is not None else None, credentials)
    environ = {OPT_IN: "1"}

    def source_of(name: str) -> Source:
        known = _of_profile(name, found.merged, "") or _last(name, found.merged, {}, "")
        return known or _nowhere(environ, found, name, name)

    return None if found.refused else each(found.merged, source_of)


def _of_profile(name: str, found: Sections, chosen: str) -> Source | None:
    settings = found.get(name, {})
    has_keys = bool(settings.get("aws_access_key_id") and settings.get("aws_secret_access_key"))
    if has_keys and not settings.get("role_arn"):
        why = f"{chosen}; its keys stand in a file"
        return of_profile(SourceKind.KEYS, name, why, settings, credentials=keys_in(settings))
    signs_in = sso(name, settings, chosen)
    if signs_in.kind is SourceKind.SSO:
        return signs_in
    return _role(name, found, chosen, (name,)) if settings.get("role_arn") else None


def _role(name: str, found: Sections, chosen: str, visited: tuple[str, ...]) -> Source | None:
    """Return a role this SDK can assume: by a source with keys, or with a role of such a source. It gives no code."""
    settings = found[name]
    origin = settings.get("source_profile", "")
    its = found.get(origin)
    if its is None:
        return None
    if its.get("aws_access_key_id") and its.get("aws_secret_access_key"):
        through: Source | None = of_profile(SourceKind.KEYS, origin, "", its, credentials=keys_in(its))
    elif its.get("role_arn") and origin not in visited:
        through = _role(origin, found, chosen, (*visited, origin))
    else:
        through = None
    if through is None:
        return None
    # It asks for no 0 seconds, and for nothing where there is no number.
    seconds = js_int(settings.get("duration_seconds", "")) or ""
    known = {key: value for key, value in settings.items() if key != "mfa_serial"}
    sent = {**known, "duration_seconds": str(seconds)}
    return of_profile(SourceKind.ROLE, name, f"{chosen}; it is a role", sent, through=through)


def _last(name: str, found: Sections, environ: Mapping[str, str], chosen: str) -> Source | None:
    settings = found.get(name, {})
    if settings.get("credential_process"):
        return of_profile(SourceKind.PROCESS, name, f"{chosen}; its credential_process serves it", settings)
    table, session_name = environ, environ.get("AWS_ROLE_SESSION_NAME", "")
    token_file, role_arn = table.get("AWS_WEB_IDENTITY_TOKEN_FILE"), table.get("AWS_ROLE_ARN")
    if not (token_file and role_arn):
        token_file, role_arn = settings.get("web_identity_token_file"), settings.get("role_arn")
        session_name = settings.get("role_session_name", "")
    if token_file and role_arn:
        why = "a web identity's token file is given"
        return web_identity(settings, token_file=token_file, role_arn=role_arn, name=session_name, why=why)
    return None


def _nowhere(environ: Mapping[str, str], found: JsProfiles, named: str, name: str) -> Source:
    settings = found.merged.get(name, {})
    if settings.get("role_arn"):
        return error(
            f"'{name}' is a role whose source_profile has no keys in a file, and this SDK takes no other", name
        )
    if found.refused is not None and reads_config(environ):
        return error(found.refused)
    if named and named not in found.merged:
        where = "" if reads_config(environ) else f" in the credentials file, and without {OPT_IN}=1 it reads no other"
        return error(f"AWS_PROFILE names '{named}', and there is no such profile{where}", named)
    return nowhere(nothing_in(found.merged, name), metadata=not environ.get("AWS_EC2_METADATA_DISABLED"))
