"""The person at the terminal, as services see one: asked for codes, devices and passphrases, and told of waits."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from awsprof.errors import RefusedCodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from awsprof.cli.terminal import Terminal
    from awsprof.model import Profile

_CODE_TRIES = 3


class PersonAtTerminal:
    """Whoever sits there, or nobody: then every question fails and says which option answers it."""

    def __init__(
        self, terminal: Terminal, *, tell: Callable[[str], None], sleep: Callable[[float], None], quiet: bool
    ) -> None:
        self._terminal = terminal
        self.tell = tell
        self._sleep = sleep
        self._quiet = quiet

    def can_answer(self) -> bool:
        return self._terminal.can_answer()

    def ask_code(self, profile: Profile) -> str:
        from awsprof.sessions.codes import check_code

        question = f"MFA code for {profile.name}: "
        for _ in range(_CODE_TRIES - 1):
            try:
                return check_code(self._terminal.ask(question, option="--code"))
            except RefusedCodeError:
                question = "A token code is six digits: "
        return self._terminal.ask(question, option="--code")

    def wait(self, seconds: float, reason: str) -> None:
        if self._quiet or not self._terminal.shows_progress():
            self.tell(f"Waiting {seconds:.0f} s {reason} …")
            self._sleep(seconds)
            return
        for left in range(math.ceil(seconds), 0, -1):
            print(f"\rWaiting {left:2} s {reason} … ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a countdown
            self._sleep(min(1.0, seconds - (left - 1)))
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)  # noqa: T201 - its end

    def choose_device(self, serials: Sequence[str]) -> str:
        from awsprof.profiles.adding import no_device_chosen

        if not self._terminal.can_answer():
            raise no_device_chosen(serials)
        return serials[
            self._terminal.choose("Which MFA device gives this profile's codes?", serials, option="--mfa-serial")
        ]

    def ask_passphrase(self, question: str) -> str:
        return self._terminal.ask(f"{question}: ", option="AWSPROF_VAULT_PASSPHRASE_COMMAND", hidden=True)

    def confirm_vault(self, directory: Path) -> bool:
        self.tell("awsprof would keep secrets in files that a passphrase opens (age).")
        return self._terminal.confirm(f"Make such a vault in {directory}?")
