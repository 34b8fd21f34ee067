"""
A vault in the operating system's keyring.

Knows the library keyring, and of its back ends only those that encrypt; never discovers one.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from awsprof.errors import VaultError, VaultLockedError, VaultUnavailableError
from awsprof.naming import printable
from awsprof.storage.lock import LockHeldError, locked
from awsprof.vault.patience import BoundedCalls, NoAnswerError, Patience
from awsprof.vault.vault import VaultStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from awsprof.vault.names import ItemNames

Answer = TypeVar("Answer")

SERVICE = "awsprof"

# Discovery would also find back ends that store plain text, as soon as some package brings one, and obeys
# PYTHON_KEYRING_BACKEND. So these and no others, tried in this order whatever the desktop says: a person who comes
# in by ssh must reach the same keyring as at the desktop.
_ALLOWED = {
    "darwin": (("keyring.backends.macOS", "Keyring"),),
    "win32": (("keyring.backends.Windows", "WinVaultKeyring"),),
}
_ALLOWED_ELSEWHERE = (
    ("keyring.backends.SecretService", "Keyring"),
    ("keyring.backends.libsecret", "Keyring"),
    ("keyring.backends.kwallet", "DBusKeyring"),
)
_FREEDESKTOP_CLASS = "keyring.backends.SecretService.Keyring"
# Of these, storing is several steps: macOS removes before it adds, Windows moves the newest item aside. Two writers at
# once could lose a value, so they take turns. Reasoned from the library's source, not run on those systems.
_STEPWISE = ("keyring.backends.macOS.Keyring", "keyring.backends.Windows.WinVaultKeyring")
# Windows keeps 2,560 bytes of UTF-16 an item and the library does not split. Reasoned, not run there.
_WINDOWS_CLASS = "keyring.backends.Windows.WinVaultKeyring"
_WINDOWS_UNITS = 1280

_BUS = "DBUS_SESSION_BUS_ADDRESS"
# What the libraries raise where there is nothing to talk to: no module, no bus, no service on it.
_NOTHING_THERE = (RuntimeError, ImportError, AttributeError, OSError, KeyError, ValueError)
# By name, since each comes from a library that only some systems have.
_LOCKED = {"KeyringLocked", "LockedException", "PromptDismissedException", "KeychainDenied"}
_UNAVAILABLE = {
    "InitError",
    "NoKeyringError",
    "SecretServiceNotAvailableException",
    "DBusErrorResponse",
    "DBusException",
}
# errSecInteractionNotAllowed: the keychain is locked and no dialog can be shown, as over ssh.
_MACOS_LOCKED = -25308
_FILE_HINT = "or set AWSPROF_VAULT=file to keep secrets in files that a passphrase opens."
_MAX_COPIES = 8
# Unlocking a keyring is reading from it: the keyring opens its own dialog. No item has this name.
_NO_ITEM = "awsprof/unlock"


class KeyringBackend(Protocol):
    """What is used of the library's back ends."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class KeyringVault:
    """
    Items of the service ``awsprof`` in one keyring; the user name is the item's.

    Args:
        write_lock: A lock file for keyrings that store in several steps.
        names: Where the names of the items stored are noted. Only one process at a time may change items then.
    """

    name = "keyring"

    def __init__(
        self,
        backend: KeyringBackend,
        patience: Patience | BoundedCalls,
        *,
        write_lock: Path | None = None,
        names: ItemNames | None = None,
    ) -> None:
        self._backend = backend
        self._call = patience if isinstance(patience, BoundedCalls) else BoundedCalls(patience)
        self._write_lock = write_lock if self.keyring_class in _STEPWISE else None
        self._names = names

    @classmethod
    def find(
        cls,
        patience: Patience,
        *,
        environ: Mapping[str, str] = os.environ,
        platform: str = sys.platform,
        write_lock: Path | None = None,
        names: ItemNames | None = None,
    ) -> KeyringVault | None:
        """
        Return the keyring of this machine; None, quickly, where there is none.

        Raises:
            VaultUnavailableError: There is something, and it does not answer or does not make sense.
        """
        allowed = _ALLOWED.get(platform, _ALLOWED_ELSEWHERE)
        if allowed is _ALLOWED_ELSEWHERE and not environ.get(_BUS):
            # Spares servers and containers the import; without this address the first of them finds nothing either.
            return None
        call = BoundedCalls(patience)
        for module, name in allowed:
            backend = bounded(call, "look for the OS keyring", partial(_backend, module, name))
            if backend is not None:
                return cls(backend, call, write_lock=write_lock, names=names)
        return None

    @property
    def keyring_class(self) -> str:
        return f"{type(self._backend).__module__}.{type(self._backend).__qualname__}"

    def open(self) -> None:
        """Have it unlocked, which may take a person; raises VaultError where it cannot be used."""
        self.get(_NO_ITEM)

    def get(self, item: str) -> str | None:
        if not _can_be_named(item):
            return None
        return bounded(self._call, f"read '{printable(item)}' from the OS keyring", lambda: self._read(item))

    def set(self, item: str, value: str) -> None:
        if not _can_be_named(item):
            raise VaultError(
                f"'{printable(item)}' cannot be the name of an item in an OS keyring",
                hint="Give the profile another name with 'awsprof rename'.",
            )
        length = len(value.encode("utf-16-le", "surrogatepass")) // 2
        if self.keyring_class == _WINDOWS_CLASS and length > _WINDOWS_UNITS:
            raise VaultError(
                f"The value of '{printable(item)}' is too long for the Windows Credential Manager, which takes "
                f"{_WINDOWS_UNITS} characters",
                hint="Files that a passphrase opens take any length: 'awsprof vault move file' moves secrets there.",
            )
        # Noted before it is stored: killed in between, a name too many does no harm.
        if self._names is not None:
            self._names.add(item)
        with self._turn():
            bounded(
                self._call,
                f"store '{printable(item)}' in the OS keyring",
                lambda: self._backend.set_password(SERVICE, item, value),
            )

    def delete(self, item: str) -> bool:
        if not _can_be_named(item):
            return False
        with self._turn():
            found = bounded(self._call, f"remove '{printable(item)}' from the OS keyring", lambda: self._remove(item))
        if self._names is not None:
            with contextlib.suppress(VaultError):
                self._names.discard(item)
        return found

    def items(self) -> list[str]:
        """Return the names that were noted; an item may be missing, and there may be names of none."""
        return [] if self._names is None else self._names.all()

    def status(self) -> VaultStatus:
        """Say what can be said without a dialog."""
        unlocked = None
        if self.keyring_class == _FREEDESKTOP_CLASS:
            unlocked = bounded(self._call, "look at the OS keyring", _secret_service_unlocked)
        return VaultStatus(self.name, self.keyring_class, None, True, unlocked, None)

    def _read(self, item: str) -> str | None:
        for _ in range(2):
            try:
                return self._backend.get_password(SERVICE, item)
            except Exception as error:
                # Another process removed it between the search and the reading.
                if type(error).__name__ != "ItemNotFoundException":
                    raise
        return None

    def _remove(self, item: str) -> bool:
        """
        Remove every copy.

        The library has one exception for "no such item" and for "refused", so reading tells them apart.
        """
        removed = False
        for _ in range(_MAX_COPIES):
            if self._read(item) is None:
                return removed
            try:
                self._backend.delete_password(SERVICE, item)
                removed = True
            except Exception:
                if self._read(item) is not None:
                    raise
        raise VaultError(f"The OS keyring still holds '{printable(item)}' after removing it")

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if self._write_lock is None:
            yield
            return
        try:
            with locked(self._write_lock, limit_s=self._call.patience.limit_s):
                yield
        except LockHeldError as error:
            message = f"The OS keyring is being written to by {error.holder}"
            raise VaultUnavailableError(message, hint="Try again.") from None
        except OSError as error:
            raise VaultUnavailableError(f"{self._write_lock} cannot be locked: {error.strerror}") from None


