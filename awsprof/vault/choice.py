"""
Which vault it is: what the settings and the environment say, and what this machine has.

Knows the back ends' rank; nothing of how they store.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from awsprof.errors import UsageError, VaultUnavailableError
from awsprof.naming import printable
from awsprof.vault.age_vault import AgeVault
from awsprof.vault.keyring_vault import KeyringVault
from awsprof.vault.passphrase import PassphraseSources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from awsprof.places import Places
    from awsprof.vault.patience import Patience
    from awsprof.vault.vault import ChosenVault, VaultStatus

VARIABLE = "AWSPROF_VAULT"
# Unlocking a keyring is reading from it: the keyring opens its own dialog. No item has this name.
_NO_ITEM = "awsprof/unlock"


def choose_vault(
    setting: str,
    environ: Mapping[str, str],
    places: Places,
    patience: Patience,
    *,
    ask_passphrase: Callable[[str], str] | None,
    confirm_create: Callable[[], bool] | None,
) -> ChosenVault:
    """
    Return the vault to use; it touches nothing, and loads no back end, before its first use.

    Args:
        setting: ``auto``, ``keyring`` or ``file``; AWSPROF_VAULT goes before it.
        ask_passphrase: Asks a person the question it is given, with hidden input; None where there is nobody.
        confirm_create: Asks a person whether to make a vault of files; None where there is nobody.

    Raises:
        UsageError: AWSPROF_VAULT names no back end.
    """
    forced = environ.get(VARIABLE, "")
    if forced not in ("", "keyring", "file"):
        raise UsageError(f"{VARIABLE} is '{printable(forced)}', which is no vault", hint="Set it to keyring or file.")
    wanted = forced or setting

    def find() -> KeyringVault | None:
        return KeyringVault.find(patience, environ=environ, write_lock=places.locks / "keyring")

    if wanted == "keyring":
        return KeyringOnly(find)
    files = AgeVault(
        places.vault,
        runtime=places.runtime,
        passphrases=PassphraseSources(environ, ask_passphrase),
        confirm_create=confirm_create,
        absence="There is no vault of files yet" + (", and no OS keyring here" if wanted == "auto" else ""),
    )
    return files if wanted == "file" else KeyringElseFiles(find, files)


class KeyringOnly:
    """The OS keyring, and an error where there is none."""

    name = "keyring"

    def __init__(self, find: Callable[[], KeyringVault | None]) -> None:
        self._find = find

    @cached_property
    def _keyring(self) -> KeyringVault:
        keyring = self._find()
        if keyring is None:
            raise VaultUnavailableError(
                "There is no OS keyring here that keeps its items encrypted",
                hint=f"Set {VARIABLE}=file to keep secrets in files that a passphrase opens.",
            )
        return keyring

    def get(self, item: str) -> str | None:
        return self._keyring.get(item)

    def set(self, item: str, value: str) -> None:
        self._keyring.set(item, value)

    def delete(self, item: str) -> bool:
        return self._keyring.delete(item)

    def status(self) -> VaultStatus:
        return self._keyring.status()

    def unlock(self, seconds: float) -> datetime | None:  # noqa: ARG002 — for how long, the desktop decides
        self._keyring.get(_NO_ITEM)
        return None

    def lock(self) -> bool:
        # Locking the keyring would close it to every other program of the desktop.
        return False


class KeyringElseFiles:
    """
    The OS keyring where there is one, else files.

    One person may come in by ssh, where no keyring can be reached, and sit at the desktop later. So an item may be
    among the files although there is a keyring. Storing in the keyring removes that copy: where one is left, it is
    the newer of the two, and it is what `get` returns.
    """

    def __init__(self, find: Callable[[], KeyringVault | None], files: AgeVault) -> None:
        self._find = find
        self._files = files

    @cached_property
    def _keyring(self) -> KeyringVault | None:
        return self._find()

    @property
    def name(self) -> str:
        return self._files.name if self._keyring is None else self._keyring.name

    def get(self, item: str) -> str | None:
        # In this order a copy among the files is served without waiting for a keyring that is locked or hangs.
        if self._files.holds(item) or self._keyring is None:
            return self._files.get(item)
        return self._keyring.get(item)

    def set(self, item: str, value: str) -> None:
        if self._keyring is None:
            self._files.set(item, value)
            return
        self._keyring.set(item, value)
        self._files.delete(item)

    def delete(self, item: str) -> bool:
        # The keyring first: where it refuses, nothing is gone and the command can be run again.
        in_keyring = self._keyring is not None and self._keyring.delete(item)
        return self._files.delete(item) or in_keyring

    def status(self) -> VaultStatus:
        return self._files.status() if self._keyring is None else self._keyring.status()

    def unlock(self, seconds: float) -> datetime | None:
        if self._keyring is None or self._files.exists:
            return self._files.unlock(seconds)
        self._keyring.get(_NO_ITEM)
        return None

    def lock(self) -> bool:
        return self._files.lock()
