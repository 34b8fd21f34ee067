"""
The variable BROWSER: how other programs, as the AWS CLI, open their pages in a profile's own browser profile.

Knows the variable's form; not which browser there is.
"""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsprof.browsers.console import Browsers
    from awsprof.model import Profile


def browser_variable(
    profile: Profile,
    *,
    browsers: Callable[[], Browsers],
    environ: Mapping[str, str],
    tell: Callable[[str], None],
) -> str | None:
    """
    Return the value of BROWSER that opens pages in the browser profile of *profile*; None where none can be shown.

    Args:
        tell: Is told why, where there is a display and yet no browser.
    """
    if not _has_display(environ):
        return None
    command = _command(profile.name)
    reason = None if command else "its name, or the path of Python, cannot stand in the variable BROWSER"
    try:
        browsers().directory(profile)
    except AwsprofError as error:
        reason = error.message
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason is not None:
        tell(f"{profile.name} gets no browser window of its own ({reason}): mind in which one its page opens.")
        return None
    return command


def _command(name: str) -> str | None:
    """
    Return the command as Python's webbrowser reads it, which the AWS CLI uses.

    It parts the variable at the path separator, each part by the rules of shlex, and puts the page in place of ``%s``.

    Source: https://docs.python.org/3/library/webbrowser.html
    """
    # The page behind an equals sign is never taken for an option, and -P lets no file of the directory be awsprof.
    words = [sys.executable, "-P", "-m", "awsprof", "console", "--exact", "--url=%s", "--", name]
    command = shlex.join(words)
    return None if os.pathsep in command or "%" in name or printable(name) != name else command


def _has_display(environ: Mapping[str, str]) -> bool:
    """Without one, whoever set BROWSER has found another way, as editors on remote machines do."""
    return sys.platform in ("win32", "darwin") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
