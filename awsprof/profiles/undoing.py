"""
Taking back what an earlier command changed, unless it has changed in the same place since.

Knows the journal's entries; what their bytes mean only as far as not to leave a file that nothing can read.
"""

from __future__ import annotations

import contextlib
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from awsprof.configfiles.diff import unified
from awsprof.configfiles.document import Document
from awsprof.configfiles.merged import header, is_own_process, profile_in_header
from awsprof.errors import AwsprofError, SharedFileError, UnparsableFileError
from awsprof.journal.patch import taken_back
from awsprof.profiles.removing import ITEMS
from awsprof.sessions.keys import load_keys
from awsprof.storage.private import remove_file, write_private_file
from awsprof.storage.replace import read_shared_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsprof.journal.journal import Contents, FileChange, Headline, ItemChange, Journal
    from awsprof.places import Places
    from awsprof.profiles.changing import Change, Changes
    from awsprof.vault import Vault

UNDO = "undo"
# A repair makes nobody's session another's, and may touch every profile there is.
REPAIR = "doctor"
_HARMLESS = ("region", "output", "awsprof_color", "awsprof_session_duration", "cli_pager")


class ConflictError(AwsprofError):
    """A file has changed since in the same place; *diff* shows what the undo would have to overwrite."""

    def __init__(self, path: str, diff: list[str]) -> None:
        super().__init__(
            f"{path} has changed since in the same place; nothing was undone",
            hint="Change it by hand where it differs.",
        )
        self.diff = diff


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back; *lost_keys* are access keys that AWS no longer has, so they were not."""

    headline: Headline
    restored_items: tuple[str, ...]
    lost_keys: tuple[str, ...]


class Undoing:
    """Takes entries of one user's journal back."""

    def __init__(
        self,
        *,
        journal: Journal,
        changes: Changes,
        vault: Callable[[], Vault],
        drop_session: Callable[[str], object],
        places: Places,
    ) -> None:
        self._journal = journal
        self._changes = changes
        self._vault = vault
        self._drop_session = drop_session
        self._places = places

    def find(self, number: int | None) -> Headline:
        """
        Return the entry to take back: the one named, or the newest that can be and is not yet.

        Raises:
            AwsprofError: There is none, or it cannot be taken back.
        """
        headlines = self._journal.headlines()
        if number is None:
            for headline in headlines:
                if headline.undoable and headline.undone_by is None and headline.command != UNDO:
                    return headline
            raise AwsprofError("There is nothing to undo", hint="'awsprof undo --list' shows what was done.")
        found = next((headline for headline in headlines if headline.number == number), None)
        if found is None:
            raise AwsprofError(f"There is no entry {number}", hint="'awsprof undo --list' shows them.")
        if found.undone_by is not None:
            raise AwsprofError(
                f"Entry {number} was undone already", hint=f"'awsprof undo {found.undone_by}' does it again."
            )
        if not found.undoable:
            raise AwsprofError(f"Entry {number} ({found.command}) changed things at AWS and cannot be undone")
        return found

    def undo(self, headline: Headline, *, through: Change | None = None) -> Undone:
        """
        Take *headline*'s entry back, as an entry of its own.

        Args:
            through: Where to make the changes instead, to see what they would be.

        Raises:
            ConflictError: A file has changed since in the same place.
            AwsprofError: A vault item has changed since.
            VaultError: The journal's key, or an item, is not to be had.
        """
        deleted = {entry.deleted_key for entry in self._journal.headlines()} - {None}
        contents, lost = self._without_deleted(self._journal.contents(headline.number), deleted)
        for file in contents.files:
            _refuse_deleted(file, deleted)
        self._check(contents)
        self._refuse_to_lose(headline.number, contents)
        if through is not None:
            self._apply(contents, through)
            return Undone(headline, (), lost)
        with self._changes.begin(UNDO, f"{headline.number} undone: {headline.summary}") as change:
            self._apply(contents, change)
            # Where everything was as before already, there is no new entry.
            number = change.number or headline.number
        for file in contents.files:
            _drop_empty(file)
        self._journal.mark_undone(headline.number, number)
        for other in self._journal.headlines():
            if headline.command == UNDO and other.undone_by == headline.number and other.number != headline.number:
                self._journal.mark_undone(other.number, None)
        for item in contents.items:
            self._follow(item)
        for file in filter(_holds_profiles, contents.files if headline.command != REPAIR else ()):
            for name in _changed_profiles(file):
                # Gone from the cache it is in any case; a file that is broken again cannot be looked into for more.
                with contextlib.suppress(SharedFileError):
                    self._drop_session(name)
        return Undone(headline, tuple(item.name for item in contents.items if item.before is not None), lost)

    def _follow(self, item: ItemChange) -> None:
        """Bring what depends on a vault item in line with what it is now."""
        name, _, kind = item.name.partition("/")
        # A session of keys that were put back or taken away must not outlive them.
        self._drop_session(name)
        if kind == "seed" and item.before is None:
            remove_file(self._places.seed_marker(name))
        elif kind == "seed":
            write_private_file(self._places.seed_marker(name), b"")

    @staticmethod
    def _without_deleted(contents: Contents, deleted: set[str | None]) -> tuple[Contents, tuple[str, ...]]:
        """Leave out the items whose key was deleted at AWS since, and return the ids of those keys."""
        lost = {
            item.name: key
            for item in contents.items
            for key in deleted
            if key is not None and key in (item.before or "")
        }
        kept = tuple(item for item in contents.items if item.name not in lost)
        return replace(contents, items=kept), tuple(lost.values())

    def _check(self, contents: Contents) -> None:
        for file in contents.files:
            _reverted(file, read_shared_file(Path(file.path)))
        for item in contents.items:
            if self._vault().get(item.name) not in (item.after, item.before):
                raise AwsprofError(
                    f"The vault's item {item.name} has changed since; nothing was undone",
                    hint="'awsprof undo --list' shows what changed it.",
                )

        self._refuse_to_strand(contents)

    def _refuse_to_strand(self, contents: Contents) -> None:
        """Refuse to take a profile's keys away from beside what was stored for it since."""
        known = {item.name for item in contents.items}
        for item in contents.items:
            if item.before is not None or "/" in item.name:
                continue
            for suffix in ITEMS[1:]:
                name = f"{item.name}{suffix}"
                if name not in known and self._vault().get(name) is not None:
                    raise AwsprofError(
                        f"The vault's item {name} was stored since, and would be left behind; nothing was undone",
                        hint=f"'awsprof rename {item.name} …' or 'awsprof remove {item.name}' takes it along.",
                    )

    def _refuse_to_lose(self, number: int, contents: Contents) -> None:
        """Refuse to take keys out of the vault that a later entry has taken out of a file, or left a profile to."""
        names = [item.name for item in contents.items if item.before is None and "/" not in item.name]
        found = ((name, load_keys(self._vault(), name)) for name in names)
        stored = {name: keys.credentials.access_key_id for name, keys in found if keys is not None}
        standing = [entry for entry in self._journal.headlines() if entry.undone_by is None and entry.undoable]
        for later in standing if stored else ():
            for file in self._journal.contents(later.number).files if later.number > number else ():
                for name, key_id in stored.items():
                    if _took_out(file, key_id) or _led_to_vault(file, name):
                        raise AwsprofError(
                            f"Entry {later.number} left the keys of {name} to the vault alone; nothing was undone",
                            hint=f"Run 'awsprof undo {later.number}' first.",
                        )

    @staticmethod
    def _apply(contents: Contents, change: Change) -> None:
        # Keys come back before the profile that needs them, and go after it.
        for item in contents.items:
            if item.before is not None:
                change.set_item(item.name, item.before)
        for file in contents.files:
            new_mode = 0o600 if _holds_profiles(file) else 0o666
            change.edit(
                Path(file.path),
                lambda data, file=file: _reverted(file, data),  # type: ignore[misc]
                most_mode=None,
                new_mode=new_mode,
            )
        for mode in contents.modes:
            with contextlib.suppress(FileNotFoundError):
                if stat.S_IMODE(Path(mode.path).stat().st_mode) == mode.after:
                    change.set_mode(Path(mode.path), mode.before)
        for item in contents.items:
            if item.before is None:
                change.delete_item(item.name)


