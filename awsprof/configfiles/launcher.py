"""
The command that a ``credential_process`` line names: a launcher that outlives upgrades.

Knows paths of programs; not what they are run for.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from awsprof.configfiles.merged import PROCESS_COMMAND
from awsprof.errors import AwsprofError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHIM_DIRECTORIES = ("/.pyenv/shims/", "/.asdf/shims/", "/mise/shims/", "/.rye/shims/")
_RUNNER_CACHES = (
    "/uv/archive-v",  # uvx: ~/.cache/uv/archive-v0/…
    "/uv/environments-v",
    "/uv/builds-v",
    "/pipx/.cache/",  # pipx run, its older place
    "/.cache/pipx/",
    "/pipx/cache/",
    "/Caches/pipx/",
)


def process_line(name: str, environ: Mapping[str, str]) -> str:
    """
    Return the credential_process value for a profile.

    Raises:
        AwsprofError: There is only a temporary launcher, or one whose path no reader would take.
    """
    path = find_launcher(environ)
    if os.name != "posix":
        # Reasoned from the readers' rules, not run: they agree on a bare name only, and it is on PATH.
        return f"awsprof {PROCESS_COMMAND} {name}"
    if any(char in path for char in "#;\"'\n") or not path.isprintable():
        raise AwsprofError(
            f"The path of awsprof, {path!r}, cannot stand in a shared config file",
            hint="Install it in a directory without quotes, '#' and ';' in its name.",
        )
    return f"{shlex.quote(path)} {PROCESS_COMMAND} {name}"


def find_launcher(environ: Mapping[str, str]) -> str:
    """
    Find the launcher a user would type: on PATH, its symlink kept, never a version manager's shim.

    Raises:
        AwsprofError: Only a temporary one exists, in the cache of uvx or ``pipx run``.
    """
    found = list(_launchers(environ))
    for path in found:
        if not _is_temporary(path, environ):
            return path
    raise AwsprofError(
        "This awsprof runs from a temporary place, which a profile cannot point to"
        if found
        else "No awsprof launcher is on PATH for a profile to point to",
        hint="Install it with 'uv tool install awsprof' or 'pipx install awsprof', then run the command again.",
    )


def _launchers(environ: Mapping[str, str]) -> Iterator[str]:
    for directory in environ.get("PATH", os.defpath).split(os.pathsep):
        found = shutil.which("awsprof", path=directory) if os.path.isabs(directory) else None
        if found is not None and not _is_shim(found):
            yield found
    if Path(sys.argv[0]).stem == "awsprof":
        yield os.path.abspath(sys.argv[0])
    beside = shutil.which("awsprof", path=os.path.dirname(sys.executable))
    if beside is not None:
        yield beside


def _is_shim(path: str) -> bool:
    return any(directory in path.replace("\\", "/") for directory in _SHIM_DIRECTORIES)


def _is_temporary(path: str, environ: Mapping[str, str]) -> bool:
    places = [os.path.realpath(path).replace("\\", "/"), path.replace("\\", "/")]
    caches = [*_RUNNER_CACHES]
    for variable in ("UV_CACHE_DIR", "PIPX_SHARED_CACHE"):
        if environ.get(variable):
            caches.append(environ[variable].rstrip("/") + "/")
    return any(cache in place for cache in caches for place in places)
