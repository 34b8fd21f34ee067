"""Killed at any moment: the shared files are whole, nothing is left lying about, and the journal can be read."""

from __future__ import annotations

import json
import random
import sys
import time
from typing import TYPE_CHECKING

import botocore.configloader
import pytest

from tests.test_heavy.conftest import ADD, ALL, KEYS

if TYPE_CHECKING:
    from tests.test_heavy.conftest import Home

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]

KILLS = 200 if ALL else 6
SMALL = (
    "# mine\n[profile autochart_dev_paul]\nregion = eu-west-1\n\n"
    "[profile role_dev_paul]\nsource_profile = autochart_dev_paul\n\n"
)
OTHERS = "".join(f"# about {n}\n[profile other_dev_{n}]\nregion = eu-west-1\noutput = json\n\n" for n in range(3))
LARGE = "".join(f"# about {n}\n[profile other_dev_{n}]\nregion = eu-west-1\noutput = json\n\n" for n in range(16_500))
COMMANDS = (
    ("set", "{name}", "output=text", "region=eu-west-2"),
    ("rename", "{name}", "autochart", "dev", "{new}", "--yes"),
    ("add", "autochart", "more", "u{number}", *ADD),
    ("remove", "{name}", "--yes"),
)


@pytest.mark.parametrize("size", ["small", "large"])
def test_kill_damages_nothing(machine: Home, size: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command killed at a random moment leaves every profile there was, and the next command tidies up."""
    others = OTHERS if size == "small" else LARGE
    assert size == "small" or len(others) > 1_000_000
    rng = random.Random(size)
    name, counts = "autochart_dev_paul", {"killed": 0, "too late": 0}
    longest_s = 0.0
    for number in range(KILLS):
        before = SMALL.replace("autochart_dev_paul", name) + others
        machine.write(before)
        new = f"p{number}"
        words = [word.format(name=name, new=new, number=number) for word in COMMANDS[number % len(COMMANDS)]]
        if words[0] == "remove":
            machine.write(before.replace(f"source_profile = {name}", "source_profile = other_dev_1"))
            before = machine.config.read_text()
        if longest_s == 0:
            start = time.monotonic()
            process = machine.start("awsprof", "set", name, "output=yaml")
            assert (process.communicate()[1], process.returncode) == (b"", 0)
            longest_s = time.monotonic() - start
            machine.write(before)
        process = machine.start("awsprof", *words, stdin=KEYS)
        # Most of a command is Python's start; the moments that matter are in its last two thirds.
        time.sleep(longest_s * rng.uniform(0.3, 1.3))
        counts["killed" if process.poll() is None else "too late"] += 1
        process.kill()
        process.communicate()
        check_whole(machine, before, words)
        tidy(machine)
    with capsys.disabled():
        print(f"\nkill -9, {size} file: {counts}, 0 damaged", file=sys.stderr)
    assert counts["killed"] >= KILLS // 4


def check_whole(machine: Home, before: str, words: list[str]) -> None:
    """The file is the old one, or one in which the command's change is whole: botocore reads it, others are there."""
    after = machine.config.read_text()
    if after == before:
        return
    found = botocore.configloader.load_config(str(machine.config))["profiles"]
    machine.write(before)
    old = botocore.configloader.load_config(str(machine.config))["profiles"]
    machine.config.write_text(after)
    touched = {words[1], "role_dev_paul"}
    assert {name: table for name, table in old.items() if name not in touched}.items() <= found.items(), words


def tidy(machine: Home) -> None:
    """The next command works, leaves no temporary file anywhere, and every entry of the journal can be read."""
    result = machine.run("awsprof", "set", "other_dev_1", "output=table")
    assert result.returncode == 0, result.stderr
    assert machine.temps() == []
    listed = machine.run("awsprof", "undo", "--list", "--json")
    assert listed.returncode == 0, listed.stderr
    entries = json.loads(listed.stdout)["entries"]
    assert entries[0]["summary"] == "other_dev_1: output"
    # The newest that is not yet undone is what 'set' did just now, and it can be taken back.
    undone = machine.run("awsprof", "undo", "--yes")
    assert (undone.returncode, undone.stdout) == (0, "Undone: other_dev_1: output.\n"), undone.stderr
    # What the killed command had noted can be opened, and taken back or refused in a sentence.
    if len(entries) > 1 and entries[1]["undone_by"] is None:
        other = machine.run("awsprof", "undo", str(entries[1]["id"]), "--yes")
        assert other.returncode in (0, 1), other.stderr
        assert "unexpectedly" not in other.stderr
        botocore.configloader.load_config(str(machine.config))


def test_undo_of_a_command_that_was_killed_before_its_change(machine: Home) -> None:
    """An entry noted for a change that never came to pass does not stand in the way of ``undo``."""
    machine.write(SMALL + OTHERS)
    assert machine.run("awsprof", "set", "autochart_dev_paul", "output=text").returncode == 0
    first = machine.config.read_text()
    assert machine.run("awsprof", "set", "other_dev_1", "output=yaml").returncode == 0
    # As after a kill between the note and the change.
    machine.write(first)
    undone = [machine.run("awsprof", "undo", "--yes") for _ in range(2)]
    assert [result.returncode for result in undone] == [0, 0] or undone[0].returncode == 0, undone
    assert machine.config.read_text() == SMALL + OTHERS
