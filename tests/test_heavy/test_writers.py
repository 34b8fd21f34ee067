"""Many writers at once: nothing of anybody's is lost by us."""

from __future__ import annotations

import random
import sys
import threading
from typing import TYPE_CHECKING

import botocore.configloader
import botocore.exceptions
import pytest

from tests.test_heavy.conftest import ADD, ALL, KEYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.test_heavy.conftest import Home

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]

PROFILE = "autochart_dev_paul"


def profiles(path: Path) -> dict[str, dict[str, str]]:
    found = botocore.configloader.load_config(str(path))["profiles"]
    assert isinstance(found, dict)
    return found


def at_once(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("run", range(3 if ALL else 1))
@pytest.mark.parametrize("shared", [True, False], ids=["one section", "a section each"])
def test_sixteen_writers_lose_nothing(machine: Home, run: int, shared: bool) -> None:
    """Sixteen processes at a time, ten commands each: a hundred and sixty changes are there, and as many entries."""
    writers, rounds = 16, 10
    names = [PROFILE] * writers if shared else [f"autochart_dev_u{writer}" for writer in range(writers)]
    machine.write("# first\n\n" + "".join(f"[profile {name}]\nregion = eu-west-1\n\n" for name in dict.fromkeys(names)))
    failures: list[str] = []

    def work(writer: int) -> None:
        for number in range(rounds):
            result = machine.run("awsprof", "set", names[writer], f"key_{writer}_{number}=v{number}")
            if result.returncode:
                failures.append(result.stderr)

    at_once([lambda writer=writer: work(writer) for writer in range(writers)])  # type: ignore[misc]
    assert failures == []
    found = profiles(machine.config)
    for writer in range(writers):
        wanted = {f"key_{writer}_{number}": f"v{number}" for number in range(rounds)}
        assert wanted.items() <= found[names[writer]].items()
    assert machine.config.read_text().startswith("# first\n\n[profile ")
    assert machine.temps() == []
    entries = [path for path in (machine.state / "journal").iterdir() if path.name.isdecimal()]
    assert len(entries) == 50


def test_beside_the_aws_cli(machine: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Eight of ours beside eight of ``aws configure set``: ours lose none of theirs and none of each other's."""
    each = 10 if ALL else 4
    sections = "".join(
        f"[profile {kind}_dev_u{n}]\nregion = eu-west-1\n\n" for kind in ("ours", "theirs") for n in range(8)
    )
    machine.write(sections)
    # What stood in the file right after each of their writes and was gone in ours is what we would have lost.
    journal: list[tuple[str, str, str]] = []
    refused: list[str] = []
    rng = random.Random(3)
    delays = [rng.random() / 2 for _ in range(16)]
    stop = threading.Event()

    def ours(writer: int) -> None:
        stop.wait(delays[writer])
        for number in range(each):
            if number % 2:
                # A new section fits any file, also one that has just been emptied: there it must not go.
                name, key = f"ours_new_u{writer}-{number}", "region"
                result = machine.run("awsprof", "add", *name.split("_"), *ADD, stdin=KEYS)
            else:
                name, key = f"ours_dev_u{writer}", f"key_{number}"
                result = machine.run("awsprof", "set", name, f"{key}=v")
            if result.returncode == 0:
                journal.append(("ours", name, key))
            else:
                refused.append(result.stderr)

    def theirs(writer: int) -> None:
        stop.wait(delays[8 + writer])
        for number in range(each):
            name = f"theirs_dev_u{writer}"
            result = machine.run("aws", "configure", "set", f"key_{number}", "v", "--profile", name)
            if result.returncode == 0:
                journal.append(("theirs", name, f"key_{number}"))

    at_once([lambda writer=writer, work=work: work(writer) for work in (ours, theirs) for writer in range(8)])  # type: ignore[misc]
    # Every refusal of ours is one of a file that was found torn or empty, or that never rested.
    excuses = (", line ", "keeps being changed", "There is no profile", "No profile matches")
    assert [error for error in refused if not any(excuse in error for excuse in excuses)] == []
    lost_by_us = [entry for entry in _lost_between(machine) if entry]
    assert lost_by_us == []
    try:
        found = profiles(machine.config)
    except botocore.exceptions.ConfigParseError:
        # Two of the CLI's at once can do that without us; ours never write what does not parse.
        found = {}
    kept = {
        kind: sum(k == kind and key in found.get(name, {}) for k, name, key in journal) for kind in ("ours", "theirs")
    }
    made = {kind: sum(k == kind for k, _, _ in journal) for kind in ("ours", "theirs")}
    with capsys.disabled():
        print(
            f"\nbeside the AWS CLI: of ours {kept['ours']} of {made['ours']} are left, {len(refused)} refused "
            f"on a torn file; of theirs {kept['theirs']} of {made['theirs']}; the file "
            f"{'parses' if found else 'was torn by the CLI'}",
            file=sys.stderr,
        )


def _lost_between(machine: Home) -> list[str]:
    """Return what any edit of ours took out besides what it meant: each entry's bytes before and after tell."""
    from datetime import UTC, datetime

    from awsprof.journal.journal import Journal
    from awsprof.vault.age_vault import AgeVault
    from awsprof.vault.passphrase import PassphraseSources

    vault = AgeVault(
        machine.path / ".local" / "share" / "awsprof" / "vault",
        runtime=None,
        passphrases=PassphraseSources(machine.environ, None),
        confirm_create=None,
        absence="",
    )
    journal = Journal(
        machine.state / "journal", locks=machine.state / "locks", vault=lambda: vault, now=lambda: datetime.now(UTC)
    )
    lost = []
    for headline in journal.headlines():
        for file in journal.contents(headline.number).files:
            before = (file.before or b"").splitlines()
            after = (file.after or b"").splitlines()
            gone = [line for line in before if line not in after]
            lost += [f"{headline.number}: {line!r}" for line in gone]
            if file.before is not None and not before:
                lost.append(f"{headline.number}: an empty file was the base of an edit")
    return lost
