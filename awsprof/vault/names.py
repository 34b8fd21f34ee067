"""
The names of the items that were stored in a keyring, since no keyring can be asked for them.

Knows one small file, and no value of any item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.errors import VaultUnavailableError
from awsprof.fastpath import file_name
from awsprof.storage.private import write_private_file
from awsprof.vault.age_vault import decoded

if TYPE_CHECKING:
    from pathlib import Path


class ItemNames:
    """
    Names noted in *path*, one a line, encoded as for files; only one process at a time may change them.

    An item stored by an older awsprof is missing here, and a command that was killed may leave a name of none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[str]:
        """
        Return the names in the order in which they were noted.

        Raises:
            VaultUnavailableError: The file cannot be read.
        """
        try:
            lines = self._path.read_text("ascii", "replace").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise VaultUnavailableError(f"{self._path} cannot be read: {error.strerror}") from None
        return [name for name in map(decoded, lines) if name is not None]

    def add(self, name: str) -> None:
        names = self.all()
        if name not in names:
            self._write([*names, name])

    def discard(self, name: str) -> None:
        names = self.all()
        if name in names:
            self._write([other for other in names if other != name])

    def _write(self, names: list[str]) -> None:
        try:
            write_private_file(self._path, "".join(f"{file_name(name)}\n" for name in names).encode())
        except OSError as error:
            raise VaultUnavailableError(f"{self._path} cannot be written: {error.strerror}") from None
