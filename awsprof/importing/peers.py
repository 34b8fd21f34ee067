"""
Where aws-vault and Granted keep long-term credentials, and the commands that hand them over where we cannot look.

Knows those two tools' habits; opens no keyring.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from awsprof.errors import UsageError
from awsprof.naming import printable
from awsprof.sessions.keys import check_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsprof.model import LongTermCredentials

AWS_VAULT, GRANTED = "aws-vault", "Granted"
# What aws-vault keeps beside long-term credentials: sessions, in four spellings, and tokens of Identity Center.
_NO_KEYS = re.compile(r"(?:[^,]+,[^,]+,[^,]*,[0-9]+|session:.*|.+ session \([0-9]+\)|oidc:.*)")

# aws-vault's options that take the word behind them.
_WITH_VALUE = ("-d", "--duration", "-t", "--mfa-token", "--region", "--backend", "--prompt", "--keychain", "--file-dir")


class PeerItem(Protocol):
    """One item of another tool's, as the vault's room lists it."""

    @property
    def tool(self) -> str: ...

    @property
    def name(self) -> str: ...


class PeerKeyrings(Protocol):
    """The keyrings of other tools, as far as they can be read here."""

    @property
    def can_list(self) -> bool: ...

    def items(self) -> Sequence[PeerItem]: ...

    def read(self, tool: str, name: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A key of another tool's that only the tool itself can hand over."""

    tool: str
    name: str


def holds_keys(name: str) -> bool:
    """Whether an item of that name holds long-term credentials, and no session."""
    return _NO_KEYS.fullmatch(name) is None


def keys_in_item(text: str) -> LongTermCredentials:
    """
    Read the credentials in an item of either tool.

    Raises:
        UsageError: There are none, or a session's.
    """
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict) or table.get("SessionToken"):
        raise UsageError("That item holds no long-term credentials")
    return check_keys(str(table.get("AccessKeyID", "")), str(table.get("SecretAccessKey", "")))


def in_files(environ: Mapping[str, str]) -> list[Elsewhere]:
    """Return the names of what the two tools keep in encrypted files, which are the files' own names."""
    home = Path(os.path.expanduser("~"))
    directories = {
        AWS_VAULT: Path(environ.get("AWS_VAULT_FILE_DIR") or home / ".awsvault" / "keys"),
        GRANTED: home / ".granted" / "secure-storage-aws-iam-credentials",
    }
    found = []
    for tool, directory in directories.items():
        try:
            names = sorted(entry.name for entry in directory.iterdir() if entry.is_file())
        except OSError:
            continue
        found += [Elsewhere(tool, name) for name in names if holds_keys(name) and not name.startswith(".")]
    return found


def behind_process(name: str, settings: Mapping[str, str]) -> Elsewhere | None:
    """Return whose key the credential_process line of profile *name* hands over, if it calls one of these tools."""
    try:
        words = shlex.split(settings.get("credential_process", ""))
    except ValueError:
        return None
    program = words[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe") if words else ""
    if program == "aws-vault":
        return Elsewhere(AWS_VAULT, _named_by_aws_vault(words[1:]) or name)
    if program in ("granted", "dgranted"):
        return Elsewhere(GRANTED, _named_by_granted(words[1:]) or name)
    return None


def _named_by_aws_vault(words: Sequence[str]) -> str | None:
    """Return the first word behind exec or export that is neither an option nor an option's value."""
    arguments = iter(words)
    begun = False
    for word in arguments:
        if word in _WITH_VALUE:
            next(arguments, None)
        elif word == "--":
            return None
        elif not word.startswith("-"):
            if begun:
                return word
            begun = word in ("exec", "export")
    return None


def _named_by_granted(words: Sequence[str]) -> str | None:
    for word, following in itertools.zip_longest(words, words[1:]):
        if word.startswith("--profile="):
            return word.partition("=")[2]
        if word == "--profile":
            return following
    return None


def export_command(tool: str, key: str, name: str) -> str:
    """Return the command with which a person hands over, for profile *name*, a key that is out of our reach."""
    key, name = (f"{'-- ' if word.startswith('-') else ''}{shlex.quote(printable(word))}" for word in (key, name))
    if tool == AWS_VAULT:
        options = "--from - --as PRODUCT ENV USER"
        words = f"{options} {name}" if name.startswith("-- ") else f"{name} {options}"
        return f"aws-vault export --no-session --format=json {key} | awsprof import {words}"
    return f"granted credentials export-plaintext {key}, then awsprof import {key}"
