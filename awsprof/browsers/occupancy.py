"""
Who is using a browser profile: a process of this machine, or another machine's that shares its disk.

Knows processes; not how a browser marks what it uses.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from awsprof.storage.private import is_gone

_PROCESSES = Path("/proc")


@dataclass(frozen=True, slots=True)
class Occupant:
    """A running browser; *host* is None for this machine's own, and *lock* is the file that says so."""

    lock: Path
    host: str | None = None


def runs_here(pid: int | None, directory: Path) -> bool:
    """
    Whether the browser that left *pid* in its lock still runs on *directory*.

    A number alone tells little: it may be another process's by now, and in a sandbox a browser has numbers of its own.
    So where the system shows command lines, one of them has to be of a browser that was started on the directory.
    """
    if not (_PROCESSES / "self" / "cmdline").exists():
        return pid is not None and not is_gone(pid)
    first = [_PROCESSES / str(pid)] if pid is not None else []
    others = (path for path in _PROCESSES.iterdir() if path.name.isdigit())
    return any(_is_browser_on(directory, _command_line(path)) for path in (*first, *others))


def _is_browser_on(directory: Path, arguments: list[bytes]) -> bool:
    """Whether these are the arguments of one: other programs name files in the directory, or longer names."""
    name = os.fsencode(directory)
    options = (argument for argument, value in itertools.pairwise(arguments) if value == name)
    return b"--user-data-dir=" + name in arguments or any(option in (b"--profile", b"-profile") for option in options)


def _command_line(process: Path) -> list[bytes]:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []  # it ended meanwhile, or is hidden from us


def is_shut(lock: Path) -> bool:
    """Whether a program on Windows keeps *lock* open for itself alone; reasoned from the documentation, not run."""
    try:
        with lock.open("r+b"):
            return False
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
