"""
The AWS SDK for Go v2, which Terraform uses: how it reads the two files, and which source it chooses.

Knows its rules, as observed with aws-sdk-go-v2/config 1.33.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from awsprof.readers.files import CONFIG, CREDENTIALS, SharedFile, opened, usual_path
from awsprof.readers.source import (
    SSO_KEYS,
    Source,
    SourceKind,
    container,
    each,
    environment,
    error,
    first_of,
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

_BLANKS = " \t"
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_PAIR = _KEYS[:2]
_HALF = "has half a key: the id and the secret do not stand in one file"
_NEEDS_ROLE = ("source_profile", "credential_source", "web_identity_token_file")
_SHORTEST_S = 16 * 60  # it asks for a quarter of an hour where a profile says less
_ONE_OF = ("source_profile", "credential_source", "credential_process", "web_identity_token_file")


def files(environ: Mapping[str, str]) -> tuple[SharedFile, SharedFile]:
    """Open the config and the credentials file as this SDK finds them: ``~`` in a variable is a plain character."""
    config, credentials = (environ.get(name) or usual_path(environ, name) for name in (CONFIG, CREDENTIALS))
    return opened(config), opened(credentials)


def profiles(config: SharedFile, credentials: SharedFile) -> tuple[Sections, frozenset[str]]:
    """Return the profiles of both files together, and those it refuses to use for half a key. It refuses no file."""
    in_config = sections(config)
    merged: Sections = {}
    for section in sorted(in_config):
        if section.startswith("profile "):
            # As the later one in the alphabet it replaces [default] whole.
            merged[section.removeprefix("profile ")] = in_config[section]
        elif section.startswith(("sso-session ", "services ")) or section.lower() == "default":
            merged[section] = in_config[section]
    halves = {name for name, settings in merged.items() if _is_half(settings)}
    for name, settings in sections(credentials).items():
        if name.startswith("profile "):
            continue
        (halves.add if _is_half(settings) else halves.discard)(name)
        # A token alone does not take the place of another.
        dropped = _KEYS if name in merged and not all(key in settings for key in _PAIR) else ()
        merged[name] = {
            **merged.get(name, {}),
            **{key: value for key, value in settings.items() if key not in dropped},
        }
    return merged, frozenset(halves)


def _is_half(settings: Mapping[str, str]) -> bool:
    return sum(key in settings for key in _PAIR) == 1


def sections(file: SharedFile) -> Sections:
    """Read a file's sections by name, as in ``profile x``; keys are lower case, and the last of two wins."""
    found: Sections = {}
    section = last = ""
    for line in file.text.split("\n"):
        if not line.strip() or line.lstrip(_BLANKS).startswith(("#", ";")):
            continue
        header = line.partition("#")[0].partition(";")[0].strip()
        if header.startswith("[") and header.endswith("]"):
            section, last = _section_name(header[1:-1].strip()), ""
            found.setdefault(section, {})
            continue
        nested = line[0] in _BLANKS
        pair = _split(line.lstrip(_BLANKS) if nested else _without_comment(line))
        if pair is None or not section:
            continue
        key, value = pair
        if nested and last and not found[section].get(last):
            continue  # a key of a nested block
        found[section][key] = _without_comment(value).strip() if nested else value
        last = key
    return found


def _section_name(text: str) -> str:
    words = text.replace("\t", " ").split(" ", 1)
    return f"{words[0]} {words[1].strip()}" if len(words) == 2 else text


def _without_comment(text: str) -> str:
    for mark in (" #", " ;", "\t#", "\t;"):
        text = text.partition(mark)[0]
    return text


def _split(text: str) -> tuple[str, str] | None:
    at = min((place for place in (text.find("="), text.find(":")) if place >= 0), default=-1)
    if at < 0:
        return None
    value = text[at + 1 :].strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    return text[:at].strip().lower(), value


def source(environ: Mapping[str, str]) -> Source:
    """Return what this SDK would use when it is told nothing."""
    variable = next((name for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if environ.get(name)), None)
    name = "default" if variable is None else environ[variable]
    both = files(environ)
    directory = next((file.path for file in both if os.path.isdir(file.path)), None)
    if directory is not None:
        return error(f"it stops at {directory}, which is a directory and no file")
    found, halves = profiles(*both)
    chosen = "no profile is named" if variable is None else f"{variable} names it"
    chain = _Chain(environ, found, halves, chosen)
    # One that AWS_DEFAULT_PROFILE names need not be there.
    if name not in found and variable == "AWS_PROFILE":
        return error(f"AWS_PROFILE names '{name}', and there is no such profile", name)
    profile = chain.profile(name, ()) if name in found else None
    if profile is not None and profile.kind is SourceKind.ERROR:
        # It reads the profile before it looks at the environment.
        return profile
    in_environ = chain.environment("keys in the environment go before every profile")
    if in_environ is not None:
        return in_environ
    token_file = environ.get("AWS_WEB_IDENTITY_TOKEN_FILE", "")
    if token_file:
        role_arn, session_name = environ.get("AWS_ROLE_ARN", ""), environ.get("AWS_ROLE_SESSION_NAME", "")
        if not role_arn:
            return error("a web identity's token file is given, and no role to assume with it")
        why = "a web identity's token file goes before every profile"
        return web_identity({}, token_file=token_file, role_arn=role_arn, name=session_name, why=why)
    return profile or chain.machine(name)


