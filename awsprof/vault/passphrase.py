"""
Where the passphrase of a file vault comes from: the environment, a command, a person.

Knows nothing of what the passphrase opens.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError, VaultError, VaultLockedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VARIABLE = "AWSPROF_VAULT_PASSPHRASE"
COMMAND_VARIABLE = "AWSPROF_VAULT_PASSPHRASE_COMMAND"
# The longest that one command waits for another's answer anywhere in awsprof.
_COMMAND_LIMIT_S = 50
_LOCKED_HINT = f"Run 'awsprof vault unlock' in a terminal, or set {COMMAND_VARIABLE}."


@dataclass(frozen=True, slots=True)
class Passphrase:
    text: str = field(repr=False)
    origin: str


class PassphraseSources:
    """
    The sources in their order.

    Args:
        ask: Asks a person the question it is given, with hidden input; None where there is nobody. It may raise any
            AwsprofError, OSError or EOFError to say the same.
    """

    def __init__(self, environ: Mapping[str, str], ask: Callable[[str], str] | None) -> None:
        self._environ = environ
        self._ask = ask

    @property
    def in_environ(self) -> bool:
        """Whether the environment names one, so that nobody need be asked."""
        return bool(self._environ.get(VARIABLE) or self._environ.get(COMMAND_VARIABLE))

    def current(self) -> Passphrase:
        """Return the passphrase of a vault that exists, or raise VaultLockedError where nothing gives one."""
        return self._from_environ() or self._typed("Passphrase of awsprof's vault")

    def new(self) -> Passphrase:
        """Return the passphrase of a vault to be made; a person types it twice."""
        given = self._from_environ()
        if given is not None:
            return given
        first = self._typed("New passphrase for awsprof's vault")
        if self._typed("The same passphrase again").text != first.text:
            raise VaultError("The two passphrases differ, so no vault was made", hint="Run the command again.")
        return first

    def _from_environ(self) -> Passphrase | None:
        if text := self._environ.get(VARIABLE):
            return Passphrase(text, VARIABLE)
        if line := self._environ.get(COMMAND_VARIABLE):
            return Passphrase(_run(line, self._environ), COMMAND_VARIABLE)
        return None

    def _typed(self, question: str) -> Passphrase:
        if self._ask is None:
            raise VaultLockedError("The vault needs its passphrase", hint=_LOCKED_HINT)
        try:
            text = self._ask(question)
        except (AwsprofError, OSError, EOFError):
            raise VaultLockedError(
                "The vault needs its passphrase, and nobody could be asked for it", hint=_LOCKED_HINT
            ) from None
        if not text:
            raise VaultLockedError("An empty passphrase protects nothing", hint="Type one, or press Ctrl-C to leave.")
        return Passphrase(text, "the terminal")


def _run(line: str, environ: Mapping[str, str]) -> str:
    """Return what the passphrase command prints; its words and its output may be secret, so no message holds them."""
    import subprocess

    try:
        words = shlex.split(line)
    except ValueError:
        raise VaultError(f"{COMMAND_VARIABLE} has a quote without its other half") from None
    if not words:
        raise VaultError(f"{COMMAND_VARIABLE} names no command")
    try:
        result = subprocess.run(
            words,
            # Standard input may hold another secret, meant for awsprof itself.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # A command that reads a secret by a profile of awsprof's would wait for the vault that waits for it.
            env={**environ, "AWSPROF_IN_PROCESS": "1"},
            timeout=_COMMAND_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise VaultError(f"The command in {COMMAND_VARIABLE} gave no answer within {_COMMAND_LIMIT_S} s") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no command"
        raise VaultError(f"The command in {COMMAND_VARIABLE} could not be started: {reason}") from None
    if result.returncode != 0:
        raise VaultError(
            f"The command in {COMMAND_VARIABLE} failed with exit status {result.returncode}",
            hint="Run it by hand to see why.",
        )
    try:
        text = result.stdout.decode("utf-8")
    except UnicodeDecodeError:
        raise VaultError(f"The command in {COMMAND_VARIABLE} printed something that is not text") from None
    text = text.removesuffix("\r\n" if os.name == "nt" and text.endswith("\r\n") else "\n")
    if not text:
        raise VaultError(f"The command in {COMMAND_VARIABLE} printed no passphrase")
    return text
