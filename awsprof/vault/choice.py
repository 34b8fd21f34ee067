"""
Which vault it is: what the settings and the environment say, and what this machine has.

Knows the back ends' rank; nothing of how they store.
"""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING

from awsprof.errors import UsageError, VaultUnavailableError
from awsprof.naming import printable
from awsprof.storage.lock import LockHeldError, locked
from awsprof.vault.age_vault import AgeVault
from awsprof.vault.keyring_vault import KeyringVault
from awsprof.vault.names import ItemNames
from awsprof.vault.passphrase import PassphraseSources
from awsprof.vault.peers import PeerSecrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from awsprof.places import Places
    from awsprof.vault.patience import Patience
    from awsprof.vault.vault import ChosenVault, VaultStatus

VARIABLE = "AWSPROF_VAULT"
# The longest that one command waits for another anywhere in awsprof.
_TURN_LIMIT_S = 50.0


class BackEnds:
    """
    The two places where this machine can keep secrets; neither is looked for before its first use.

    Args:
        ask_passphrase: Asks a person the question it is given, with hidden input; None where there is nobody.
        confirm_create: Asks a person whether to make a vault of files; None where there is nobody.
        on_busy: Called when another command changes the vault for longer than a second.

    Raises:
        UsageError: AWSPROF_VAULT names no back end.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        places: Places,
        patience: Patience,
        *,
        ask_passphrase: Callable[[str], str] | None,
        confirm_create: Callable[[], bool] | None,
        on_busy: Callable[[], None] | None = None,
    ) -> None:
        self.forced = environ.get(VARIABLE, "")
        if self.forced not in ("", "keyring", "file"):
            raise UsageError(
                f"{VARIABLE} is '{printable(self.forced)}', which is no vault", hint="Set it to keyring or file."
            )
        self._environ = environ
        self._places = places
        self._patience = patience
        self._ask_passphrase = ask_passphrase
        self._confirm_create = confirm_create
        self._on_busy = on_busy
        self._names = ItemNames(places.state / "keyring-items")
        self._chosen: dict[str, ChosenVault] = {}

    @cached_property
    def keyring(self) -> KeyringVault | None:
        """The OS keyring; None where there is none."""
        return KeyringVault.find(
            self._patience,
            environ=self._environ,
            write_lock=self._places.locks / "keyring",
            names=self._names,
        )

    @cached_property
    def files(self) -> AgeVault:
        """The vault of files, whether made yet or not."""
        return AgeVault(
            self._places.vault,
            runtime=self._places.runtime,
            passphrases=PassphraseSources(self._environ, self._ask_passphrase),
            confirm_create=self._confirm_create,
            absence=self._absence,
        )

    @cached_property
    def peers(self) -> PeerSecrets:
        """What other tools keep in the OS keyring."""
        return PeerSecrets(self._patience, environ=self._environ)

    def chosen(self, wanted: str) -> ChosenVault:
        """Return the vault that ``auto``, ``keyring`` or ``file`` stands for."""
        if wanted not in self._chosen:
            self._chosen[wanted] = self._choose(wanted)
        return self._chosen[wanted]

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """
        Let one command at a time change what any vault holds.

        Raises:
            VaultUnavailableError: Another command did not come to an end.
        """
        lock = self._places.locks / "vault"
        with contextlib.ExitStack() as turn:
            try:
                turn.enter_context(locked(lock, limit_s=_TURN_LIMIT_S, on_wait=self._on_busy))
            except LockHeldError as error:
                raise VaultUnavailableError(
                    f"The vault has been busy for {_TURN_LIMIT_S:g} s with {error.holder}",
                    hint="Wait for that command, or end it, then try again.",
                ) from None
            except OSError as error:
                raise VaultUnavailableError(f"{lock} cannot be locked: {error.strerror}") from None
            yield

    def _choose(self, wanted: str) -> ChosenVault:
        if wanted == "file":
            return self.files
        if wanted == "keyring":
            return KeyringOnly(lambda: self.keyring, None if self.forced else self.files)
        return KeyringElseFiles(lambda: self.keyring, self.files, self._names)

    def _absence(self) -> str:
        """Say why a vault of files would have to be made; looks for no keyring that nobody has looked for."""
        nowhere = "keyring" in vars(self) and self.keyring is None
        return f"There is no vault of files yet{', and no OS keyring here' if nowhere else ''}"


class VaultInForce:
    """
    The vault that AWSPROF_VAULT names, else the setting, at the instant of each call.

    A command may wait for a person between two calls, and another may move everything meanwhile: what it then stores
    must not end up where nobody looks any more.

    Args:
        setting: Reads the setting: ``auto``, ``keyring`` or ``file``.
    """

    def __init__(self, back_ends: BackEnds, setting: Callable[[], str]) -> None:
        self._back_ends = back_ends
        self._setting = setting

    @property
    def name(self) -> str:
        return self._vault().name

    def get(self, item: str) -> str | None:
        while True:
            wanted = self._wanted()
            value = self._back_ends.chosen(wanted).get(item)
            # Nothing there, and another vault in force by now: it was moved between the two looks.
            if value is not None or self._wanted() == wanted:
                return value

    def set(self, item: str, value: str) -> None:
        with self._back_ends.turn():
            self._vault().set(item, value)

    def delete(self, item: str) -> bool:
        with self._back_ends.turn():
            return self._vault().delete(item)

    def status(self) -> VaultStatus:
        return self._vault().status()

    def names(self) -> list[str]:
        return self._vault().names()

    def unlock(self, seconds: float) -> datetime | None:
        return self._vault().unlock(seconds)

    def lock(self) -> bool:
        return self._vault().lock()

    def _vault(self) -> ChosenVault:
        return self._back_ends.chosen(self._wanted())

    def _wanted(self) -> str:
        return self._back_ends.forced or self._setting()


class KeyringOnly:
    """
    The OS keyring, and an error where there is none.

    Args:
        copies: The files, where a move that was cut short may have left copies: one that is true no longer is removed,
            since it would go before the keyring's as soon as the setting is ``auto``. None keeps to the keyring.
    """

    name = "keyring"

    def __init__(self, find: Callable[[], KeyringVault | None], copies: AgeVault | None) -> None:
        self._find = find
        self._copies = copies

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
        # Where the keyring has none, the one among the files is no copy, and it is not this command's to remove.
        copied = self._copies is not None and self._copies.holds(item) and self._keyring.get(item) is not None
        self._keyring.set(item, value)
        if copied and self._copies is not None:
            self._copies.delete(item)

    def delete(self, item: str) -> bool:
        found = self._keyring.delete(item)
        if found and self._copies is not None:
            self._copies.delete(item)
        return found

    def status(self) -> VaultStatus:
        return self._keyring.status()

    def names(self) -> list[str]:
        return self._keyring.items()

    def unlock(self, seconds: float) -> datetime | None:  # noqa: ARG002 — for how long, the desktop decides
        self._keyring.open()
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

    Args:
        names: The items that were stored in the keyring.
    """

    def __init__(self, find: Callable[[], KeyringVault | None], files: AgeVault, names: ItemNames) -> None:
        self._find = find
        self._files = files
        self._names = names

    @cached_property
    def _keyring(self) -> KeyringVault | None:
        return self._find()

    @property
    def name(self) -> str:
        return self._files.name if self._keyring is None else self._keyring.name

    def get(self, item: str) -> str | None:
        # In this order a copy among the files is served without waiting for a keyring that is locked or hangs.
        value = self._files.get(item)
        if value is not None:
            return value
        if self._keyring is not None:
            return self._keyring.get(item)
        if item in self._names.all():
            # "There is none" would have a person replace what is only out of reach.
            raise VaultUnavailableError(
                f"'{printable(item)}' was stored in the OS keyring, and there is none here",
                hint=f"Run the command at the desktop, or set {VARIABLE}=file to use the vault of files alone.",
            )
        return None

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

    def names(self) -> list[str]:
        return sorted({*self._files.names(), *(self._names.all() if self._keyring is not None else ())})

    def unlock(self, seconds: float) -> datetime | None:
        if self._keyring is None or self._files.exists:
            return self._files.unlock(seconds)
        self._keyring.open()
        return None

    def lock(self) -> bool:
        return self._files.lock()