def _refuse_deleted(file: FileChange, deleted: set[str | None]) -> None:
    """Refuse to write a key into a file again, in plain text, that AWS no longer has."""
    for key in deleted:
        if key is not None and key.encode() in (file.before or b"") and key.encode() not in file.after:
            raise AwsprofError(
                f"Access key {key} was in {file.path} before and has been deleted at AWS since; nothing was undone",
                hint="'awsprof undo --list' shows what else there is.",
            )


def _took_out(file: FileChange, access_key_id: str) -> bool:
    return access_key_id.encode() in (file.before or b"") and access_key_id.encode() not in file.after


def _led_to_vault(file: FileChange, name: str) -> bool:
    """Whether it is by this change that profile *name* has its credentials from the vault."""
    return not _is_in_vault(file.path, file.before or b"", name) and _is_in_vault(file.path, file.after, name)


def _is_in_vault(path: str, data: bytes, name: str) -> bool:
    if name.encode() not in data or not _is_sound(path, data):
        return False
    section = Document(path, data).sections.get(header(name))
    return section is not None and is_own_process(name, section.settings)


def _holds_profiles(file: FileChange) -> bool:
    """Whether it is one of AWS's shared files, by any name; a product's own have their endings."""
    return Path(file.path).suffix not in (".toml", ".yml", ".yaml")


def _reverted(file: FileChange, current: bytes) -> bytes:
    before, after = file.before or b"", file.after
    if current == before:
        # The command was ended between its note and its change.
        return current
    restored = taken_back(before, after, current)
    if restored is not None and restored != before and _holds_profiles(file):
        # What was broken before a repair is broken again without it.
        restored = restored if _is_sound(file.path, restored) or not _is_sound(file.path, before) else None
    if restored is None:
        raise ConflictError(file.path, unified(file.path, after, current))
    return restored


def _is_sound(path: str, data: bytes) -> bool:
    try:
        Document(path, data)
    except UnparsableFileError:
        return False
    return True


def _identity(settings: Mapping[str, str]) -> dict[str, str]:
    """Return those settings whose change makes a session another's, or its delivery another."""
    return {key: value for key, value in settings.items() if key not in _HARMLESS}


def _changed_profiles(file: FileChange) -> set[str]:
    """Return the profiles that are others on the two sides of a change: their sessions may be another's."""
    try:
        old, new = (
            {name: _identity(section.settings) for name, section in Document(file.path, data).sections.items()}
            for data in (file.before or b"", file.after)
        )
    except UnparsableFileError:
        return set()
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return {profile_in_header(section) or section for section in changed}


def _drop_empty(file: FileChange) -> None:
    """Remove a file that was not there before, once it is empty again."""
    path = Path(file.path)
    if file.before is None and path.is_file() and not path.read_bytes():
        path.unlink()
