"""
The AWS CLI and boto3, both of which are botocore: how they read the two files, and which source they choose.

Knows botocore's rules, as observed; never imports it.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.configfiles.document import Document
from awsprof.errors import UnparsableFileError
from awsprof.readers.files import CONFIG, CREDENTIALS, SharedFile, empty_variables, opened, usual_path
from awsprof.readers.source import (
    CONTAINER_VARIABLES,
    Source,
    SourceKind,
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

_TOKENS = ("aws_security_token", "aws_session_token")
_STATIC = ("aws_access_key_id", "aws_secret_access_key")
_SSO = ("sso_role_name", "sso_account_id")


@dataclass(frozen=True, slots=True)
class BotoProfiles:
    """Profiles by name, as each file has them, and both together: for one key the credentials file wins."""

    config: Sections
    credentials: Sections
    merged: Sections


def files(environ: Mapping[str, str]) -> tuple[SharedFile, SharedFile]:
    """Open the config and the credentials file as botocore finds them: ``~`` and variables in a path count."""
    # A variable that is set and empty names a file too, one that is not there.
    paths = [environ.get(variable, usual_path(environ, variable)) for variable in (CONFIG, CREDENTIALS)]
    config, credentials = (opened(os.path.expanduser(os.path.expandvars(path))) for path in paths)
    return config, credentials


def profiles(config: SharedFile, credentials: SharedFile) -> BotoProfiles:
    """
    Read the profiles of both files.

    Raises:
        UnparsableFileError: botocore refuses a file as a whole, and with it every command.
    """
    in_config: Sections = {}
    for section, settings in sections(config).items():
        name = "default" if section == "default" else _profile_in(section)
        if name is not None:
            in_config[name] = settings
    in_credentials = sections(credentials)
    names = dict.fromkeys([*in_config, *in_credentials])
    merged = {name: {**in_config.get(name, {}), **in_credentials.get(name, {})} for name in names}
    return BotoProfiles(in_config, in_credentials, merged)


def sections(file: SharedFile) -> Sections:
    """Read a file's sections, each with what ``[DEFAULT]`` lends it; raises UnparsableFileError as `profiles` does."""
    document = Document(file.path, file.data or b"")
    return {
        name: {**document.defaults, **section.settings}
        for name, section in document.sections.items()
        if name != "DEFAULT"
    }


def _profile_in(section: str) -> str | None:
    """Return the profile of a config file's section: botocore looks how it begins, then for a second word."""
    if not section.startswith("profile"):
        return None
    try:
        words = shlex.split(section)
    except ValueError:
        return None
    return words[1] if len(words) == 2 else None


