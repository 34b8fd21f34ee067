"""Vaults in memory: the fakes that tests use, held to the same contract as the real ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from awsprof.errors import VaultError
from awsprof.vault import VaultStatus

if TYPE_CHECKING:
    from collections.abc import Callable


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

    def names(self) -> list[str]:
        return sorted(self.items)

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


class MemoryBackEnd:
    """
    One of the two back ends, in memory.

    Args:
        around: Makes each call: a test may break one there, before or after it has taken effect.
    """

    exists = True

    def __init__(
        self,
        name: str,
        values: dict[str, str] | None = None,
        *,
        around: Callable[[MemoryBackEnd, Callable[[], Any]], Any] = lambda _, call: call(),
    ) -> None:
        self.name = name
        self.calls: list[str] = []
        self.around = around
        self._vault = MemoryVault(values)

    @property
    def values(self) -> dict[str, str]:
        return self._vault.items

    def open(self) -> None:
        self._call("open", lambda: None)

    def get(self, item: str) -> str | None:
        value: str | None = self._call(f"get {item}", lambda: self._vault.get(item))
        return value

    def set(self, item: str, value: str) -> None:
        self._call(f"set {item}", lambda: self._vault.set(item, value))

    def delete(self, item: str) -> bool:
        return bool(self._call(f"delete {item}", lambda: self._vault.delete(item)))

    def items(self) -> list[str]:
        return sorted(self._call("items", lambda: list(self.values)))

    def holds(self, item: str) -> bool:
        return item in self.values

    def status(self) -> VaultStatus:
        return VaultStatus(self.name, None, None, True, True, None)

    def unlock(self, seconds: float) -> None:
        self.open()

    def lock(self) -> bool:
        return False

    def _call(self, what: str, call: Callable[[], Any]) -> Any:
        self.calls.append(what)
        return self.around(self, call)
