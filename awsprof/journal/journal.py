"""
The journal on disk: one entry a changing command, its contents sealed, its headline in clear.

Writing needs only the public half of the journal's key; the private half is the vault item ``awsprof/journal``.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError, VaultError
from awsprof.storage.lock import LockHeldError, lock_path, locked
from awsprof.storage.private import remove_file, write_private_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from awsprof.storage.replace import Edit
    from awsprof.vault import Vault

KEY_ITEM = "awsprof/journal"
KEPT_ENTRIES = 50
_LOCK_LIMIT_S = 10
# Making the vault may take a person at the terminal.
_KEY_LIMIT_S = 50.0


@dataclass(frozen=True, slots=True)
class Headline:
    """What is in clear of an entry.

    *time* is aware UTC, *undone_by* the entry that took this one back, and *deleted_key* the id of an access key that
    was deleted at AWS and must not come back.
    """

    number: int
    time: datetime
    command: str
    summary: str
    files: tuple[str, ...] = ()
    undoable: bool = True
    undone_by: int | None = None
    deleted_key: str | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.number,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "command": self.command,
            "summary": self.summary,
            "files": list(self.files),
            "undoable": self.undoable,
            "undone_by": self.undone_by,
            "deleted_key": self.deleted_key,
        }


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's bytes before and after; *before* is None where there was no file."""

    path: str
    before: bytes | None = field(repr=False)
    after: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One vault item's value before and after; None where there was none."""

    name: str
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ModeChange:
    """The permission bits of one file or directory before and after."""

    path: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What is sealed of an entry."""

    files: tuple[FileChange, ...] = ()
    items: tuple[ItemChange, ...] = ()
    modes: tuple[ModeChange, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(file.path for file in self.files), *(mode.path for mode in self.modes)]))


class Recording:
    """One entry while its command runs: on disk before each change is made, so that a crash leaves it behind."""

    def __init__(self, journal: Journal, headline: Headline) -> None:
        self._journal = journal
        self._headline = headline
        self._contents = Contents()

    @property
    def number(self) -> int | None:
        """The entry's number; None before the first change is noted."""
        return self._headline.number or None

    def file(self, edit: Edit) -> None:
        """Note the bytes of a file that is about to be edited."""
        path = str(edit.path)
        others = [change for change in self._contents.files if change.path != path]
        earlier = next((change for change in self._contents.files if change.path == path), None)
        # A file edited twice in one command goes back to what it was before the first edit.
        before = edit.before if earlier is None or earlier.after != edit.before else earlier.before
        self._contents = replace(self._contents, files=(*others, FileChange(path, before, edit.after)))
        self._headline = replace(self._headline, files=self._contents.paths)
        self._save()

    def mode(self, path: Path, before: int, after: int) -> None:
        """Note the permission bits of what is about to get others."""
        change = ModeChange(str(path), before, after)
        self._contents = replace(self._contents, modes=(*self._contents.modes, change))
        self._headline = replace(self._headline, files=self._contents.paths)
        self._save()

    def item(self, name: str, before: str | None, after: str | None) -> None:
        """Note a vault item that is about to change."""
        self._contents = replace(self._contents, items=(*self._contents.items, ItemChange(name, before, after)))
        self._save()

    def deleted_key(self, access_key_id: str) -> None:
        """Note that a key is gone at AWS."""
        self._headline = replace(self._headline, deleted_key=access_key_id)
        self._save()

    def retell(self, summary: str) -> None:
        """Note what the entry is about, as far as that is known by now."""
        self._headline = replace(self._headline, summary=summary)
        self._save()

    def forget(self) -> None:
        """Drop the entry: nothing of what it noted came to pass."""
        if self.number is not None:
            remove_file(self._journal.path(self.number))

    def _save(self) -> None:
        self._headline = self._journal.write(self._headline, self._contents)


