"""
One command's changes to files and vault: each noted in the journal before it is made, all taken back when one fails.

Knows the order of noting and doing; what is changed is the caller's business.
"""

from __future__ import annotations

import contextlib
import stat
from typing import TYPE_CHECKING, Protocol

from awsprof.errors import AwsprofError, SharedFileError
from awsprof.journal.patch import taken_back
from awsprof.storage.private import sweep
from awsprof.storage.replace import Edit, edit_shared_file, read_shared_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from awsprof.journal.journal import Journal, Recording
    from awsprof.places import Places
    from awsprof.vault import Vault


class Change(Protocol):
    """What a command may do to files and vault."""

    def edit(
        self, path: Path, change: Callable[[bytes], bytes], *, most_mode: int | None, new_mode: int = 0o600
    ) -> None:
        """Apply *change* to the bytes of a shared file."""
        ...

    def set_mode(self, path: Path, mode: int) -> None:
        """Give a file or directory other permission bits."""
        ...

    def set_item(self, name: str, value: str) -> None: ...

    def delete_item(self, name: str) -> None: ...


class Changes:
    """Opens one journaled change after the other."""

    def __init__(
        self,
        *,
        journal: Journal,
        vault: Callable[[], Vault],
        places: Places,
        tell: Callable[[str], None],
    ) -> None:
        self._journal = journal
        self._vault = vault
        self._places = places
        self._tell = tell

    @contextlib.contextmanager
    def begin(self, command: str, summary: str) -> Iterator[RealChange]:
        """
        Do a command's changes in the block; when it fails, what was done so far is taken back.

        Args:
            summary: One line for ``undo --list``, without secrets.

        Raises:
            VaultError: The journal has no key, and no vault can be made to keep one.
        """
        for directory in self._places.own_directories:
            sweep(directory)
        recording = self._journal.begin(command, summary)
        change = RealChange(recording, self._vault, self._places.locks, self._tell)
        try:
            yield change
        except BaseException:
            if change.take_back():
                recording.forget()
            raise
        if not change.done:
            recording.forget()


class RealChange:
    """Changes that happen."""

    def __init__(
        self, recording: Recording, vault: Callable[[], Vault], locks: Path, tell: Callable[[str], None]
    ) -> None:
        self._recording = recording
        self._vault = vault
        self._locks = locks
        self._tell = tell
        self.done: list[Callable[[], None]] = []

    @property
    def number(self) -> int | None:
        return self._recording.number

    def edit(
        self, path: Path, change: Callable[[bytes], bytes], *, most_mode: int | None, new_mode: int = 0o600
    ) -> None:
        noted: list[Edit] = []

        def note(edit: Edit) -> None:
            self._recording.file(edit)
            if not noted:
                # Before it is made: an edit that is interrupted right after the replacement is taken back as well.
                self.done.append(lambda: self._restore(path, noted[-1]))
            noted.append(edit)

        edit = edit_shared_file(path, change, locks=self._locks, most_mode=most_mode, new_mode=new_mode, record=note)
        if edit.in_place and noted:
            self._tell(f"{path} was written in place, since {edit.in_place}; 'awsprof undo' has the bytes before.")

    def set_mode(self, path: Path, mode: int) -> None:
        before = stat.S_IMODE(path.stat().st_mode)
        if before == mode:
            return
        self._recording.mode(path, before, mode)
        self.done.append(lambda: path.chmod(before))
        path.chmod(mode)

    def set_item(self, name: str, value: str) -> None:
        before = self._vault().get(name)
        self._recording.item(name, before, value)
        # Noted before it is done: a set that fails half-way is taken back as well.
        self.done.append(lambda: self._restore_item(name, before))
        self._vault().set(name, value)

    def note_deleted_key(self, access_key_id: str) -> None:
        """Note that a key is about to be deleted at AWS, so that no undo brings it back."""
        self._recording.deleted_key(access_key_id)

    def delete_item(self, name: str) -> None:
        before = self._vault().get(name)
        if before is None:
            return
        self._recording.item(name, before, None)
        self.done.append(lambda: self._restore_item(name, before))
        self._vault().delete(name)

    def take_back(self) -> bool:
        """
        Undo what was done, the last first; False when something could not be, which the journal then keeps.

        What came before stays then: the later steps rely on it, and keys may be nowhere else than in the vault.
        """
        for step in reversed(self.done):
            try:
                step()
            except (AwsprofError, OSError):
                # It must not hide the error that led here.
                return False
        return True

    def _restore(self, path: Path, edit: Edit) -> None:
        def back(data: bytes) -> bytes:
            restored = data if data == (edit.before or b"") else taken_back(edit.before or b"", edit.after, data)
            if restored is None:
                raise SharedFileError(f"{path} has changed in the same place; it stays as it is")
            return restored

        edit_shared_file(path, back, locks=self._locks, most_mode=None)
        if edit.before is None and not read_shared_file(path):
            edit.path.unlink()

    def _restore_item(self, name: str, before: str | None) -> None:
        if before is None:
            self._vault().delete(name)
        else:
            self._vault().set(name, before)


class DryChange:
    """Changes that only would happen: *edits* holds what each file would become, *modes* the permission bits."""

    def __init__(self) -> None:
        self.edits: dict[Path, Edit] = {}
        self.modes: dict[Path, int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no file would become another."""
        return not self.modes and all(edit.after == (edit.before or b"") for edit in self.edits.values())

    def edit(
        self,
        path: Path,
        change: Callable[[bytes], bytes],
        *,
        most_mode: int | None,  # noqa: ARG002
        new_mode: int = 0o600,  # noqa: ARG002
    ) -> None:
        earlier = self.edits.get(path)
        before = read_shared_file(path) if earlier is None else earlier.before or b""
        self.edits[path] = Edit(path, before, change(before if earlier is None else earlier.after))

    def set_mode(self, path: Path, mode: int) -> None:
        self.modes[path] = mode

    def set_item(self, name: str, value: str) -> None:
        """Change nothing: a vault item has no diff that could be shown."""

    def delete_item(self, name: str) -> None:
        """Change nothing: a vault item has no diff that could be shown."""
