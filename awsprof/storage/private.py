"""
Small files that are this user's alone: sessions, state, keys.

Whole or not at all: readers see the old bytes or the new ones.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TEMP_PREFIX = ".awsprof-"
_STALE_S = 60


def make_private_directory(path: Path) -> None:
    """Make *path* with mode 0700, and take others' rights from one that is ours already."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        status = path.stat()
        if status.st_uid == os.geteuid() and status.st_mode & 0o077:
            path.chmod(0o700)


def write_private_file(path: Path, data: bytes, *, mtime: float | None = None) -> None:
    """
    Replace *path* by *data*, mode 0600 in a directory of mode 0700, atomically and durably.

    Args:
        mtime: Epoch seconds to give the file as its modification time, before it appears.
    """
    make_private_directory(path.parent)
    sweep(path.parent)
    # os.urandom, since importing the module secrets costs a fifth of a bare Python start.
    temp = path.parent / f"{TEMP_PREFIX}{os.getpid()}-{os.urandom(8).hex()}"
    try:
        descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mtime is not None:
            os.utime(temp, (mtime, mtime))
        os.replace(temp, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temp.unlink()
        raise
    sync_directory(path.parent)


def sweep(directory: Path) -> None:
    """Remove temporary files whose process is gone; one of a minute ago cannot be in use either way."""
    for path in stale_temps(directory):
        with contextlib.suppress(OSError):
            path.unlink()


def stale_temps(directory: Path) -> list[Path]:
    """Return the temporary files in *directory* that nobody can be using any more."""
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir(directory):
            match = re.fullmatch(rf"{re.escape(TEMP_PREFIX)}([0-9]+)-[0-9a-f]{{16}}", name)
            if match and (is_gone(int(match[1])) or time.time() - (directory / name).stat().st_mtime > _STALE_S):
                found.append(directory / name)
    return found


def is_gone(pid: int) -> bool:
    """Whether there is certainly no process of that number."""
    if os.name != "posix":
        return False  # there, signal 0 would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def sync_directory(path: Path) -> None:
    """Make a rename in *path* last through a power cut; not every system can, so it is done as far as it goes."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_file(path: Path) -> bool:
    """Remove *path*; False when there was none."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
