"""
A secret address handed to a browser: in a page of this user's own, which leads on at once and is soon deleted.

Arguments are seen by every process, and a port by whoever asks first; a file of mode 0600 in a directory of mode 0700
is seen by nobody else. Knows pages and their end; not what the address opens.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Callable

LIFE_S = 60
_STARTING_LIMIT_S = 20
_NAME = re.compile(r"awsprof-sign-in-[0-9a-f]{32}\.html")
# Without these, some Pythons find neither their libraries nor Windows; nothing else is to live on in a process of ours.
_NEEDED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


def hand_over(url: str, directory: Path, open_page: Callable[[str], None]) -> None:
    """
    Let *open_page* open a page that leads to *url*; the page is gone after a minute, or at once where that fails.

    Args:
        directory: The browser profile's own; nobody else may look into it.
        open_page: Is given the page's ``file:`` address.

    Raises:
        AwsprofError: Others may look into *directory*, nothing would delete the page, or *url* is no address.
    """
    if not (url.isascii() and url.isprintable()):
        raise AwsprofError("The sign-in's address has characters that no address has", hint="Check AWSPROF_SIGNIN_URL.")
    _check_private(directory)
    sweep(directory)
    page = directory / f"awsprof-sign-in-{os.urandom(16).hex()}.html"
    descriptor = os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            # Before the secret is in it, so that not even a kill of ours leaves it behind.
            _delete_later(page)
            file.write(_leading_to(url))
        open_page(page.as_uri())
    except BaseException:
        with contextlib.suppress(OSError):
            page.unlink()
        raise


def sweep(directory: Path) -> None:
    """Delete pages that outlived their minute, as after a power cut, in this browser profile and those beside it."""
    with contextlib.suppress(OSError):
        for page in directory.parent.glob("*/awsprof-sign-in-*.html"):
            if _NAME.fullmatch(page.name) and time.time() - page.lstat().st_mtime > LIFE_S:
                page.unlink()


def _leading_to(url: str) -> str:
    """Return a page that goes on to *url* once, with scripts or without, and is not gone back to."""
    script = json.dumps(url).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    content = html.escape(f"0; url={url}", quote=True)
    return (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f"<title>Signing in</title><script>location.replace({script})</script>"
        f'<noscript><meta http-equiv="refresh" content="{content}"></noscript></head><body></body></html>\n'
    )


def _check_private(directory: Path) -> None:
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or (
        os.name == "posix" and (status.st_uid != os.geteuid() or status.st_mode & 0o077)
    ):
        raise AwsprofError(
            f"{printable(str(directory))} is not a directory of this user alone, so no sign-in is laid there",
            hint=f"Make it one: chmod 700 '{printable(str(directory))}'.",
        )


def _delete_later(page: Path) -> None:
    program = Path(__file__).with_name("deleter.py")
    command = [sys.executable, "-I", "-S", str(program), str(page), str(LIFE_S)]
    environ = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    nothing = subprocess.DEVNULL
    try:
        if sys.platform == "win32":
            # Reasoned from the documents, not run: it forks no child there, and so must not be waited for.
            detached = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
            subprocess.Popen(
                command, env=environ, creationflags=detached, stdin=nothing, stdout=nothing, stderr=nothing
            )
            return
        # A session of its own: neither Ctrl-C nor the end of this terminal is meant for it.
        subprocess.run(
            command,
            env=environ,
            cwd="/",
            start_new_session=True,
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            check=True,
            timeout=_STARTING_LIMIT_S,
        )
    except (OSError, subprocess.SubprocessError):
        raise AwsprofError(
            "What deletes the sign-in page after a minute cannot be started, so none was made",
            hint="Run it again, or use --print.",
        ) from None
