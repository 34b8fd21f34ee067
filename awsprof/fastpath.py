"""
What is cached ready to print, served in about the time Python takes to start: the answer of ``credential_process``,
and the integration that ``init`` gives a shell.

Imports nothing that Python has not loaded already; what it cannot serve from the cache it leaves to the command line.
"""

from __future__ import annotations

import os
import stat
import sys
import time

import awsprof

FRESH_SECONDS = 15 * 60 + 30
LIVE_SECONDS = 60
_MAX_FILE_BYTES = 65_536
_MAX_INIT_BYTES = 524_288
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


_SUPPORT = "/Library/Application Support"
# For each kind of directory: the variable, and where it lies below HOME on macOS and elsewhere.
_DIRECTORIES = {
    "cache": ("XDG_CACHE_HOME", "/Library/Caches", "/.cache"),
    "config": ("XDG_CONFIG_HOME", _SUPPORT, "/.config"),
    "state": ("XDG_STATE_HOME", _SUPPORT, "/.local/state"),
}


def own_directory(kind: str, platform: str = sys.platform, *, usual: bool = False) -> str | None:
    """
    Compute a directory of awsprof's own as platformdirs does; None where only platformdirs knows it.

    Args:
        kind: ``cache``, ``config`` or ``state``.
        usual: Return the one that holds when no XDG variable says otherwise.
    """
    variable, on_macos, elsewhere = _DIRECTORIES[kind]
    if platform == "win32":
        return None
    base = "" if usual else os.environ.get(variable, "")
    if not base.startswith("/"):
        home = os.environ.get("HOME", "")
        if not home.startswith("/"):
            return None
        base = home.rstrip("/") + (on_macos if platform == "darwin" else elsewhere)
    return f"{base.rstrip('/') or ''}/awsprof"


def sessions_directory(platform: str = sys.platform) -> str | None:
    """Compute platformdirs' user_cache_path for awsprof, plus ``sessions``; None where only platformdirs knows it."""
    cache = own_directory("cache", platform)
    return None if cache is None else f"{cache}/sessions"


def fresh_seconds(duration: int | None) -> float:
    """Return how many seconds must be left for a session to be handed out as it is; *duration* is its whole length."""
    return FRESH_SECONDS if duration is None else min(FRESH_SECONDS, duration / 2)


def read_private_file(path: str, most_bytes: int = _MAX_FILE_BYTES) -> bytes | None:
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
        data = os.read(descriptor, most_bytes + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) <= most_bytes else None


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


HOOKS = {"bash": "hook.bash", "zsh": "hook.zsh", "fish": "hook.fish", "powershell": "hook.ps1"}
COMPLETIONS = {"bash": "awsprof.bash", "zsh": "_awsprof", "fish": "awsprof.fish", "powershell": "awsprof.ps1"}
INIT_OPTIONS = ("--no-completion", "--no-prompt")


def init_name(shell: str, options: list[str]) -> str:
    """Return the name of the file that holds what ``init`` prints."""
    return shell + "".join(sorted(options))


def init_key(shell: str, launcher: str) -> bytes | None:
    """
    Return the first line of what ``init`` prints: all that the rest depends on; None where that is not known.

    A comment in every shell, and whatever is in a path, one line.
    """
    settings, state = own_directory("config"), own_directory("state", usual=True)
    if settings is None or state is None:
        return None
    package = os.path.dirname(__file__)
    template = _stamp(f"{package}/shells/{HOOKS[shell]}")
    completion = _stamp(f"{package}/shells/completions/{COMPLETIONS[shell]}")
    if completion == "none":
        # In a source tree they lie beside the package.
        completion = _stamp(f"{os.path.dirname(package)}/completions/{COMPLETIONS[shell]}")
    stamps = f"{template} {completion} {_stamp(f'{settings}/config.toml')}"
    return f"# awsprof {awsprof.__version__}: {launcher!a} {state!a} {stamps}\n".encode("ascii")


def _stamp(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError:
        return "none"
    return f"{status.st_mtime_ns}-{status.st_size}"


def _first_launcher() -> str | None:
    """Return the first awsprof on PATH; whether a profile may point to it is for the command line to say."""
    for directory in os.environ.get("PATH", "").split(":"):
        path = os.path.join(directory, "awsprof")
        if directory.startswith("/") and os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def cached_init(arguments: list[str]) -> bytes | None:
    """Return what ``init SHELL`` prints when it is cached and nothing it depends on has changed, else None."""
    if len(arguments) < 2 or arguments[0] != "init" or arguments[1] not in HOOKS:
        return None
    shell, *options = arguments[1:]
    directory, launcher = own_directory("cache"), _first_launcher()
    if directory is None or launcher is None or any(option not in INIT_OPTIONS for option in options):
        return None
    key = init_key(shell, launcher)
    data = read_private_file(f"{directory}/init/{init_name(shell, options)}", _MAX_INIT_BYTES)
    # A torn file has no line end at its end.
    return data if data and key and data.startswith(key) and data.endswith(b"\n") else None
