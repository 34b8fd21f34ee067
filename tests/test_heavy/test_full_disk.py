"""A full disk: the old file is whole, it is said in a sentence, and nothing is half done."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.test_heavy.conftest import ADD, KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.test_heavy.conftest import Home

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]

BEFORE = (
    "[profile autochart_dev_paul]\nregion = eu-west-1\n\n"
    "[profile role_dev_paul]\nsource_profile = autochart_dev_paul\n\n"
    + "".join(f"# about {n}\n[profile other_dev_{n}]\nregion = eu-west-1\n\n" for n in range(2000))
)
COMMANDS = (
    ("set", "autochart_dev_paul", "output=json"),
    ("rename", "autochart_dev_paul", "autochart", "dev", "pauline", "--yes"),
    ("remove", "role_dev_paul", "--yes"),
    ("add", "autochart", "new", "paul", *ADD),
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(disk)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        if os.environ.get("CI"):
            pytest.fail(f"CI must let root mount: {mounted.stderr.strip()}")
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path, *, but_for: int = 0) -> None:
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096) == 4096:
                pass
        except OSError:
            pass
        if but_for:
            file.truncate(file.tell() - but_for)


def everything(directory: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and "locks" not in path.parts and path.name != "filler"
    }


@pytest.mark.parametrize("room", [0, 4096, 40_960], ids=["no room", "a page", "some pages"])
@pytest.mark.parametrize("twin", [False, True], ids=["replaced", "in place"])
def test_shared_file_on_a_full_disk(machine: Home, small_disk: Path, room: int, twin: bool) -> None:
    """Exit 5 for every command; the file has its old bytes, vault and journal are as before, no temporary is left."""
    machine.environ["AWS_CONFIG_FILE"] = str(small_disk / "config")
    # Almost a whole number of pages, so that also an edit in place needs room.
    text = BEFORE + "#" * (-len(BEFORE) % 4096 - 5) + "\n\n\n\n"
    (small_disk / "config").write_text(text)
    if twin:
        (small_disk / "twin").hardlink_to(small_disk / "config")
    fill(small_disk, but_for=0 if twin else room)
    before = everything(machine.path)
    for command in COMMANDS:
        result = machine.run("awsprof", *command, stdin=KEYS)
        if twin and result.returncode == 0:
            # Written in place it can be that the new text is no longer than the old one's pages.
            undone = machine.run("awsprof", "undo", "--yes")
            # The note of the undo itself may find no room; then the change stands, and can be undone later.
            assert undone.returncode == 0 or "No space left on device" in undone.stderr
            before = everything(machine.path)
        else:
            assert (result.returncode, result.stdout) == (5, "")
            assert "No space left on device" in result.stderr
            assert everything(machine.path) == before
        assert (small_disk / "config").read_text() == text
        assert [path.name for path in small_disk.glob(".awsprof-*")] == []
    (small_disk / "filler").unlink()
    assert machine.run("awsprof", *COMMANDS[0]).returncode == 0


@pytest.mark.parametrize("room", [0, 4096, 8192, 16_384], ids=["no room", "a page", "two pages", "four pages"])
def test_state_on_a_full_disk(machine: Home, small_disk: Path, room: int) -> None:
    """What cannot be noted is not done: a foreseen error in one sentence, and files and vault as before."""
    state = small_disk / "awsprof"
    subprocess.run(["cp", "-a", str(machine.state), str(state)], check=True)
    machine.environ["XDG_STATE_HOME"] = str(small_disk)
    machine.write(BEFORE)
    fill(small_disk, but_for=room)
    before = {**everything(machine.path), **everything(small_disk)}
    for command in COMMANDS:
        result = machine.run("awsprof", *command, stdin=KEYS)
        if room and result.returncode == 0:
            undone = machine.run("awsprof", "undo", "--yes")
            # The note of the undo itself may find no room; then the change stands, and can be undone later.
            assert undone.returncode == 0 or "No space left on device" in undone.stderr
            before = {**everything(machine.path), **everything(small_disk)}
            continue
        assert result.returncode in (1, 5), result.stderr
        assert result.stdout == ""
        assert "unexpectedly" not in result.stderr
        assert "Traceback" not in result.stderr
        assert "No space left on device" in result.stderr
        assert {**everything(machine.path), **everything(small_disk)} == before


def test_list_works_on_a_full_disk(machine: Home, small_disk: Path) -> None:
    """What only reads needs no room."""
    machine.environ["XDG_STATE_HOME"] = machine.environ["XDG_CACHE_HOME"] = str(small_disk)
    machine.write(BEFORE)
    fill(small_disk)
    for command in (
        ("list", "--names"),
        ("undo", "--list"),
        ("default",),
        ("set", "role_dev_paul", "output=json", "--dry-run"),
    ):
        result = machine.run("awsprof", *command)
        assert result.returncode == 0, result.stderr
