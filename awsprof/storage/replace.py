"""
A shared file of the user's, changed whole or not at all, beside writers that take no lock.

Knows bytes and modes; what they mean is the caller's business.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import SharedFileError
from awsprof.storage.lock import LockHeldError, lock_path, locked
from awsprof.storage.private import TEMP_PREFIX, sync_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOCK_LIMIT_S = 10.0
_MAX_TRIES = 20
_REST_S = 0.2
_EMPTY_REST_S = 1.0
_REST_LIMIT_S = 4.0


# What a replacement can meet where writing in place still works: a bind mount, a read-only or foreign directory.
_NO_REPLACEMENT = (errno.EBUSY, errno.EACCES, errno.EPERM, errno.EROFS, errno.EXDEV, errno.ETXTBSY)


@dataclass(frozen=True, slots=True)
class Edit:
    """What one edit does: the bytes before (None: there was no file) and after; *in_place* says why, if it must be."""

    path: Path
    before: bytes | None
    after: bytes
    in_place: str | None = None


def read_shared_file(path: Path) -> bytes:
    """Return the bytes of *path*; b"" when there is no such file. Raises SharedFileError when it cannot be read."""
    try:
        return _read(path)[0] or b""
    except NotADirectoryError:
        return b""
    except OSError as error:
        raise SharedFileError(f"{path} cannot be read: {error.strerror}") from None


def edit_shared_file(
    path: Path,
    change: Callable[[bytes], bytes],
    *,
    locks: Path,
    most_mode: int | None,
    new_mode: int = 0o600,
    record: Callable[[Edit], None] = lambda _: None,
) -> Edit:
    """
    Apply *change* to the bytes of *path* under a lock and put the result in its place.

    A link stays a link and its target is replaced. When another program writes the file between reading and
    replacing, the edit starts over from the new bytes, so *change* may be called more than once. A file that cannot
    be replaced (a bind mount, a read-only directory, a second hard link, another owner) is written in place.

    Args:
        change: From the old bytes (b"" for a missing file) to the new; when it returns them unchanged or raises,
            nothing is written.
        locks: The directory of lock files.
        most_mode: Permission bits the file may have at most; None keeps an existing file's mode.
        new_mode: What a new file gets; the umask has its say.
        record: Called with the edit before it is made, so that it can be taken back; may be called again for the
            same file when the edit starts over.

    Raises:
        SharedFileError: Unreadable, read-only, unwritable, or locked by another awsprof for longer than 10 s.
    """
    try:
        target = path.resolve()
        lock = lock_path(locks, os.fspath(target))
        with locked(lock, limit_s=LOCK_LIMIT_S):
            _sweep(target)
            ours = lock.with_suffix(".ours")
            for _ in range(_MAX_TRIES):
                _await_rest(target, ours)
                edit = _attempt(target, change, most_mode, new_mode, record)
                if edit is not None:
                    _remember(target, ours)
                    return edit
    except LockHeldError as error:
        raise SharedFileError(
            f"{path} has been locked for {LOCK_LIMIT_S:.0f} s by {error.holder}",
            hint="Wait for that command, or end it, then try again.",
        ) from None
    except (OSError, RuntimeError) as error:  # RuntimeError: a circle of links
        reason = getattr(error, "strerror", None) or "its links lead round in a circle"
        raise SharedFileError(f"{path} cannot be changed: {reason}; nothing was written") from None
    raise SharedFileError(f"{path} keeps being changed by another program; nothing was written", hint="Try again.")


def _temp_prefix(target: Path) -> str:
    """Return how the temporary files of *target* begin; each file has its own, since each has its own lock."""
    return f"{TEMP_PREFIX}{target.name}-"


def _await_rest(target: Path, ours: Path) -> None:
    """
    Wait until a file that another program may be in the middle of writing has rested for a while.

    The AWS CLI empties a file and then writes it anew: what stands there in between is no base for an edit, least of
    all nothing.
    """
    seen = _look(target)
    with contextlib.suppress(OSError):
        if seen is None or ours.read_text("ascii") == str(seen):
            return
    deadline = time.monotonic() + _REST_LIMIT_S
    while seen is not None and time.monotonic() < deadline:
        rest_s = _EMPTY_REST_S if seen[1] == 0 else _REST_S
        # A time in the future comes from another clock, and tells nothing.
        if not 0 <= time.time() - seen[2] / 1e9 < rest_s:
            return
        time.sleep(_REST_S / 10)
        seen = _look(target)


def _remember(target: Path, ours: Path) -> None:
    """Note what the file looks like after our own edit, so that the next one need not wait."""
    with contextlib.suppress(OSError):
        ours.touch(mode=0o600)
        ours.write_text(str(_look(target)), "ascii")


def _sweep(target: Path) -> None:
    """Remove temporary files that a killed process left: under the lock nobody else can be using them."""
    for path in _temps_beside(target):
        with contextlib.suppress(OSError):
            path.unlink()


def left_beside(path: Path, locks: Path) -> list[Path]:
    """Return the temporary files of *path* that killed processes left: those there are while nobody edits it."""
    try:
        target = path.resolve()
        if not _temps_beside(target):
            return []
        with locked(lock_path(locks, os.fspath(target)), limit_s=0):
            return _temps_beside(target)
    except (LockHeldError, OSError, RuntimeError):
        return []


def _temps_beside(target: Path) -> list[Path]:
    try:
        names = os.listdir(target.parent)
    except OSError:
        return []
    wanted = re.compile(re.escape(_temp_prefix(target)) + "[0-9a-f]{16}")
    return [target.parent / name for name in names if wanted.fullmatch(name)]


def _attempt(
    target: Path,
    change: Callable[[bytes], bytes],
    most_mode: int | None,
    new_mode: int,
    record: Callable[[Edit], None],
) -> Edit | None:
    """Do one edit; None when the file changed underneath and the edit must start over."""
    before, seen = _read(target)
    after = change(before or b"")
    edit = Edit(target, before, after, _why_in_place(seen))
    if after == (before or b""):
        return edit
    if seen is not None and not stat.S_ISREG(seen.st_mode):
        raise SharedFileError(f"{target} is no plain file, so nothing can be written to it")
    if seen is not None and not seen.st_mode & 0o200:
        raise SharedFileError(
            f"{target} is read-only; nothing was written", hint=f"If it may be changed: chmod u+w {target}"
        )
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if edit.in_place is None:
        try:
            return _replace(edit, seen, most_mode, new_mode, record)
        except OSError as error:
            if error.errno not in _NO_REPLACEMENT or before is None:
                raise
            edit = Edit(target, before, after, f"it cannot be replaced ({error.strerror})")
    return _write_in_place(edit, seen, record)


def _why_in_place(seen: os.stat_result | None) -> str | None:
    if seen is None or os.name != "posix":
        return None
    if seen.st_nlink > 1:
        return "it has a second name (a hard link)"
    if seen.st_uid != os.geteuid() and os.geteuid() != 0:
        return "it is owned by another user"
    return None


def _replace(
    edit: Edit, seen: os.stat_result | None, most_mode: int | None, new_mode: int, record: Callable[[Edit], None]
) -> Edit | None:
    temp = edit.path.parent / f"{_temp_prefix(edit.path)}{os.urandom(8).hex()}"
    try:
        _write_temp(temp, edit.after, seen, most_mode, new_mode)
        if _look(edit.path) != _fingerprint(seen):
            return None
        record(edit)
        if _look(edit.path) != _fingerprint(seen):
            return None
        os.replace(temp, edit.path)
    finally:
        with contextlib.suppress(OSError):
            temp.unlink()
    sync_directory(edit.path.parent)
    return edit


def _write_in_place(edit: Edit, seen: os.stat_result | None, record: Callable[[Edit], None]) -> Edit | None:
    """Write over the file itself; the record made before is what brings it back if this is cut short."""
    record(edit)
    with edit.path.open("r+b") as file:
        if _fingerprint(os.fstat(file.fileno())) != _fingerprint(seen):
            return None
        # The space first: a disk that is full must be found out before a byte of the old file is overwritten.
        if hasattr(os, "posix_fallocate") and edit.after:
            os.posix_fallocate(file.fileno(), 0, len(edit.after))
        file.write(edit.after)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    return edit


def _read(target: Path) -> tuple[bytes | None, os.stat_result | None]:
    try:
        # Not to wait for whoever might write to a pipe.
        descriptor = os.open(target, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None, None
    with os.fdopen(descriptor, "rb") as file:
        seen = os.fstat(file.fileno())
        if stat.S_ISDIR(seen.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if os.path.realpath(target) == os.devnull:
            # What people point a variable to when there is to be no such file.
            return b"", seen
        if not stat.S_ISREG(seen.st_mode):
            raise SharedFileError(f"{target} is no plain file")
        return file.read(), seen


def _write_temp(temp: Path, data: bytes, old: os.stat_result | None, most_mode: int | None, new_mode: int) -> None:
    # What is to become another's file again stays private until it is.
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, new_mode if old is None else 0o600)
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