def by_profile(config: SharedFile, credentials: SharedFile) -> Profiles:
    """Return what each profile leads to by itself."""
    found, halves = profiles(config, credentials)
    chain = _Chain({}, found, halves, "")
    return each(found, lambda name: chain.profile(name, ()) or chain.machine(name))


class _Chain:
    """Its providers, in their order."""

    def __init__(self, environ: Mapping[str, str], found: Sections, halves: frozenset[str], chosen: str) -> None:
        self._environ = environ
        self._found = found
        self._halves = halves
        self._chosen = chosen

    def environment(self, why: str) -> Source | None:
        """Return keys in the environment, of which this SDK knows an older spelling too."""
        key_id = first_of(self._environ, "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY")
        secret = first_of(self._environ, "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY")
        table = {"id": key_id, "secret": secret, "token": self._environ.get("AWS_SESSION_TOKEN", "")}
        return environment(table, why, "id", "secret", "token")

    def profile(self, name: str, visited: tuple[str, ...]) -> Source | None:
        """Return what a profile leads to; None when it has no credentials."""
        settings = self._found[name]
        fault = self._fault(name, first=name not in visited)
        if fault is not None:
            return error(fault, name)
        has_keys = bool(settings.get(_KEYS[0]) and settings.get(_KEYS[1]))
        if name in visited or (visited and has_keys):
            return self._keys(name) if has_keys else error(f"source_profile of '{name}' leads round in a circle", name)
        origin = settings.get("source_profile")
        if origin:
            return self._assumed(name, self._origin(name, origin, visited))
        if has_keys:
            return self._assumed(name, self._keys(name))
        word, token_file = settings.get("credential_source"), settings.get("web_identity_token_file")
        if word:
            return self._assumed(name, self._named(word, name))
        if token_file:
            role_arn, session_name = settings["role_arn"], settings.get("role_session_name", "")
            why = f"{self._chosen}; it is a web identity"
            return web_identity(settings, token_file=token_file, role_arn=role_arn, name=session_name, why=why)
        if any(settings.get(key) for key in SSO_KEYS):
            return self._assumed(name, sso(name, settings, self._chosen))
        for kind, key, words in (
            (SourceKind.LOGIN, "login_session", "it signs in by 'aws login'"),
            (SourceKind.PROCESS, "credential_process", "its credential_process serves it"),
        ):
            if settings.get(key):
                return self._assumed(name, of_profile(kind, name, f"{self._chosen}; {words}", settings))
        return None if not settings.get("role_arn") else self._assumed(name, self.machine(name))

    def machine(self, name: str) -> Source:
        disabled = self._environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
        return container(self._environ) or nowhere(nothing_in(self._found, name), metadata=not disabled)

    def _fault(self, name: str, *, first: bool) -> str | None:
        settings = self._found[name]
        if name in self._halves:
            return f"'{name}' {_HALF}"
        if first and not settings.get("role_arn") and any(settings.get(key) for key in _NEEDS_ROLE):
            return f"'{name}' says what to assume a role with, and no role"
        if first and sum(bool(settings.get(key)) for key in _ONE_OF) > 1:
            return f"'{name}' has more than one of {', '.join(_ONE_OF)}"
        return None

    def _keys(self, name: str) -> Source:
        settings = self._found[name]
        why = f"{self._chosen}; its keys stand in a file"
        return of_profile(SourceKind.KEYS, name, why, settings, credentials=keys_in(settings))

    def _origin(self, name: str, origin: str, visited: tuple[str, ...]) -> Source:
        if origin not in self._found:
            return error(f"source_profile of '{name}' names '{origin}', and there is no such profile", name)
        through = self.profile(origin, (*visited, name))
        return through or error(f"source_profile of '{name}' names '{origin}', which has no credentials", name)

    def _assumed(self, name: str, through: Source) -> Source:
        """Return the role of a profile, or without one what it would be assumed with."""
        settings = self._found[name]
        if not settings.get("role_arn") or through.kind is SourceKind.ERROR:
            return through
        if settings.get("mfa_serial"):
            return error(f"'{name}' is a role with an mfa_serial, which this SDK refuses", name)
        sent = {**settings, "duration_seconds": _duration(settings)}
        return of_profile(SourceKind.ROLE, name, f"{self._chosen}; it is a role", sent, through=through)

    def _named(self, word: str, name: str) -> Source:
        """Return what ``credential_source`` means."""
        if word == "Environment":
            return self.environment("") or error(f"credential_source of '{name}' gives nothing", name)
        kinds = {"EcsContainer": SourceKind.CONTAINER, "Ec2InstanceMetadata": SourceKind.METADATA}
        return Source(kinds[word]) if word in kinds else error(f"credential_source of '{name}' is unknown", name)


def _duration(settings: Mapping[str, str]) -> str:
    """Return what it asks for; nothing where it takes its own quarter of an hour, which every role allows."""
    text = settings.get("duration_seconds", "")
    try:
        seconds = int(text, 0) if text.isascii() else 0
    except ValueError:
        return ""
    return str(seconds) if _SHORTEST_S <= seconds < 2**63 else ""
