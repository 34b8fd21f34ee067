"""Files that cannot simply be replaced: what they hold, their mode, owner and links stay, and it is said why."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import AwsprofError, SharedFileError
from awsprof.storage.lock import lock_path
from awsprof.storage.replace import Edit, edit_shared_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534
ROOT = os.name == "posix" and os.geteuid() == 0
root_only = pytest.mark.skipif(not ROOT, reason="needs root, to mount and to make files of other owners")


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    return tmp_path / "locks"


@pytest.fixture
def aws(tmp_path: Path) -> Path:
    directory = tmp_path / "aws"
    directory.mkdir()
    return directory


def append(path: Path, locks: Path, text: bytes = b"ours\n") -> tuple[Edit, list[tuple[Edit, bytes]]]:
    """Append *text*; returns the edit, and what was recorded together with what the file held at that moment."""
    recorded: list[tuple[Edit, bytes]] = []

    def record(edit: Edit) -> None:
        recorded.append((edit, edit.path.read_bytes() if edit.path.exists() else b""))

    edit = edit_shared_file(path, lambda data: data + text, locks=locks, most_mode=None, record=record)
    return edit, recorded


def temps(directory: Path) -> list[str]:
    return [name for name in os.listdir(directory) if name.startswith(".awsprof-")]


# Links.


def test_dangling_link_gets_its_target(aws: Path, locks: Path) -> None:
    """A link to a file that is not there yet, in a directory that is not either, stays a link, and both are made."""
    link, target = aws / "config", aws.parent / "dotfiles" / "aws" / "config"
    link.symlink_to(target)
    edit, _ = append(link, locks)
    assert (edit.path, edit.before, edit.in_place) == (target, None, None)
    assert (link.readlink(), target.read_bytes(), target.stat().st_mode & 0o777) == (target, b"ours\n", 0o600)


def test_link_over_links_and_relative(aws: Path, locks: Path) -> None:
    """A chain of relative links is followed to its end; each link stays what it is."""
    (aws.parent / "real").write_bytes(b"old\n")
    (aws.parent / "middle").symlink_to("real")
    (aws / "config").symlink_to("../middle")
    append(aws / "config", locks)
    assert os.readlink(aws / "config") == "../middle"
    assert os.readlink(aws.parent / "middle") == "real"
    assert (aws.parent / "real").read_bytes() == b"old\nours\n"


def test_two_ways_to_a_file_have_one_lock(aws: Path, locks: Path) -> None:
    """Whoever comes by the link and whoever comes by the file itself wait for each other."""
    (aws / "real").write_bytes(b"old\n")
    (aws / "config").symlink_to("real")
    append(aws / "config", locks)
    append(aws / "real", locks)
    assert [path.name for path in locks.iterdir() if not path.suffix] == [lock_path(locks, str(aws / "real")).name]


def test_circular_links(aws: Path, locks: Path) -> None:
    """Links that lead round in a circle are an error of status 5, and stay."""
    (aws / "config").symlink_to("other")
    (aws / "other").symlink_to("config")
    with pytest.raises(SharedFileError) as error:
        append(aws / "config", locks)
    assert error.value.status == 5
    assert "nothing was written" in error.value.message
    assert sorted(os.listdir(aws)) == ["config", "other"]


def test_hard_link_is_kept(aws: Path, locks: Path) -> None:
    """A file with a second name is written in place: both names still mean one file."""
    path, twin = aws / "config", aws / "twin"
    path.write_bytes(b"old\n")
    path.chmod(0o640)
    twin.hardlink_to(path)
    edit, recorded = append(path, locks)
    assert edit.in_place == "it has a second name (a hard link)"
    assert twin.read_bytes() == path.read_bytes() == b"old\nours\n"
    assert twin.samefile(path)
    assert path.stat().st_mode & 0o777 == 0o640
    # What is about to be overwritten was noted while it still stood.
    assert recorded == [(edit, b"old\n")]
    assert edit.before == b"old\n"


def test_in_place_can_also_make_a_file_shorter(aws: Path, locks: Path) -> None:
    """Nothing of the longer old text is left behind the new."""
    path = aws / "config"
    path.write_bytes(b"a long old text\n" * 1000)
    (aws / "twin").hardlink_to(path)
    edit_shared_file(path, lambda _: b"short\n", locks=locks, most_mode=None)
    assert path.read_bytes() == b"short\n"


def test_record_that_fails_keeps_the_old_bytes(aws: Path, locks: Path) -> None:
    """What could not be noted is not done, in place or not, and no temporary file is left."""

    def record(_: Edit) -> None:
        raise OSError(28, "No space left on device")

    for path in (aws / "single", aws / "config"):
        path.write_bytes(b"old\n")
    (aws / "twin").hardlink_to(aws / "config")
    for path in (aws / "single", aws / "config"):
        with pytest.raises(SharedFileError):
            edit_shared_file(path, lambda data: data + b"x", locks=locks, most_mode=None, record=record)
        assert path.read_bytes() == b"old\n"
    assert temps(aws) == []


# Writers that empty the file first, as the AWS CLI does.


@pytest.mark.parametrize("written", [b"", b"[profile a]\n"], ids=["empty", "torn"])
def test_file_just_truncated_is_no_base(aws: Path, locks: Path, written: bytes) -> None:
    """What another program has just emptied, and is about to fill again, is not taken for what the file holds."""
    path = aws / "config"
    whole = b"[profile a]\nregion = x\n" * 20
    path.write_bytes(whole)
    truncated = threading.Event()

    def theirs() -> None:
        with path.open("wb", buffering=0) as file:
            file.write(written)
            truncated.set()
            time.sleep(0.1)
            file.write(whole[len(written) :])

    writer = threading.Thread(target=theirs)
    writer.start()
    truncated.wait()
    append(path, locks)
    writer.join()
    assert path.read_bytes() == whole + b"ours\n"


# Left over from processes that died.


def test_sweeps_left_over_temps_of_its_own_file_only(aws: Path, locks: Path) -> None:
    """A killed process's temporary file goes at the next edit of that file; no other file's does."""
    (aws / "config").write_bytes(b"old\n")
    mine, others = aws / ".awsprof-config-0123456789abcdef", aws / ".awsprof-credentials-0123456789abcdef"
    # Somebody else's business, though its name begins alike: AWS_CONFIG_FILE=~/.aws/config-work.
    alike = aws / ".awsprof-config-work-0123456789abcdef"
    notes = aws / ".awsprof-config-notes"
    for path in (mine, others, alike, notes):
        path.write_bytes(b"secret\n")
    append(aws / "config", locks)
    assert [path.exists() for path in (mine, others, alike, notes)] == [False, True, True, True]


def test_sweeps_although_nothing_changes(aws: Path, locks: Path) -> None:
    """An edit that comes to nothing, or fails, has swept all the same."""
    (aws / "config").write_bytes(b"old\n")
    left = aws / ".awsprof-config-0123456789abcdef"
    left.write_bytes(b"secret\n")
    edit_shared_file(aws / "config", lambda data: data, locks=locks, most_mode=None)
    assert not left.exists()


def test_stale_lock_file_holds_nobody_up(aws: Path, locks: Path) -> None:
    """A lock file that a dead process left is no lock: its pid may be anybody's by now."""
    lock = lock_path(locks, str(aws / "config"))
    lock.parent.mkdir()
    lock.write_text(f"pid {os.getpid()} (awsprof set dev)")
    append(aws / "config", locks)
    assert (aws / "config").read_bytes() == b"ours\n"


