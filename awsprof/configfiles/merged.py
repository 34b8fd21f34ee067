"""
Which profile a section describes, and what its settings make of it.

Knows AWS's settings and readers; opens no file.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from awsprof.configfiles.document import DEFAULTS, Document
from awsprof.model import Kind, Profile
from awsprof.naming import sort_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROCESS_COMMAND = "credential-process"
MANAGED = "awsprof_managed"
# What shlex would split at blanks and leave as it is: nearly all there are, at a fraction of its cost.
_PLAIN_HEADER = re.compile(r"profile ([A-Za-z0-9._-]+)")
_PLAIN_COMMAND = re.compile(r"[A-Za-z0-9._/ -]*")
LONG_TERM_KEYS = ("aws_access_key_id", "aws_secret_access_key")


class Profiles(Mapping[str, Profile]):
    """
    The profiles of both files by name, each put together when it is asked for.

    Their order is by product, env and user; those outside the convention come last.
    """

    def __init__(self, config: Document, credentials: Document, make: Callable[[str, dict[str, str]], Profile]) -> None:
        self.config = config
        self.credentials = credentials
        self._make = make
        self._in_config = {
            name: section
            for section in config.sections.values()
            if (name := profile_in_header(section.name)) is not None
        }
        self._names = dict.fromkeys([*self._in_config, *credentials.sections])
        self._names.pop(DEFAULTS, None)
        self._sorted: list[str] | None = None
        self._made: dict[str, Profile] = {}

    def __getitem__(self, name: str) -> Profile:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._made:
            settings: dict[str, str] = {}
            # For one key in both files, the credentials file wins in every reader.
            for document, section in (
                (self.config, self._in_config.get(name)),
                (self.credentials, self.credentials.sections.get(name)),
            ):
                if section is not None:
                    settings.update(document.defaults)
                    settings.update(section.settings)
            self._made[name] = self._make(name, settings)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        if self._sorted is None:
            self._sorted = sorted(self._names, key=sort_key)
        return iter(self._sorted)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def mention(self, word: str) -> bool:
        """Whether *word* stands anywhere in the two files."""
        return word in self.config.text or word in self.credentials.text


def header(name: str) -> str:
    """Return the section of a profile in the config file; the only bare one is ``default``, never written here."""
    return f"profile {name}"


def profile_in_header(section: str) -> str | None:
    """Return the profile a config file's section describes, as botocore splits it; None for every other section."""
    plain = _PLAIN_HEADER.fullmatch(section)
    if plain is not None:
        return plain[1]
    if section == "default":
        return section
    if not section.startswith("profile"):
        return None
    try:
        words = shlex.split(section)
    except ValueError:
        return None
    return words[1] if len(words) == 2 and words[0] == "profile" else None


def is_own_process(name: str, settings: Mapping[str, str]) -> bool:
    """Whether the profile's credential_process is this program, asked for this very profile."""
    line = settings.get("credential_process", "")
    if not line.endswith(name):
        return False
    try:
        words = line.split() if _PLAIN_COMMAND.fullmatch(line) else shlex.split(line, posix=os.name == "posix")
    except ValueError:
        return False
    if len(words) != 3 or words[1:] != [PROCESS_COMMAND, name]:
        return False
    return words[0].replace("\\", "/").rpartition("/")[2].lower().startswith("awsprof")


def is_managed(settings: Mapping[str, str]) -> bool:
    """Whether these are a session that awsprof wrote; a long-term key that somebody put in its place is not."""
    return settings.get(MANAGED) == "true" and not settings.get(LONG_TERM_KEYS[0], "").startswith("AKIA")


def process_target(settings: Mapping[str, str]) -> str | None:
    """Return the profile that a credential_process of this program is asked for; None for every other process."""
    name = settings.get("credential_process", "").rpartition(" ")[2].strip("'\"")
    return name if name and is_own_process(name, settings) else None


def kind_of(name: str, settings: Mapping[str, str]) -> Kind:
    managed = is_managed(settings)
    if LONG_TERM_KEYS[0] in settings and not managed:
        # Keys in a file beat a process in every reader, also one of ours.
        return Kind.KEYS
    if managed or settings.get("awsprof_delivery") == "file" or is_own_process(name, settings):
        return Kind.ROLE if "role_arn" in settings else Kind.USER
    if "role_arn" in settings and "web_identity_token_file" not in settings:
        return Kind.ROLE
    if "sso_session" in settings or "sso_start_url" in settings:
        return Kind.SSO
    if "login_session" in settings:
        return Kind.LOGIN
    if "credential_process" in settings:
        return Kind.PROCESS
    return Kind.OTHER
