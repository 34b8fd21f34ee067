"""A command that takes awsprof's place, with the environment it is given."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from awsprof.errors import CommandNotRunError

if TYPE_CHECKING:
    from collections.abc import Sequence


def become(command: Sequence[str], environ: dict[str, str]) -> int:
    """Replace this process by *command*; on Windows, which cannot, run it and return its exit status."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        if os.name != "posix":
            import subprocess

            return subprocess.run(command, env=environ, check=False).returncode
        import signal

        # Python ignores these, and a command would inherit that.
        for name in ("SIGPIPE", "SIGXFSZ", "SIGXFZ"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        os.execvpe(command[0], list(command), environ)  # noqa: S606 - becoming the user's own command is the purpose
    except (FileNotFoundError, NotADirectoryError):
        raise CommandNotRunError(f"There is no command '{command[0]}'", status=127) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandNotRunError(f"'{command[0]}' cannot be run: {reason}", status=126) from None