# Read-only, and other people's.


def test_read_only_file_says_how_to_change_that(aws: Path, locks: Path) -> None:
    """A file its owner made read-only is not replaced behind his back, root or not."""
    path = aws / "config"
    path.write_bytes(b"old\n")
    path.chmod(0o444)
    with pytest.raises(SharedFileError) as error:
        append(path, locks)
    assert error.value.status == 5
    assert error.value.hint is not None
    assert f"chmod u+w {path}" in error.value.hint
    assert (path.read_bytes(), path.stat().st_mode & 0o777, temps(aws)) == (b"old\n", 0o444, [])


@root_only
def test_root_leaves_the_owner_alone(aws: Path, locks: Path) -> None:
    """Root, as under sudo, replaces a user's file by one of that user's, with its mode."""
    path = aws / "config"
    path.write_bytes(b"old\n")
    path.chmod(0o640)
    os.chown(path, NOBODY, NOBODY)
    edit, _ = append(path, locks)
    status = path.stat()
    assert edit.in_place is None
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (NOBODY, NOBODY, 0o640)
    assert path.read_bytes() == b"old\nours\n"


@pytest.fixture
def open_to_all(locks: Path) -> Iterator[Path]:
    """A directory that another user can reach, which pytest's own are not."""
    lock_path(locks, "")  # whatever it imports, another user may not be able to read
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


@pytest.fixture
def as_nobody(open_to_all: Path) -> Callable[[Path], dict[str, object]]:
    """Append a line to a file as a user without any rights of root's, in a child process that has all it needs."""
    if not ROOT:
        pytest.skip("needs root, to become another user")
    locks = open_to_all / "locks"
    locks.mkdir()
    os.chown(locks, NOBODY, NOBODY)

    def edit(path: Path) -> dict[str, object]:
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            # Newer Pythons warn of a fork beside threads; the child runs nothing that they might hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            answer: dict[str, object] = {}
            try:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
                answer = _appended(path, locks)
            finally:
                os.write(writer, json.dumps(answer).encode())
                os._exit(0)
        os.close(writer)
        with open(reader, "rb") as file:
            data = file.read()
        os.waitpid(child, 0)
        return json.loads(data)  # type: ignore[no-any-return]

    return edit


def _appended(path: Path, locks: Path) -> dict[str, object]:
    try:
        edit, recorded = append(path, locks)
    except AwsprofError as error:
        return {"status": error.status, "message": error.message}
    return {"in_place": edit.in_place, "recorded": [data.decode() for _, data in recorded]}


