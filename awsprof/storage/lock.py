"""
Locks between processes, on files that are never replaced; the kernel lets go when a process dies.

Knows nothing of what a lock protects.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_POLL_SECONDS = 0.02


class LockHeldError(Exception):
    """Another process kept the lock for longer than the limit; *holder* is its pid and command, if it could be read."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


def lock_path(directory: Path, subject: str) -> Path:
    """Return the lock file that stands for *subject* (a real path, a profile's name), whatever characters it has."""
    import hashlib

    return directory / hashlib.sha256(subject.encode("utf-8", "surrogateescape")).hexdigest()[:32]


@contextlib.contextmanager
def locked(path: Path, *, limit_s: float, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """
    Hold the lock file *path* while the block runs.

    Args:
        limit_s: How many seconds to wait for another process.
        on_wait: Called once when it has to wait for longer than a second.

    Raises:
        LockHeldError: The limit passed.
        OSError: The lock file could not be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(
        path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0), 0o600
    )
    try:
        start = time.monotonic()
        while not _try_lock(descriptor):
            waited = time.monotonic() - start
            if waited >= limit_s:
                raise LockHeldError(_holder(path))
            if on_wait is not None and waited > 1:
                on_wait()
                on_wait = None
            time.sleep(_POLL_SECONDS)
        _sign(descriptor)
        yield
    finally:
        # Closing lets go of the lock; the file stays, since removing it would let two processes hold "the" lock.
        os.close(descriptor)


def _sign(descriptor: int) -> None:
    """Note who holds the lock: the pid and the command's words that cannot be secret (no option, nothing after one)."""
    words = []
    for word in sys.argv[1:3]:
        if word.startswith("-"):
            break
        words.append(word)
    text = f"pid {os.getpid()} (awsprof {' '.join(words)})".replace(" )", ")")
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, text.encode("utf-8", "replace"))


def _holder(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()[:200] or "another process"
    except OSError:
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        # Reasoned from the documentation, not run: one byte far behind the text, so that the holder stays readable.
        try:
            os.lseek(descriptor, 1 << 20, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
