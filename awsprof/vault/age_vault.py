"""
A vault of files: a passphrase opens one age identity, and every item is encrypted to its public half.

Knows one directory and one file in memory; where they lie is told to it.

    identity.age       the identity, encrypted with the passphrase (``age -d`` opens it too)
    recipient.txt      its public half: storing an item needs no passphrase
    items/NAME.age     one item: a line that says which one, then the value
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError, VaultError, VaultLockedError, VaultUnavailableError
from awsprof.fastpath import file_name, read_private_file
from awsprof.naming import printable
from awsprof.storage.lock import LockHeldError, locked
from awsprof.storage.private import make_private_directory, remove_file, write_private_file
from awsprof.vault import age
from awsprof.vault.passphrase import COMMAND_VARIABLE, VARIABLE
from awsprof.vault.vault import VaultStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from awsprof.vault.passphrase import Passphrase, PassphraseSources

_LOCK_LIMIT_S = 30.0
_LONGEST_FILE_NAME = 200
_LONG = "%x"
_HEADER = "awsprof item "


class AgeVault:
    """
    Items in encrypted files below *directory*; it is made at the first `set`.

    Args:
        runtime: A directory in memory, this user's alone, for the identity between `unlock` and `lock`; None: none.
        confirm_create: Asks a person whether to make the vault; None where there is nobody. It is not called when
            the passphrase comes from the environment.
        absence: Makes the sentence that says why a vault would have to be made.
    """

    name = "file"

    def __init__(
        self,
        directory: Path,
        *,
        runtime: Path | None,
        passphrases: PassphraseSources,
        confirm_create: Callable[[], bool] | None = None,
        absence: Callable[[], str] = lambda: "There is no vault of files yet",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._identity_file = directory / "identity.age"
        self._recipient_file = directory / "recipient.txt"
        self._items = directory / "items"
        self._runtime = runtime
        self._passphrases = passphrases
        self._confirm_create = confirm_create
        self._absence = absence
        self._clock = clock
        # Opening costs a second of scrypt, so one process does it once.
        self._identity: str | None = None

    @property
    def exists(self) -> bool:
        with _file_errors("look at the vault"):
            return self._identity_file.exists()

    def open(self) -> None:
        """
        Have it open, and make it first where there is none; either may ask.

        Raises:
            VaultUnavailableError: There is none, and nobody to agree to one.
            VaultLockedError: The passphrase is wrong, or nobody gives one.
        """
        if not self.exists:
            self._create()
        self._open()

    def items(self) -> list[str]:
        """Return the names of all items; takes the passphrase only for a name too long to be a file's."""
        return self._names(self._name_inside)

    def names(self) -> list[str]:
        """Return the names of items without the passphrase; leaves out what is too long to be a file's name."""
        return self._names(lambda _: None)

    def _names(self, name_inside: Callable[[Path], str | None]) -> list[str]:
        with _file_errors("look into the vault"):
            try:
                files = sorted(path for path in self._items.iterdir() if path.suffix == ".age")
            except (FileNotFoundError, NotADirectoryError):
                return []
            names = [decoded(path.stem) if _LONG not in path.stem else name_inside(path) for path in files]
        return sorted(name for name in names if name is not None)

    def holds(self, item: str) -> bool:
        """Whether *item* has a file; needs no passphrase."""
        with _file_errors(f"look for '{printable(item)}' in the vault"):
            return self._item_file(item).exists()

    def get(self, item: str) -> str | None:
        file = self._item_file(item)
        with _file_errors(f"read '{printable(item)}' from the vault"):
            opened = self._opened(file, printable(item))
        if opened is None:
            return None
        header, value = opened
        if header != _header(item):
            raise _damaged(file, printable(item))
        return value

    def set(self, item: str, value: str) -> None:
        try:
            plain = f"{_header(item)}\n{value}".encode()
        except UnicodeEncodeError:
            raise VaultError(f"The value of '{printable(item)}' is not text") from None
        recipient = self._recipient()
        with _file_errors(f"store '{printable(item)}' in the vault"):
            write_private_file(self._item_file(item), age.encrypt(plain, recipient))

    def delete(self, item: str) -> bool:
        with _file_errors(f"remove '{printable(item)}' from the vault"):
            return remove_file(self._item_file(item))

    def status(self) -> VaultStatus:
        until = None
        if self.exists:
            unlocked = self._unlocked()
            until = None if unlocked is None else datetime.fromtimestamp(unlocked[0], UTC)
        return VaultStatus(self.name, None, self._directory, self.exists, until is not None, until)

    def unlock(self, seconds: float) -> datetime:
        """
        Keep the identity in memory for *seconds*; always takes the passphrase, so nothing prolongs itself.

        Raises:
            VaultUnavailableError: There is no vault, or no private directory in memory.
            VaultLockedError: The passphrase is wrong, or nobody gives one.
        """
        if not self.exists:
            raise VaultUnavailableError(self._absence(), hint="It is made when the first secret is stored.")
        file = self._unlocked_file()
        if file is None or not _is_private(file.parent.parent):
            raise VaultUnavailableError(
                "This system offers no private directory in memory (XDG_RUNTIME_DIR) to keep the vault open in",
                hint=f"Set {COMMAND_VARIABLE} to a command that prints the passphrase.",
            )
        identity = self._opened_by(self._passphrases.current())
        until = int(self._clock() + seconds)
        with _file_errors("keep the vault open"):
            write_private_file(file, f"{until}\n{identity}\n".encode())
        return datetime.fromtimestamp(until, UTC)

    def lock(self) -> bool:
        self._identity = None
        file = self._unlocked_file()
        with _file_errors("lock the vault"):
            return file is not None and remove_file(file)

    def _item_file(self, item: str) -> Path:
        if not item:
            raise VaultError("A vault's item needs a name")
        encoded = file_name(item)
        if len(encoded) > _LONGEST_FILE_NAME:
            # File systems end at 255 bytes; the mark stands in no encoded name, so this one is no other item's.
            digest = hashlib.sha256(encoded.encode()).hexdigest()
            encoded = f"{encoded[:100]}{_LONG}{digest}"
        return self._items / f"{encoded}.age"

    def _opened(self, file: Path, item: str) -> tuple[str, str] | None:
        """Return the header and the value in an item's file; None where there is no such file."""
        try:
            sealed = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        identity = self._open()
        try:
            header, _, value = age.decrypt(sealed, identity).decode("utf-8").partition("\n")
        except (age.AgeError, UnicodeDecodeError):
            raise _damaged(file, item) from None
        return header, value

    def _name_inside(self, file: Path) -> str | None:
        opened = self._opened(file, file.name)
        return None if opened is None else decoded(opened[0].removeprefix(_HEADER))

    # --- the identity

    def _open(self) -> str:
        if self._identity is None:
            unlocked = self._unlocked()
            self._identity = self._opened_by(self._passphrases.current()) if unlocked is None else unlocked[1]
        return self._identity

    def _opened_by(self, passphrase: Passphrase) -> str:
        try:
            sealed = self._identity_file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise self._without_identity() from None
        except OSError as error:
            raise VaultUnavailableError(f"{self._identity_file} cannot be read: {error.strerror}") from None
        try:
            identity = age.decrypt_with_passphrase(sealed, passphrase.text).decode().strip()
            recipient = age.recipient_of(identity)
        except age.WrongPassphraseError:
            raise VaultLockedError("The passphrase is wrong", hint=f"It came from {passphrase.origin}.") from None
        except (age.AgeError, UnicodeDecodeError):
            raise VaultError(
                f"{self._identity_file} is damaged, and without it no item can be opened",
                hint="Bring it back from a backup.",
            ) from None
        self._heal_recipient(recipient)
        self._identity = identity
        return identity

    def _heal_recipient(self, recipient: str) -> None:
        """Write the public half again where it is missing or torn; another's is refused, since items would go to it."""
        written = self._written_recipient()
        if written is None:
            with _file_errors("complete the vault"):
                write_private_file(self._recipient_file, f"{recipient}\n".encode())
        elif written != recipient:
            raise VaultError(
                f"{self._recipient_file} does not belong to {self._identity_file.name} beside it",
                hint="Remove it: awsprof writes it again. Items stored since it changed cannot be opened.",
            )

    def _written_recipient(self) -> str | None:
        try:
            text = self._recipient_file.read_text("ascii").strip()
        except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
            return None
        except OSError as error:
            raise VaultUnavailableError(f"{self._recipient_file} cannot be read: {error.strerror}") from None
        return text if age.is_recipient(text) else None

    def _recipient(self) -> str:
        """Return what items are encrypted to; makes the vault where there is none."""
        if not self.exists:
            return self._create()
        written = self._written_recipient()
        return age.recipient_of(self._opened_by(self._passphrases.current())) if written is None else written

    def _create(self) -> str:
        self._refuse_orphans()
        if not self._passphrases.in_environ:
            self._confirm()
        passphrase = self._passphrases.new()
        with _file_errors("make the vault"):
            make_private_directory(self._directory)
            try:
                with locked(self._directory / "lock", limit_s=_LOCK_LIMIT_S):
                    if not self.exists:
                        self._refuse_orphans()
                        return self._write_new(passphrase)
            except LockHeldError as error:
                raise VaultUnavailableError(f"The vault is being made by {error.holder}", hint="Try again.") from None
        # Another process made it in the meantime: it is this one's too if the same passphrase opens it.
        try:
            return age.recipient_of(self._opened_by(passphrase))
        except VaultLockedError:
            raise VaultLockedError(
                "Another command has just made the vault, with another passphrase", hint="Run this one again."
            ) from None

    def _write_new(self, passphrase: Passphrase) -> str:
        identity = age.new_identity()
        recipient = age.recipient_of(identity)
        # In this order a crash in between leaves a vault that can be completed, never items that nothing opens.
        sealed = age.encrypt_with_passphrase(f"{identity}\n".encode(), passphrase.text)
        write_private_file(self._identity_file, sealed)
        write_private_file(self._recipient_file, f"{recipient}\n".encode())
        self._identity = identity
        return recipient

    def _confirm(self) -> None:
        asked = agreed = False
        with contextlib.suppress(AwsprofError, OSError, EOFError):
            if self._confirm_create is not None:
                agreed = self._confirm_create()
                asked = True
        if not agreed:
            again = "again" if asked else "in a terminal"
            raise VaultUnavailableError(
                self._absence(),
                hint=f"Run the command {again} to make one, or set {VARIABLE} or {COMMAND_VARIABLE}.",
            )

    def _refuse_orphans(self) -> None:
        """Make no second identity beside items that only the lost one opens."""
        if any(self._items.glob("*.age")):
            raise self._without_identity()

    def _without_identity(self) -> VaultError:
        return VaultError(
            f"{self._identity_file} is missing, and without it no item of the vault can be opened",
            hint=f"Bring it back from a backup, or move {self._directory} away to begin a new vault.",
        )

    # --- the identity in memory

    def _unlocked_file(self) -> Path | None:
        return None if self._runtime is None else self._runtime / "vault-identity"

    def _unlocked(self) -> tuple[int, str] | None:
        """Return until when the vault is unlocked and by which identity; None where it is not."""
        file = self._unlocked_file()
        data = None if file is None else read_private_file(os.fspath(file))
        if file is None or data is None:
            return None
        expiry, _, rest = data.partition(b"\n")
        if not (expiry.isdigit() and len(expiry) < 12):
            return None
        if int(expiry) <= self._clock():
            with contextlib.suppress(OSError):
                remove_file(file)
            return None
        try:
            identity = rest.decode("ascii").strip()
            # One of another vault is no use here; without the public half only the passphrase can tell.
            ours = age.recipient_of(identity) == self._written_recipient()
        except (age.AgeError, UnicodeDecodeError):
            return None
        return (int(expiry), identity) if ours else None


def _header(item: str) -> str:
    """Name the item inside its file, so that a file moved to another item's name is found out."""
    return f"{_HEADER}{file_name(item)}"


def decoded(encoded: str) -> str | None:
    """Return the item that `file_name` encodes like this; None for what it never makes."""
    data = re.sub(
        rb"%([0-9A-F]{2})", lambda match: bytes.fromhex(match[1].decode()), encoded.encode("utf-8", "surrogateescape")
    )
    item = data.decode("utf-8", "surrogateescape")
    return item if item and file_name(item) == encoded else None


def _damaged(file: Path, item: str) -> VaultError:
    return VaultError(
        f"The vault's file of '{item}' is damaged, or is not this vault's",
        hint=f"Bring {file} back from a backup, or store the value again.",
    )


def _is_private(directory: Path) -> bool:
    try:
        status = directory.stat()
    except OSError:
        return False
    return os.name != "posix" or (status.st_uid == os.geteuid() and not status.st_mode & 0o077)


@contextlib.contextmanager
def _file_errors(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = "" if error.filename is None else f" ({error.filename})"
        raise VaultUnavailableError(f"awsprof cannot {doing}: {error.strerror}{where}") from None
