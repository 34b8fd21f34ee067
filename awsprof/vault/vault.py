"""
What every vault can do, whichever back end is behind it.

Knows no back end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


class Vault(Protocol):
    """Text items under names; every failure is a VaultError, and no message of one holds a value."""

    @property
    def name(self) -> str:
        """The back end that `set` writes to: ``keyring`` or ``file``."""
        ...

    def get(self, item: str) -> str | None:
        """Return the value of *item*; None when there is none."""
        ...

    def set(self, item: str, value: str) -> None:
        """Store *value* under *item*, whole or not at all, in place of an older one."""
        ...

    def delete(self, item: str) -> bool:
        """Remove *item*; False when there was none."""
        ...


class BackEnd(Vault, Protocol):
    """One place that secrets can rest in."""

    def open(self) -> None:
        """Have it made and open; whatever that has to ask a person, it asks now."""
        ...

    def items(self) -> list[str]:
        """Return the names of its items, as far as they are known."""
        ...


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """
    What is known of a vault without asking anyone for anything.

    ``keyring_class`` and ``location`` belong to one back end each and are None in the other's. ``unlocked`` is None
    where the back end does not tell; ``unlocked_until`` is None where no instant is set.
    """

    backend: str
    keyring_class: str | None
    location: Path | None
    exists: bool
    unlocked: bool | None
    unlocked_until: datetime | None


class ChosenVault(Vault, Protocol):
    """The vault that the settings and this machine lead to."""

    def status(self) -> VaultStatus: ...

    def names(self) -> list[str]:
        """Return the names of its items, as far as they can be told without opening it."""
        ...

    def unlock(self, seconds: float) -> datetime | None:
        """Let later commands use it without a passphrase; return until when, None where the desktop decides that."""
        ...

    def lock(self) -> bool:
        """End what `unlock` began; False when it was not unlocked."""
        ...
