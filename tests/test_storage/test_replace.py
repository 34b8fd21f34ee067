"""A shared file is changed whole or not at all, beside writers that take no lock."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import SharedFileError
from awsprof.storage import replace
from awsprof.storage.lock import lock_path, locked
from awsprof.storage.replace import edit_shared_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    return tmp_path / "locks"


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_new_file_is_private(tmp_path: Path, locks: Path) -> None:
    """A file that was not there is made with mode 0600, in a directory of mode 0700."""
    path = tmp_path / ".aws" / "config"
    edit = edit_shared_file(path, lambda data: data + b"x", locks=locks, most_mode=None)
    assert (edit.before, edit.after, path.read_bytes()) == (None, b"x", b"x")
    assert (_mode(path), _mode(path.parent)) == (0o600, 0o700)


@pytest.mark.parametrize(("most_mode", "expected"), [(None, 0o644), (0o600, 0o600)])
def test_existing_mode(tmp_path: Path, locks: Path, most_mode: int | None, expected: int) -> None:
    """An existing file keeps its mode, unless less is allowed."""
    path = tmp_path / "config"
    path.write_bytes(b"a")
    path.chmod(0o644)
    edit_shared_file(path, lambda data: data + b"b", locks=locks, most_mode=most_mode)
    assert (path.read_bytes(), _mode(path)) == (b"ab", expected)


@pytest.mark.parametrize("dangling", [False, True])
def test_link_stays_a_link(tmp_path: Path, locks: Path, dangling: bool) -> None:
    """The target of a symbolic link is replaced, and the link still leads to it; also when it led nowhere yet."""
    target, link = tmp_path / "dotfiles" / "config", tmp_path / "config"
    target.parent.mkdir()
    if not dangling:
        target.write_bytes(b"a")
    link.symlink_to(target)
    edit_shared_file(link, lambda data: data + b"b", locks=locks, most_mode=None)
    assert link.is_symlink()
    assert target.read_bytes() == (b"b" if dangling else b"ab")


def test_nothing_to_do_writes_nothing(tmp_path: Path, locks: Path) -> None:
    """An edit that changes no byte leaves the file, its inode and its time alone."""
    path = tmp_path / "config"
    path.write_bytes(b"a")
    before = path.stat()
    edit_shared_file(path, lambda data: data, locks=locks, most_mode=None)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_refused_edit_leaves_nothing_behind(tmp_path: Path, locks: Path) -> None:
    """When the change itself fails, the file is as it was and no temporary file is left."""
    path = tmp_path / "aws" / "config"
    path.parent.mkdir()
    path.write_bytes(b"a")

    def fails(_: bytes) -> bytes:
        raise SharedFileError("no")

    with pytest.raises(SharedFileError):
        edit_shared_file(path, fails, locks=locks, most_mode=None)
    assert (path.read_bytes(), os.listdir(path.parent)) == (b"a", ["config"])


def test_starts_over_when_another_program_writes(tmp_path: Path, locks: Path) -> None:
    """A write between reading and replacing is seen, and the edit is made again on the new bytes."""
    path = tmp_path / "config"
    path.write_bytes(b"a")
    seen: list[bytes] = []

    def change(data: bytes) -> bytes:
        seen.append(data)
        if len(seen) == 1:
            path.write_bytes(b"theirs")
        return data + b" ours"

    edit_shared_file(path, change, locks=locks, most_mode=None)
    assert (seen, path.read_bytes()) == ([b"a", b"theirs"], b"theirs ours")


def test_gives_up_on_a_file_that_never_rests(tmp_path: Path, locks: Path) -> None:
    """When another program writes all the time, the edit ends with an error and nothing of ours in the file."""
    path = tmp_path / "config"
    path.write_bytes(b"a")

    def change(data: bytes) -> bytes:
        path.write_bytes(data + b".")
        return b"ours"

    with pytest.raises(SharedFileError, match="keeps being changed"):
        edit_shared_file(path, change, locks=locks, most_mode=None)
    assert b"ours" not in path.read_bytes()


def test_unreadable_file(tmp_path: Path, locks: Path) -> None:
    """What cannot be read is an error of status 5, not an empty file to start from."""
    path = tmp_path / "config"
    path.mkdir()
    with pytest.raises(SharedFileError) as error:
        edit_shared_file(path, lambda data: data + b"x", locks=locks, most_mode=None)
    assert error.value.status == 5
    assert path.is_dir()


def test_held_lock_names_its_holder(tmp_path: Path, locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock held for too long is an error that names the process and command."""
    monkeypatch.setattr(replace, "LOCK_LIMIT_S", 0.2)
    path = tmp_path / "config"
    lock = lock_path(locks, str(path))
    code = (
        "import sys; from pathlib import Path; from awsprof.storage.lock import locked\n"
        "sys.argv = ['awsprof', 'remove', 'dev', '--code', '123456']\n"
        f"with locked(Path({str(lock)!r}), limit_s=1): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(SharedFileError) as error:
            edit_shared_file(path, lambda data: data + b"x", locks=locks, most_mode=None)
        holder.kill()
    assert f"pid {holder.pid} (awsprof remove dev)" in error.value.message
    assert not path.exists()
    # The kernel let go of the dead process's lock.
    with locked(lock, limit_s=1):
        pass


def test_sixteen_writers_lose_nothing(tmp_path: Path, locks: Path) -> None:
    """Sixteen processes that each add ten lines leave a hundred and sixty."""
    path = tmp_path / "config"
    code = (
        "import sys; from pathlib import Path; from awsprof.storage.replace import edit_shared_file\n"
        "for number in range(10):\n"
        "    line = f'{sys.argv[1]} {number}\\n'.encode()\n"
        f"    edit_shared_file(Path({str(path)!r}), lambda data: data + line, "
        f"locks=Path({str(locks)!r}), most_mode=None)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(writer)]) for writer in range(16)]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 16
    wanted = sorted(f"{writer} {number}" for writer in range(16) for number in range(10))
    assert sorted(path.read_text().splitlines()) == wanted
