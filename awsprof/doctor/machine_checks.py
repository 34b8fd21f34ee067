"""
What is wrong around the files: who else may read them, what was left behind, and the vault.

Knows modes and names; opens no secret.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.configfiles.merged import LONG_TERM_KEYS
from awsprof.doctor.advice import FIX, chmod
from awsprof.errors import AwsprofError, UsageError
from awsprof.findings import Finding, Severity
from awsprof.model import Kind
from awsprof.naming import printable
from awsprof.storage.private import stale_temps
from awsprof.storage.replace import left_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from awsprof.doctor.shared import SeenFile, SharedFiles
    from awsprof.places import Places
    from awsprof.vault import ChosenVault

# What is not a profile's: the journal's own key.
_OWN_ITEMS = "awsprof"
_OF_COLLEAGUES = ("/console", "/mfa-reset")


@dataclass(frozen=True, slots=True)
class Loose:
    """A file or directory that others may read or write, and the mode it should have."""

    path: Path
    mode: int
    severity: Severity
    message: str

    @property
    def command(self) -> str:
        return chmod(f"{self.mode:o}", self.path)

    def finding(self) -> Finding:
        return Finding("loose-permissions", self.severity, self.message, self.command, str(self.path))


def loose_places(shared: SharedFiles, places: Places) -> Iterator[Loose]:
    """Find what others than this user may read or write and should not."""
    if os.name != "posix":
        return
    for file in shared.files:
        yield from _loose_file(file)
    for directory in dict.fromkeys(file.path.parent for file in shared.files):
        mode = _mode(directory)
        # Any other directory that a variable points into may be meant for several people.
        if directory.name == ".aws" and mode is not None and mode & 0o022:
            message = f"others may put files of their own into {directory}, and so choose what every AWS tool runs"
            yield Loose(directory, mode & ~0o022, Severity.ERROR, message)
    for directory in (*places.own_directories, places.cache, places.state, places.browsers):
        mode = _mode(directory)
        if mode is not None and mode & 0o022:
            message = f"others may write to {directory}, where awsprof keeps files of its own"
            yield Loose(directory, mode & ~0o077, Severity.ERROR, message)
        elif directory.name in ("sessions", "items", "journal") and mode is not None and mode & 0o077:
            message = f"others may look into {directory}, where awsprof keeps what is secret"
            yield Loose(directory, mode & ~0o077, Severity.WARNING, message)
    for path in _files_in(places.cache / "sessions"):
        mode = _mode(path)
        if mode is not None and mode & 0o077:
            message = f"others may read the session in {path.name}, so awsprof does not use it"
            yield Loose(path, 0o600, Severity.ERROR, message)


def _loose_file(file: SeenFile) -> Iterator[Loose]:
    mode = _mode(file.path)
    if mode is None or not file.path.is_file():
        return
    keys = (LONG_TERM_KEYS[1], "aws_session_token")
    secret = any(setting.key in keys for block in file.sections.values() for setting in block.settings)
    if mode & 0o077 and (secret or not file.in_config):
        what = "the keys in it" if secret else "what any tool writes to it"
        severity = Severity.ERROR if secret else Severity.WARNING
        yield Loose(file.path, mode & 0o700, severity, f"other users of this machine may read {what}")
    elif mode & 0o022:
        message = "other users of this machine may write to it, and so choose what every AWS tool runs"
        yield Loose(file.path, mode & ~0o022, Severity.ERROR, message)


def left_over(shared: SharedFiles, places: Places) -> list[Path]:
    """Return the temporary files of commands that were killed."""
    found = [path for file in shared.files for path in left_beside(file.path, places.locks)]
    for directory in places.own_directories:
        found += stale_temps(directory)
    return found


def check_left_over(paths: Sequence[Path]) -> Iterator[Finding]:
    for path in paths:
        message = "a command that was killed left this file, which may hold secrets in plain text"
        yield Finding("left-over-temp", Severity.WARNING, message, FIX, str(path))


def unsound(error: UsageError, path: Path) -> Finding:
    """Make a finding of what is wrong with a file of awsprof's own."""
    line = re.search(r"\bline (\d+)", error.message.removeprefix(str(path)))
    message = f"{error.message}; every other command stops at it"
    at = None if line is None else int(line[1])
    return Finding("unsound-settings", Severity.ERROR, message, error.hint, str(path), at)


def check_vault(vault: Callable[[], ChosenVault], shared: SharedFiles, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Check that there is a vault, that it is a sound one, and that its items belong to profiles."""
    from awsprof.vault.weak import weak_keyring

    weak = weak_keyring(environ)
    if weak is not None:
        yield Finding(
            "weak-keyring",
            Severity.WARNING,
            f"Python's keyring library is told by {printable(weak)} to keep secrets where they are not encrypted: "
            "awsprof does not, other programs do",
            "Take that choice out, or see that nothing else uses it.",
        )
    try:
        if not vault().status().exists:
            users = sum(seen.profile.kind is Kind.USER for seen in shared.profiles.values())
            need = "1 profile needs its keys" if users == 1 else f"{users} profiles need their keys"
            why = f"{need} from it" if users else "so there is no place for long-term keys yet"
            yield Finding(
                "no-vault",
                Severity.ERROR if users else Severity.WARNING,
                f"There is no vault on this machine, {'and ' if users else ''}{why}",
                "awsprof add PRODUCT ENV USER makes one",
            )
        items = vault().names()
    except UsageError:
        return  # which one is in force is not known while the settings are unsound
    except AwsprofError as error:
        yield Finding("no-vault", Severity.ERROR, error.message, error.hint)
        return
    if any(file.unreadable is not None for file in shared.files):
        # Whose the items are cannot be told.
        return
    # A colleague's first password, or lost device, is here without a profile of theirs.
    owners = dict.fromkeys(item.partition("/")[0] for item in items if not item.endswith(_OF_COLLEAGUES))
    for owner in owners:
        if owner != _OWN_ITEMS and owner not in shared.profiles:
            yield Finding(
                "orphan-vault-item",
                Severity.WARNING,
                f"the vault holds keys of {printable(owner)}, and no profile of that name is in these files",
                "awsprof add PRODUCT ENV USER brings it back; awsprof remove then takes both out",
                profile=owner,
            )


def _mode(path: Path) -> int | None:
    """Return the mode of what is this user's own; None for what is not, and for what is not there."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return stat.S_IMODE(status.st_mode) if status.st_uid == os.geteuid() else None


def _files_in(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if not path.name.startswith(".") and path.is_file())
    except OSError:
        return []