class Journal:
    """The entries of one user, the newest fifty."""

    def __init__(
        self, directory: Path, *, locks: Path, vault: Callable[[], Vault], now: Callable[[], datetime]
    ) -> None:
        self._directory = directory
        self._locks = locks
        self._vault = vault
        self._now = now

    def path(self, number: int) -> Path:
        return self._directory / f"{number:06}"

    def begin(self, command: str, summary: str, *, undoable: bool = True) -> Recording:
        """
        Open an entry; it appears on disk with the first change it notes.

        Raises:
            VaultError: The journal has no key yet, and no vault can be made to keep one.
        """
        with self._foreseen():
            self._recipient()
        return Recording(self, Headline(0, self._now().astimezone(UTC), command, summary, undoable=undoable))

    def note(self, command: str, summary: str) -> None:
        """
        Record something that no undo takes back: a change at AWS.

        Raises:
            VaultError: The journal has no key yet, and no vault can be made to keep one.
        """
        headline = Headline(0, self._now().astimezone(UTC), command, summary, undoable=False)
        self.write(headline, Contents())

    def headlines(self) -> list[Headline]:
        """Return what is in clear of every entry, the newest first; opens no vault. A torn entry is passed over."""
        found = (self._headline(number) for number in sorted(self._numbers(), reverse=True))
        return [headline for headline in found if headline is not None]

    def contents(self, number: int) -> Contents:
        """
        Open an entry.

        Raises:
            AwsprofError: There is none of that number, or it is damaged.
            VaultError: The journal's key is not to be had.
        """
        try:
            sealed = self.path(number).read_bytes().partition(b"\n")[2]
        except OSError:
            raise AwsprofError(f"There is no entry {number}", hint="'awsprof undo --list' shows them.") from None
        identity = self._vault().get(KEY_ITEM)
        if identity is None:
            raise VaultError("The journal's key is gone from the vault, so nothing in it can be opened")
        from awsprof.vault.age import AgeError, decrypt

        try:
            return _unpacked(zlib.decompress(decrypt(sealed, identity)))
        except (AgeError, ValueError, KeyError, zlib.error):
            raise AwsprofError(f"Entry {number} of the journal is damaged or was sealed with another key") from None

    def mark_undone(self, number: int, by: int | None) -> None:
        """Note in clear that an entry was taken back; None: that it stands again."""
        head, _, sealed = self.path(number).read_bytes().partition(b"\n")
        table = {**json.loads(head), "undone_by": by}
        write_private_file(self.path(number), json.dumps(table).encode() + b"\n" + sealed)

    def write(self, headline: Headline, contents: Contents) -> Headline:
        """
        Put an entry on disk; one that has no number yet is given the next.

        Raises:
            AwsprofError: The journal cannot be written.
        """
        from awsprof.vault.age import encrypt

        # The fastest level: what repeats in these files repeats nearby.
        with self._foreseen():
            sealed = encrypt(zlib.compress(_packed(contents), level=1), self._recipient())
            if headline.number:
                self._write(headline, sealed)
                return headline
            with locked(lock_path(self._locks, "journal"), limit_s=_LOCK_LIMIT_S):
                headline = replace(headline, number=max([0, *self._numbers()]) + 1)
                self._write(headline, sealed)
                for number in sorted(self._numbers())[:-KEPT_ENTRIES]:
                    remove_file(self.path(number))
        return headline

    def _write(self, headline: Headline, sealed: bytes) -> None:
        write_private_file(self.path(headline.number), json.dumps(headline.to_json()).encode() + b"\n" + sealed)

    @contextlib.contextmanager
    def _foreseen(self) -> Iterator[None]:
        try:
            yield
        except LockHeldError as error:
            raise AwsprofError(f"The journal is locked by {error.holder}", hint="Try again.") from None
        except OSError as error:
            raise AwsprofError(
                f"The journal in {self._directory} cannot be written: {error.strerror}; nothing was changed",
                hint="Make room or give yourself the right to write there, then try again.",
            ) from None

    def _recipient(self) -> str:
        """Return the public half of the journal's key; made at the first change, its private half in the vault."""
        from awsprof.vault.age import AgeError, is_recipient, new_identity, recipient_of

        path = self._directory / "recipient.txt"

        def known() -> str | None:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                recipient = path.read_text("ascii").strip()
                return recipient if is_recipient(recipient) else None
            return None

        recipient = known()
        if recipient is not None:
            return recipient
        # Of two first changes at once one makes the key: what the other sealed with a second one, nobody could open.
        with locked(lock_path(self._locks, "journal-key"), limit_s=_KEY_LIMIT_S):
            recipient = known()
            if recipient is not None:
                return recipient
            identity = self._vault().get(KEY_ITEM)
            if identity is None:
                identity = new_identity()
                self._vault().set(KEY_ITEM, identity)
            try:
                recipient = recipient_of(identity)
            except AgeError:
                raise VaultError(f"The vault's item {KEY_ITEM} is no key of the journal's") from None
            write_private_file(path, recipient.encode("ascii") + b"\n")
        return recipient

    def _numbers(self) -> list[int]:
        try:
            return [int(entry.name) for entry in self._directory.iterdir() if entry.name.isdecimal()]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _headline(self, number: int) -> Headline | None:
        try:
            with self.path(number).open("rb") as file:
                table = json.loads(file.readline())
            return Headline(
                number,
                datetime.fromisoformat(table["time"]),
                table["command"],
                table["summary"],
                tuple(table["files"]),
                table["undoable"],
                table["undone_by"],
                table.get("deleted_key"),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _packed(contents: Contents) -> bytes:
    """
    Write contents as one line of JSON, and behind it the bytes that the line gives the lengths of.

    Of a file's bytes after the change, what it shares with those before at both ends is counted and not repeated.
    """
    blobs: list[bytes] = []
    files = []
    for change in contents.files:
        before, after = change.before or b"", change.after or b""
        head = _common(before, after)
        tail = _common(before[head:][::-1], after[head:][::-1])
        middle = after[head : len(after) - tail]
        files.append([change.path, None if change.before is None else len(before), head, tail, len(middle)])
        blobs += [before, middle]
    table = {
        "files": files,
        "items": [[item.name, item.before, item.after] for item in contents.items],
        "modes": [[mode.path, mode.before, mode.after] for mode in contents.modes],
    }
    return json.dumps(table).encode() + b"\n" + b"".join(blobs)


def _common(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts share at their beginnings, comparing halves instead of bytes."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _unpacked(data: bytes) -> Contents:
    line, _, rest = data.partition(b"\n")
    table = json.loads(line)
    at = 0
    files = []
    for path, length, head, tail, middle in table["files"]:
        before = rest[at : at + (length or 0)]
        at += len(before)
        after = before[:head] + rest[at : at + middle] + before[len(before) - tail :]
        at += middle
        files.append(FileChange(path, None if length is None else before, after))
    items = tuple(ItemChange(*row) for row in table["items"])
    # An entry of an older awsprof's has none.
    return Contents(tuple(files), items, tuple(ModeChange(*row) for row in table.get("modes", ())))
