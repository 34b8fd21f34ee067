"""
How long a call that may block for good is waited for.

Knows nothing of keyrings, and prints nothing: a callback does.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Answer = TypeVar("Answer")

_UNATTENDED_S = 5.0
_PERSON_S = 120.0
_CREDENTIAL_PROCESS_S = 50.0
# What has kept silent once is hardly waited for again: what a failed command takes back would hang as long once more.
_AFTER_SILENCE_S = 1.0
# Ctrl-C does not interrupt a lock's wait on Windows, so no single wait is longer than this.
_SLICE_S = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """
    The limit of one call, and the notice given on the way there.

    Args:
        limit_s: Seconds after which the call is given up.
        notice_after_s: Seconds after which *on_wait* is called, once in a command; None: never.
    """

    limit_s: float = _UNATTENDED_S
    notice_after_s: float | None = None
    on_wait: Callable[[], None] | None = None

    @classmethod
    def fitting(
        cls,
        environ: Mapping[str, str],
        *,
        terminal: bool,
        credential_process: bool = False,
        on_wait: Callable[[], None] | None = None,
        platform: str = sys.platform,
    ) -> Patience:
        """
        Return the patience that fits who is there: typing into a keyring's dialog takes a person longer than 5 s.

        Args:
            terminal: A person is at a terminal.
            credential_process: Another program waits for the answer, and gives up after a minute.
        """
        display = platform in ("darwin", "win32") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
        if not display and not terminal:
            return cls()
        return cls(_CREDENTIAL_PROCESS_S if credential_process else _PERSON_S, 2.0, on_wait)


class NoAnswerError(Exception):
    """The limit passed, after *waited_s* seconds; the call may still be running in its thread."""

    def __init__(self, waited_s: float) -> None:
        super().__init__(waited_s)
        self.waited_s = waited_s


class _Outcome(Generic[Answer]):
    """What a call in a thread came to."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.answers: list[Answer] = []
        self.error: BaseException | None = None

    def of(self, work: Callable[[], Answer]) -> None:
        try:
            self.answers.append(work())
        except BaseException as error:  # noqa: BLE001 — whatever it is, the waiting thread raises it
            self.error = error
        finally:
            self.done.set()


class BoundedCalls:
    """Makes calls in threads, each bounded by one patience, of which little is left once a call got no answer."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self._limit_s = patience.limit_s
        self._notice_due = patience.on_wait is not None and patience.notice_after_s is not None

    def __call__(self, work: Callable[[], Answer]) -> Answer:
        """
        Return what *work* returns, or raise what it raises.

        Raises:
            NoAnswerError: It took longer than the limit.
        """
        outcome = _Outcome[Answer]()
        # A daemon, because nothing can end a thread that hangs, and it must not keep the process from exiting.
        threading.Thread(target=outcome.of, args=(work,), name="awsprof-bounded-call", daemon=True).start()
        start = time.monotonic()
        while not outcome.done.wait(self._until_next(time.monotonic() - start)):
            waited = time.monotonic() - start
            if self._notice_due and waited >= (self.patience.notice_after_s or 0):
                self._notice_due = False
                if self.patience.on_wait is not None:
                    self.patience.on_wait()
            if waited >= self._limit_s:
                limit_s, self._limit_s = self._limit_s, min(self._limit_s, _AFTER_SILENCE_S)
                raise NoAnswerError(limit_s)
        if outcome.error is not None:
            raise outcome.error
        return outcome.answers[0]

    def _until_next(self, waited: float) -> float:
        instants = [self._limit_s, waited + _SLICE_S]
        if self._notice_due and self.patience.notice_after_s is not None:
            instants.append(self.patience.notice_after_s)
        return max(0.0, min(instants) - waited)
