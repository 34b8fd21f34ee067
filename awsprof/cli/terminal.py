"""
Asking a person: on the terminal itself, never on stdin, and only in its foreground.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from awsprof.errors import AnswerNeededError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_ANSWER_BYTES = 16_384
_PLAIN = "\x1b[0m\n"


class Terminal:
    """The terminal this process may ask on, if there is one."""

    def can_answer(self) -> bool:
        """Whether a question would reach a person; a background job that read the terminal would be stopped instead."""
        with _opened() as descriptor:
            return descriptor is not None and _in_foreground(descriptor)

    def shows_progress(self) -> bool:
        """Whether a line on stderr can be written over by the next."""
        return sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"

    def ask(self, question: str, *, option: str, hidden: bool = False) -> str:
        """
        Ask on the terminal and return the line typed, without its end.

        Args:
            option: What to name when there is no terminal, as in ``--code``.

        Raises:
            AnswerNeededError: There is no terminal to ask on.
            KeyboardInterrupt: The person left with Ctrl-C or Ctrl-D.
        """
        with _opened() as descriptor:
            if descriptor is None or not _in_foreground(descriptor):
                raise AnswerNeededError(question.rstrip(": ?"), option=option)
            # What was printed before must stand before the question.
            sys.stdout.flush()
            sys.stderr.flush()
            return _ask(descriptor, question, hidden=hidden)

    def columns(self) -> int | None:
        """How wide the terminal is; None when there is none, or it does not say."""
        with _opened() as descriptor:
            try:
                return (os.get_terminal_size(descriptor).columns or None) if descriptor is not None else None
            except OSError:
                return None

    def write(self, text: str) -> None:
        """Show *text* on the terminal itself, if there is one: stdout and stderr may go to files that are kept."""
        with _opened() as descriptor:
            if descriptor is None or not _in_foreground(descriptor):
                return
            sys.stdout.flush()
            sys.stderr.flush()
            try:
                _write(descriptor, text)
            except BaseException:
                # Cut off in the middle, it must not leave its colours behind.
                _write(descriptor, _PLAIN if "\x1b" in text else "")
                raise

    def confirm(self, question: str, *, option: str = "--yes") -> bool:
        """Ask for yes or no; anything but yes is no."""
        return self.ask(f"{question} [y/N] ", option=option).strip().lower() in ("y", "yes")

    def choose(self, question: str, choices: Sequence[str], *, option: str) -> int:
        """Show numbered *choices* and return the index of the one chosen."""
        lines = "".join(f"{number:3}  {choice}\n" for number, choice in enumerate(choices, 1))
        prompt = f"{lines}{question} [1-{len(choices)}] "
        while True:
            answer = self.ask(prompt, option=option).strip()
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1
            prompt = f"A number from 1 to {len(choices)}: "


@contextlib.contextmanager
def _opened() -> Iterator[int | None]:
    """Open the terminal of this process; None where it has none."""
    try:
        descriptor = os.open(_DEVICE, _HOW)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    # Reasoned from the documentation, not run: the console stands in for /dev/tty.
    _DEVICE, _HOW = "CONIN$", os.O_RDWR

    def _in_foreground(descriptor: int) -> bool:
        return os.isatty(descriptor)

    def _write(descriptor: int, text: str) -> None:  # noqa: ARG001 - the console is global here
        for char in text:
            msvcrt.putwch(char)

    def _ask(descriptor: int, question: str, *, hidden: bool) -> str:  # noqa: ARG001 - the console is global here
        for char in question:
            msvcrt.putwch(char)
        typed = ""
        while True:
            char = msvcrt.getwch() if hidden else msvcrt.getwche()
            if char in "\r\n":
                msvcrt.putwch("\n")
                return typed
            if char in "\x03\x04\x1a":
                raise KeyboardInterrupt
            typed = typed[:-1] if char == "\b" else typed + char

else:
    import signal
    import termios

    _DEVICE, _HOW = "/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC

    def _in_foreground(descriptor: int) -> bool:
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        except OSError:
            return False

    def _write(descriptor: int, text: str) -> None:
        data = text.encode("utf-8", "replace")
        while data:
            data = data[os.write(descriptor, data) :]

    def _ask(descriptor: int, question: str, *, hidden: bool) -> str:
        if not hidden:
            return _read_line(descriptor, question)
        old = termios.tcgetattr(descriptor)
        silent = termios.tcgetattr(descriptor)
        silent[3] &= ~termios.ECHO

        def hide_again(*_: object) -> None:
            # After Ctrl-Z and fg: the shell has set the terminal to what it likes.
            termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
            os.write(descriptor, question.encode("utf-8", "replace"))

        before = signal.signal(signal.SIGCONT, hide_again)
        try:
            # DRAIN, not FLUSH: an answer typed ahead is still the answer.
            termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
            return _read_line(descriptor, question)
        finally:
            signal.signal(signal.SIGCONT, before)
            termios.tcsetattr(descriptor, termios.TCSADRAIN, old)
            os.write(descriptor, b"\n")

    def _read_line(descriptor: int, question: str) -> str:
        os.write(descriptor, question.encode("utf-8", "replace"))
        typed = b""
        while not typed.endswith(b"\n") and len(typed) < _MAX_ANSWER_BYTES:
            more = os.read(descriptor, 1024)
            if not more:
                raise KeyboardInterrupt
            typed += more
        return typed.decode("utf-8", "replace").rstrip("\r\n")
