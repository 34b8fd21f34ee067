"""The journal: sealed, numbered, kept to fifty, readable in its headlines without any key."""

from __future__ import annotations

import concurrent.futures
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import AwsprofError, VaultError, VaultLockedError
from awsprof.journal.journal import KEPT_ENTRIES, Contents, FileChange, ItemChange, Journal
from awsprof.storage.replace import Edit
from tests.test_vault.memory import MemoryVault

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI-made-up-EXAMPLEKEY"


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def journal(tmp_path: Path, vault: MemoryVault) -> Journal:
    return Journal(tmp_path / "journal", locks=tmp_path / "locks", vault=lambda: vault, now=lambda: NOW)


def _record(journal: Journal, path: Path) -> int:
    recording = journal.begin("add", "autochart_dev_paul added")
    recording.item("autochart_dev_paul", None, SECRET)
    recording.file(Edit(path, b"old\xff\n", b"new\n"))
    return recording.number


def test_entry_comes_back_whole(journal: Journal, tmp_path: Path) -> None:
    """Bytes and texts come out of an entry as they went in, whatever they are."""
    number = _record(journal, tmp_path / "config")
    assert journal.contents(number) == Contents(
        (FileChange(str(tmp_path / "config"), b"old\xff\n", b"new\n"),),
        (ItemChange("autochart_dev_paul", None, SECRET),),
    )


def test_headline_needs_no_vault_and_holds_no_secret(journal: Journal, tmp_path: Path, vault: MemoryVault) -> None:
    """Time, command, files and summary are in clear; nothing else is, in any file of the journal."""
    _record(journal, tmp_path / "config")
    vault.refusal = VaultLockedError("locked")
    assert [headline.to_json() for headline in journal.headlines()] == [
        {
            "id": 1,
            "time": "2026-01-31T12:00:00Z",
            "command": "add",
            "summary": "autochart_dev_paul added",
            "files": [str(tmp_path / "config")],
            "undoable": True,
            "undone_by": None,
            "deleted_key": None,
        }
    ]
    for path in (tmp_path / "journal").iterdir():
        assert SECRET.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600


def test_writing_needs_the_vault_only_once(journal: Journal, tmp_path: Path, vault: MemoryVault) -> None:
    """The first change makes the key; later ones are noted with the vault locked."""
    vault.refusal = VaultLockedError("locked")
    with pytest.raises(VaultLockedError):
        _record(journal, tmp_path / "config")
    vault.refusal = None
    _record(journal, tmp_path / "config")
    vault.refusal = VaultLockedError("locked")
    assert _record(journal, tmp_path / "config") == 2


def test_lost_public_half_is_made_again_from_the_key(journal: Journal, tmp_path: Path) -> None:
    """A journal whose public half was deleted goes on with the same key."""
    first = _record(journal, tmp_path / "config")
    (tmp_path / "journal" / "recipient.txt").unlink()
    second = _record(journal, tmp_path / "config")
    assert journal.contents(first) == journal.contents(second)


def test_file_edited_twice_goes_back_to_its_first_bytes(journal: Journal, tmp_path: Path) -> None:
    """Two edits of one file in one command are one change."""
    recording = journal.begin("rename", "a")
    recording.file(Edit(tmp_path / "config", b"1", b"2"))
    recording.file(Edit(tmp_path / "config", b"2", b"3"))
    assert journal.contents(recording.number).files == (FileChange(str(tmp_path / "config"), b"1", b"3"),)


def test_edit_that_started_over_is_noted_as_it_was_made(journal: Journal, tmp_path: Path) -> None:
    """When another program wrote in between, the bytes before are those that were replaced."""
    recording = journal.begin("set", "a")
    recording.file(Edit(tmp_path / "config", b"1", b"1+"))
    recording.file(Edit(tmp_path / "config", b"theirs", b"theirs+"))
    assert journal.contents(recording.number).files == (FileChange(str(tmp_path / "config"), b"theirs", b"theirs+"),)


