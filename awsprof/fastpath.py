"""
The cached ``credential_process`` answer, served in about the time Python takes to start.

Imports nothing that Python has not loaded already; what it cannot serve from the cache it leaves to the command line.
"""

from __future__ import annotations

import os
import stat
import sys
import time

FRESH_SECONDS = 15 * 60 + 30
LIVE_SECONDS = 60
_MAX_FILE_BYTES = 65_536
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789._-")


def file_name(name: str) -> str:
    """Return the file name that stands for a profile: percent-encoded, never hidden, told apart where case is not."""
    encoded = "".join(
        chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in name.encode("utf-8", "surrogateescape")
    )
    return "%2E" + encoded[1:] if encoded.startswith(".") else encoded


def is_own_name(name: str) -> bool:
    """Whether *name* has only the convention's characters; for any other the command line decides what it means."""
    return name[:1] not in ("", "-") and name != "default" and file_name(name) == name


def sessions_directory(platform: str = sys.platform) -> str | None:
    """Compute platformdirs' user_cache_path for awsprof, plus ``sessions``; None where only platformdirs knows it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if platform == "win32":
        return None
    if not base.startswith("/"):
        home = os.environ.get("HOME", "")
        if not home.startswith("/"):
            return None
        base = home.rstrip("/") + ("/Library/Caches" if platform == "darwin" else "/.cache")
    return f"{base.rstrip('/') or ''}/awsprof/sessions"


def fresh_seconds(duration: int | None) -> float:
    """Return how many seconds must be left for a session to be handed out as it is; *duration* is its whole length."""
    return FRESH_SECONDS if duration is None else min(FRESH_SECONDS, duration / 2)


def read_private_file(path: str) -> bytes | None:
    """Return the bytes of a plain file that is this user's own and nobody else's to read or write, else None."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            return None
        # Windows has no owner or mode to check here: its per-user directories carry the access list.
        if os.name == "posix" and (status.st_uid != os.geteuid() or status.st_mode & 0o077):
            return None
        data = os.read(descriptor, _MAX_FILE_BYTES + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) <= _MAX_FILE_BYTES else None


def split_session(data: bytes) -> tuple[int, bytes, int | None] | None:
    """
    Take a session file apart.

    Returns:
        The expiration in epoch seconds, the ready answer, and the session's whole length in seconds (None: not
        recorded); None when the file is torn.
    """
    lines = data.split(b"\n")
    if len(lines) < 3 or lines[-1]:
        return None
    expiration, answer, *rest = lines[:-1]
    if not (expiration.isdigit() and len(expiration) < 12 and answer[:1] == b"{" and answer[-1:] == b"}"):
        return None
    duration = int(rest[0]) if rest and rest[0].isdigit() and len(rest[0]) < 12 else None
    return int(expiration), answer, duration


def cached_answer(arguments: list[str]) -> bytes | None:
    """Return the ready answer for ``credential-process NAME`` when a fresh session is cached, else None."""
    if len(arguments) != 2 or arguments[0] != "credential-process" or os.environ.get("AWSPROF_IN_PROCESS"):
        return None
    name = arguments[1]
    directory = sessions_directory()
    if directory is None or not is_own_name(name):
        return None
    data = read_private_file(f"{directory}/{file_name(name)}")
    if data is None or data.count(b"\n") > 3:
        return None  # four lines are a role's: whether the config still means that role is not known here
    session = split_session(data)
    if session is None:
        return None
    expiration, answer, duration = session
    return answer if expiration - time.time() > fresh_seconds(duration) else None