@pytest.fixture
def theirs(open_to_all: Path) -> Path:
    directory = open_to_all / "aws"
    directory.mkdir()
    return directory


def test_read_only_directory(theirs: Path, as_nobody: Callable[[Path], dict[str, object]]) -> None:
    """Where no temporary file can be made, the file itself is written, after it was recorded, and it is said why."""
    path = theirs / "config"
    path.write_bytes(b"old\n")
    os.chown(path, NOBODY, NOBODY)
    path.chmod(0o600)
    inode = path.stat().st_ino
    theirs.chmod(0o555)
    done = as_nobody(path)
    assert done == {"in_place": "it cannot be replaced (Permission denied)", "recorded": ["old\n"]}
    status = path.stat()
    assert (path.read_bytes(), status.st_ino, status.st_uid) == (b"old\nours\n", inode, NOBODY)
    assert status.st_mode & 0o777 == 0o600


def test_new_file_in_a_read_only_directory(theirs: Path, as_nobody: Callable[[Path], dict[str, object]]) -> None:
    """There is nothing to fall back on: status 5, and nothing is made."""
    theirs.chmod(0o555)
    done = as_nobody(theirs / "config")
    assert done["status"] == 5
    assert "Permission denied" in str(done["message"])
    assert os.listdir(theirs) == []


def test_other_owner(theirs: Path, as_nobody: Callable[[Path], dict[str, object]]) -> None:
    """Another user's file that we may write stays that user's: it is written in place."""
    path = theirs / "config"
    path.write_bytes(b"old\n")
    path.chmod(0o666)
    os.chown(theirs, NOBODY, NOBODY)
    done = as_nobody(path)
    assert done == {"in_place": "it is owned by another user", "recorded": ["old\n"]}
    status = path.stat()
    assert (path.read_bytes(), status.st_uid, status.st_mode & 0o777) == (b"old\nours\n", 0, 0o666)


def test_other_owner_who_lets_nobody_write(theirs: Path, as_nobody: Callable[[Path], dict[str, object]]) -> None:
    """Another user's file that we may not write is not replaced, although the directory is ours: status 5."""
    path = theirs / "config"
    path.write_bytes(b"old\n")
    path.chmod(0o644)
    os.chown(theirs, NOBODY, NOBODY)
    done = as_nobody(path)
    assert done["status"] == 5
    assert (path.read_bytes(), path.stat().st_uid, temps(theirs)) == (b"old\n", 0, [])


def test_file_we_may_not_read(theirs: Path, as_nobody: Callable[[Path], dict[str, object]]) -> None:
    """A file that cannot be read is never taken for an empty one."""
    path = theirs / "config"
    path.write_bytes(b"old\n")
    path.chmod(0o600)
    os.chown(theirs, NOBODY, NOBODY)
    assert as_nobody(path)["status"] == 5
    assert path.read_bytes() == b"old\n"


def test_group_we_cannot_give(theirs: Path, as_nobody: Callable[[Path], dict[str, object]]) -> None:
    """A file of a group we are not in cannot be replaced by one of that group: it is written in place."""
    path = theirs / "config"
    path.write_bytes(b"old\n")
    os.chown(path, NOBODY, 0)
    path.chmod(0o640)
    os.chown(theirs, NOBODY, NOBODY)
    done = as_nobody(path)
    assert done == {"in_place": "it cannot be replaced (Operation not permitted)", "recorded": ["old\n"]}
    status = path.stat()
    assert (path.read_bytes(), status.st_gid, status.st_mode & 0o777) == (b"old\nours\n", 0, 0o640)
    assert temps(theirs) == []


# A file that is a mount of its own, as containers have them.


@pytest.fixture
def bind_mount(aws: Path) -> Iterator[Path]:
    if not ROOT:
        pytest.skip("needs root, to mount")
    source, path = aws.parent / "outside", aws / "config"
    source.write_bytes(b"old\n")
    source.chmod(0o640)
    path.touch()
    mounted = subprocess.run(["mount", "--bind", str(source), str(path)], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_bind_mount(bind_mount: Path, locks: Path) -> None:
    """A mounted file cannot be replaced (EBUSY): it is written in place, after it was recorded, and it is said why."""
    edit, recorded = append(bind_mount, locks)
    assert edit.in_place == "it cannot be replaced (Device or resource busy)"
    outside = bind_mount.parent.parent / "outside"
    assert bind_mount.read_bytes() == outside.read_bytes() == b"old\nours\n"
    assert outside.stat().st_mode & 0o777 == 0o640
    assert recorded[-1] == (edit, b"old\n")
    assert temps(bind_mount.parent) == []


def test_bind_mount_through_a_link(bind_mount: Path, locks: Path) -> None:
    """A link to a mounted file is still one afterwards."""
    link = bind_mount.parent / "link"
    link.symlink_to("config")
    append(link, locks)
    assert link.is_symlink()
    assert bind_mount.read_bytes() == b"old\nours\n"