def test_forgotten_entry_leaves_nothing(journal: Journal, tmp_path: Path) -> None:
    """An entry whose command came to nothing is gone."""
    recording = journal.begin("add", "a")
    recording.item("a", None, "b")
    recording.forget()
    assert journal.headlines() == []
    assert [path.name for path in (tmp_path / "journal").iterdir()] == ["recipient.txt"]


def test_keeps_the_newest_fifty(journal: Journal, tmp_path: Path) -> None:
    """Older entries go, and numbers are never given twice."""
    for _ in range(KEPT_ENTRIES + 5):
        _record(journal, tmp_path / "config")
    numbers = [headline.number for headline in journal.headlines()]
    assert numbers == list(range(KEPT_ENTRIES + 5, 5, -1))


@pytest.mark.parametrize("data", [b"", b"{", b'{"id": 1}\n', b"\xff\xfe\n", b"[]\n"])
def test_torn_entry_is_passed_over(journal: Journal, tmp_path: Path, data: bytes) -> None:
    """A damaged headline hides its own entry only."""
    number = _record(journal, tmp_path / "config")
    journal.path(number + 1).write_bytes(data)
    assert [headline.number for headline in journal.headlines()] == [number]


def test_damaged_contents_are_an_error(journal: Journal, tmp_path: Path) -> None:
    """What cannot be opened is said in a sentence, without a traceback."""
    number = _record(journal, tmp_path / "config")
    journal.path(number).write_bytes(journal.path(number).read_bytes()[:-3])
    with pytest.raises(AwsprofError, match="damaged"):
        journal.contents(number)
    with pytest.raises(AwsprofError, match="no entry 99"):
        journal.contents(99)


def test_key_gone_from_the_vault(journal: Journal, tmp_path: Path, vault: MemoryVault) -> None:
    """Without its key the journal opens nothing: status 6."""
    number = _record(journal, tmp_path / "config")
    vault.items.clear()
    with pytest.raises(VaultError) as error:
        journal.contents(number)
    assert error.value.status == 6


def test_commands_at_once_get_numbers_of_their_own(journal: Journal, tmp_path: Path) -> None:
    """Eight processes that each make five entries make forty."""
    _record(journal, tmp_path / "config")
    code = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from awsprof.journal.journal import Journal\n"
        "root = Path(sys.argv[1])\n"
        "journal = Journal(root / 'journal', locks=root / 'locks', vault=lambda: None, now=lambda: datetime.now(UTC))\n"
        "for n in range(5): journal.begin('set', f'{sys.argv[2]} {n}').item('x', None, 'y')\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(n)]) for n in range(8)]
    assert [writer.wait(timeout=60) for writer in writers] == [0] * 8
    headlines = journal.headlines()
    assert sorted(headline.number for headline in headlines) == list(range(1, 42))
    assert len({headline.summary for headline in headlines}) == 41


def test_headline_is_one_line_of_json(journal: Journal, tmp_path: Path) -> None:
    """Whatever a summary holds, the headline stays one line."""
    recording = journal.begin("rename", "a\nb")
    recording.item("a", None, "b")
    assert recording.number == 1
    head = journal.path(recording.number).read_bytes().partition(b"\n")[0]
    assert json.loads(head)["summary"] == "a\nb"


class _SlowVault(MemoryVault):
    """A vault that takes a while to store, as keyrings do."""

    def set(self, item: str, value: str) -> None:
        time.sleep(0.05)
        super().set(item, value)


def test_two_first_changes_make_one_key(tmp_path: Path) -> None:
    """What both seal can be opened again; with a key each, the slower one's would have taken the other's place."""
    vault = _SlowVault()

    def change(number: int) -> int:
        journal = Journal(tmp_path / "journal", locks=tmp_path / "locks", vault=lambda: vault, now=lambda: NOW)
        return _record(journal, tmp_path / f"config{number}")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(change, range(4)))
    reader = Journal(tmp_path / "journal", locks=tmp_path / "locks", vault=lambda: vault, now=lambda: NOW)
    assert sorted(numbers) == [1, 2, 3, 4]
    assert {reader.contents(number).items[0].after for number in numbers} == {SECRET}