def _can_be_named(item: str) -> bool:
    """Whether a keyring can have an item of that name: the systems' calls take no NUL, and only what is text."""
    if not item:
        raise VaultError("A vault's item needs a name")
    # A bus ends the connection over such a name, which would look like a keyring that does not work.
    return "\0" not in item and not any("\ud800" <= char <= "\udfff" for char in item)


def _backend(module: str, name: str) -> KeyringBackend | None:
    """Return a back end that can be used here; None where what it talks to does not exist."""
    try:
        backend_class = getattr(importlib.import_module(module), name)
        # Computing the priority is the library's way of finding out; it raises where the back end is of no use.
        _ = backend_class.priority
        backend: KeyringBackend = backend_class()
    except _NOTHING_THERE:
        return None
    if name == "DBusKeyring":
        # KWallet asks a person once for each of these; the library's is the path of the running program.
        backend.appid = SERVICE  # type: ignore[attr-defined]
    return backend


def _secret_service_unlocked() -> bool | None:
    from secretstorage import Collection, dbus_init
    from secretstorage.exceptions import ItemNotFoundException

    with contextlib.closing(dbus_init()) as connection:
        try:
            return not Collection(connection).is_locked()
        except ItemNotFoundException:
            return None


def bounded(call: BoundedCalls, doing: str, work: Callable[[], Answer]) -> Answer:
    """Make one call to the library; whatever it raises becomes a VaultError without the library's own words."""
    try:
        return call(work)
    except NoAnswerError as silence:
        raise VaultUnavailableError(
            f"awsprof could not {doing}: no answer within {silence.waited_s:g} s",
            hint=f"Unlock the keyring, or answer its dialog, and try again; {_FILE_HINT}",
        ) from None
    except VaultError:
        raise
    except Exception as error:  # noqa: BLE001 — see below
        # Anything at all: each system's library has its own tree. Their messages may quote what they were given.
        raise _vault_error(error, doing) from None


def _vault_error(error: Exception, doing: str) -> VaultError:
    chain = list(_chain(error))
    names = {type(link).__name__ for link in chain}
    if names & _LOCKED or any(link.args[:1] == (_MACOS_LOCKED,) for link in chain):
        return VaultLockedError(
            f"awsprof could not {doing}: it is locked",
            hint=f"Unlock the keyring in the desktop's own dialog and try again, {_FILE_HINT}",
        )
    if names & _UNAVAILABLE or isinstance(error, OSError):
        return VaultUnavailableError(
            f"awsprof could not {doing}: it does not work here ({type(error).__name__})",
            hint=f"See to the desktop's keyring service, {_FILE_HINT}",
        )
    return VaultError(f"awsprof could not {doing}: it refused ({type(error).__name__})")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