def source(environ: Mapping[str, str]) -> Source:
    """Return what the AWS CLI and boto3 would use when no profile is named to them."""
    try:
        found = profiles(*files(environ))
    except UnparsableFileError as refused:
        return error(f"it refuses {refused.path} as a whole: line {refused.line}, {refused.reason}")
    # An empty variable names a profile too, one that cannot be there.
    variable = next((name for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE") if name in environ), None)
    name = None if variable is None else environ[variable]
    if name is not None and name not in found.merged:
        if not name:
            return error(f"{variable} is set and empty, which names no profile")
        return error(f"{variable} names '{name}', and there is no such profile{_unread(environ)}", name)
    in_environ = _in_environ(environ)
    if in_environ is not None:
        return in_environ
    chosen = f"{variable} names it" if name is not None else "no profile is named"
    return _Chain(environ, found, chosen).source(name or "default")


def _unread(environ: Mapping[str, str]) -> str:
    """Say which file is not read for its variable's sake, since a person may well see the profile in it."""
    empty = empty_variables(environ)
    return f": {' and '.join(empty)}, set and empty, names no file" if empty else ""


def by_profile(config: SharedFile, credentials: SharedFile) -> Profiles:
    """Return what each profile leads to by itself; None where botocore refuses the files."""
    try:
        found = profiles(config, credentials)
    except UnparsableFileError:
        return None
    return each(found.merged, _Chain({}, found, "").source)


@dataclass(frozen=True, slots=True)
class _Chain:
    """botocore's providers, in its order."""

    environ: Mapping[str, str]
    found: BotoProfiles
    chosen: str

    def source(self, name: str) -> Source:
        settings = self.found.merged.get(name, {})
        if _is_role(settings):
            return self._role(name, (name,))
        known = self._of_profile(name, with_environ=True)
        return known or self._of_machine(name)

    def _role(self, name: str, visited: tuple[str, ...]) -> Source:
        settings = self.found.merged[name]
        origin, named = settings.get("source_profile"), settings.get("credential_source")
        if origin is not None and named is not None:
            return error(f"'{name}' has both source_profile and credential_source", name)
        if named is not None:
            through = self._named(named, name)
        elif origin is None:
            return error(f"'{name}' is a role without a source_profile", name)
        elif origin not in self.found.merged:
            return error(f"source_profile of '{name}' names '{origin}', and there is no such profile", name)
        elif origin in visited and (origin != name or not _has_static(settings)):
            return error(f"source_profile of '{name}' leads round in a circle", name)
        else:
            through = self._origin(origin, (*visited, origin))
        if through.kind is SourceKind.ERROR:
            return through
        if settings.get("mfa_serial") is not None:
            return error(f"'{name}' is a role that asks for an MFA code each time", name)
        sent = {**settings, "duration_seconds": _duration(settings)}
        return of_profile(SourceKind.ROLE, name, f"{self.chosen}; it is a role", sent, through=through)

    def _origin(self, name: str, visited: tuple[str, ...]) -> Source:
        settings = self.found.merged[name]
        if _has_static(settings) or not _is_role(settings):
            return self._of_profile(name, with_environ=False) or error(f"'{name}' has no credentials", name)
        return self._role(name, visited)

    def _named(self, word: str, name: str) -> Source:
        """Return what ``credential_source`` means."""
        if word == "Environment":
            return _in_environ(self.environ) or error(f"credential_source of '{name}' gives nothing", name)
        if word == "EcsContainer":
            return Source(SourceKind.CONTAINER)
        if word == "Ec2InstanceMetadata":
            return Source(SourceKind.METADATA)
        return error(f"credential_source of '{name}' gives nothing", name)

    def _of_profile(self, name: str, *, with_environ: bool) -> Source | None:
        settings = self.found.merged.get(name, {})
        token_file = self._web("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE", settings, with_environ)
        if token_file:
            return self._web_identity(name, settings, token_file, with_environ)
        if any(key in settings for key in _SSO):
            return sso(name, settings, self.chosen)
        in_credentials = self.found.credentials.get(name, {})
        if _STATIC[0] in in_credentials:
            return self._static(name, in_credentials, "the credentials file")
        if "login_session" in settings:
            return of_profile(SourceKind.LOGIN, name, f"{self.chosen}; it signs in by 'aws login'", settings)
        if settings.get("credential_process") is not None:
            return of_profile(SourceKind.PROCESS, name, f"{self.chosen}; its credential_process serves it", settings)
        in_config = self.found.config.get(name, {})
        if _STATIC[0] in in_config:
            return self._static(name, in_config, "the config file")
        return None

    def _static(self, name: str, settings: Mapping[str, str], where: str) -> Source:
        if _STATIC[1] not in settings:
            return error(f"'{name}' has an access key id without its secret", name)
        credentials = keys_in(settings, *_TOKENS)
        return of_profile(
            SourceKind.KEYS, name, f"{self.chosen}; its keys stand in {where}", settings, credentials=credentials
        )

    def _web(self, key: str, variable: str, settings: Mapping[str, str], with_environ: bool) -> str:
        if with_environ and variable in self.environ:
            return self.environ[variable]
        return settings.get(key, "")

    def _web_identity(self, name: str, settings: Mapping[str, str], token_file: str, with_environ: bool) -> Source:
        role_arn = self._web("role_arn", "AWS_ROLE_ARN", settings, with_environ)
        if not role_arn:
            return error("a web identity's token is given, and no role to assume with it", name)
        session_name = self._web("role_session_name", "AWS_ROLE_SESSION_NAME", settings, with_environ)
        why = "the token file of a web identity goes before keys and processes of a profile"
        return web_identity(settings, token_file=token_file, role_arn=role_arn, name=session_name, why=why)

    def _of_machine(self, name: str) -> Source:
        # Here a variable counts that is set and empty.
        if any(variable in self.environ for variable in CONTAINER_VARIABLES):
            return Source(SourceKind.CONTAINER, None, "the container's variables say where credentials are")
        disabled = self.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
        return nowhere(nothing_in(self.found.merged, name), metadata=not disabled)


def _in_environ(environ: Mapping[str, str]) -> Source | None:
    if environ.get("AWS_ACCESS_KEY_ID") and not environ.get("AWS_SECRET_ACCESS_KEY"):
        return error("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY")
    why = "keys in the environment go before every profile"
    tokens = ("AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")
    return environment(environ, why, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", *tokens)


def _is_role(settings: Mapping[str, str]) -> bool:
    return "role_arn" in settings and "web_identity_token_file" not in settings


def _duration(settings: Mapping[str, str]) -> str:
    """Return what botocore asks for; it passes over what is no number."""
    try:
        return str(int(settings.get("duration_seconds", "")))
    except ValueError:
        return ""


def _has_static(settings: Mapping[str, str]) -> bool:
    return any(key in settings for key in _STATIC)
