"""
A shared file of the user's, changed whole or not at all, beside writers that take no lock.

Knows bytes and modes; what they mean is the caller's business.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import SharedFileError
from awsprof.storage.lock import LockHeldError, lock_path, locked
from awsprof.storage.private import sync_directory, temp_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOCK_LIMIT_S = 10.0
_MAX_TRIES = 20


@dataclass(frozen=True, slots=True)
class Edit:
    """What one edit did: the bytes before (None: there was no file) and after."""

    path: Path
    before: bytes | None
    after: bytes


def read_shared_file(path: Path) -> bytes:
    """Return the bytes of *path*; b"" when there is no such file. Raises SharedFileError when it cannot be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise SharedFileError(f"{path} cannot be read: {error.strerror}") from None


def edit_shared_file(path: Path, change: Callable[[bytes], bytes], *, locks: Path, most_mode: int | None) -> Edit:
    """
    Apply *change* to the bytes of *path* under a lock and put the result in its place.

    A link stays a link and its target is replaced. When another program writes the file between reading and
    replacing, the edit starts over from the new bytes, so *change* may be called more than once.

    Args:
        change: From the old bytes (b"" for a missing file) to the new; when it returns them unchanged or raises,
            nothing is written.
        locks: The directory of lock files.
        most_mode: Permission bits the file may have at most; None keeps an existing file's mode. New files get 0600.

    Raises:
        SharedFileError: Unreadable, unwritable, or locked by another awsprof for longer than 10 s.
    """
    target = path.resolve()
    try:
        with locked(lock_path(locks, os.fspath(target)), limit_s=LOCK_LIMIT_S):
            for _ in range(_MAX_TRIES):
                edit = _attempt(target, change, most_mode)
                if edit is not None:
                    return edit
    except LockHeldError as error:
        raise SharedFileError(
            f"{path} has been locked for {LOCK_LIMIT_S:.0f} s by {error.holder}",
            hint="Wait for that command, or end it, then try again.",
        ) from None
    except OSError as error:
        raise SharedFileError(f"{path} cannot be changed: {error.strerror}; nothing was written") from None
    raise SharedFileError(f"{path} keeps being changed by another program; nothing was written", hint="Try again.")


def _attempt(target: Path, change: Callable[[bytes], bytes], most_mode: int | None) -> Edit | None:
    """Do one edit; None when the file changed underneath and the edit must start over."""
    before, seen = _read(target)
    after = change(before or b"")
    if after == (before or b""):
        return Edit(target, before, after)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temp = target.parent / temp_name()
    try:
        _write_temp(temp, after, seen, most_mode)
        if _look(target) != _fingerprint(seen):
            return None
        os.replace(temp, target)
    finally:
        with contextlib.suppress(OSError):
            temp.unlink()
    sync_directory(target.parent)
    return Edit(target, before, after)


def _read(target: Path) -> tuple[bytes | None, os.stat_result | None]:
    try:
        with target.open("rb") as file:
            seen = os.fstat(file.fileno())
            return file.read(), seen
    except FileNotFoundError:
        return None, None


def _write_temp(temp: Path, data: bytes, old: os.stat_result | None, most_mode: int | None) -> None:
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if old is not None and os.name == "posix":
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
            mode = stat.S_IMODE(old.st_mode)
            os.fchmod(file.fileno(), mode if most_mode is None else mode & most_mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _look(target: Path) -> tuple[int, int, int] | None:
    try:
        return _fingerprint(target.stat())
    except FileNotFoundError:
        return None


def _fingerprint(status: os.stat_result | None) -> tuple[int, int, int] | None:
    return None if status is None else (status.st_ino, status.st_size, status.st_mtime_ns)
