"""A vault in memory: the fake that other rooms' tests use, held to the same contract as the real ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from awsprof.errors import VaultError
from awsprof.vault import VaultStatus


class MemoryVault:
    """
    Items in a dictionary.

    Set `refusal` to have every call raise that error, as a locked or absent vault does.
    """

    name = "memory"

    def __init__(self, items: dict[str, str] | None = None, *, refusal: VaultError | None = None) -> None:
        self.items = dict(items or {})
        self.refusal = refusal
        self.unlocked_until: datetime | None = None

    def get(self, item: str) -> str | None:
        self._check(item)
        return self.items.get(item)

    def set(self, item: str, value: str) -> None:
        self._check(item)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise VaultError(f"The value of '{item}' is not text") from None
        self.items[item] = value

    def delete(self, item: str) -> bool:
        self._check(item)
        return self.items.pop(item, None) is not None

    def status(self) -> VaultStatus:
        return VaultStatus(self.name, None, None, True, self.unlocked_until is not None, self.unlocked_until)

    def unlock(self, seconds: float) -> datetime:
        self.unlocked_until = datetime.now(UTC) + timedelta(seconds=seconds)
        return self.unlocked_until

    def lock(self) -> bool:
        was_unlocked = self.unlocked_until is not None
        self.unlocked_until = None
        return was_unlocked

    def _check(self, item: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        if not item:
            raise VaultError("A vault's item needs a name")
