"""
The clipboard of the desktop, for token codes and first passwords.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def clipboard(instead: str = "have the code shown: 'awsprof mfa code'") -> Callable[[str], None]:
    """Find the clipboard; raises AwsprofError where there is none, and says what to do *instead*."""
    import pyperclip

    copy, _ = pyperclip.determine_clipboard()
    hint = f"Install xclip, xsel or wl-clipboard, or {instead}."
    if not copy:
        raise AwsprofError("There is no clipboard here", hint=hint)

    def put(text: str) -> None:
        with tempfile.TemporaryFile() as complaints:
            try:
                # What serves the clipboard lives on behind us: with our stdout it would keep a pipe's reader waiting.
                with _streams_to(complaints.fileno()):
                    copy(text)
            except (OSError, RuntimeError):
                raise AwsprofError("The clipboard cannot be reached", hint=hint) from None
            complaints.seek(0)
            # pyperclip does not look at the status its helper exits with.
            said = complaints.read(200).decode("utf-8", "replace").strip().partition("\n")[0]
            if said:
                raise AwsprofError(f"The clipboard cannot be reached: {said}", hint=hint)

    return put


@contextlib.contextmanager
def _streams_to(descriptor: int) -> Iterator[None]:
    """Let what is started meanwhile write its stdout and stderr to *descriptor*."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    try:
        for number in kept:
            os.dup2(descriptor, number)
        yield
    finally:
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
