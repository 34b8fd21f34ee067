"""Many commands at once, and commands that are killed: nothing is lost, nothing is half there."""

from __future__ import annotations

import random
import signal
from typing import TYPE_CHECKING

import pytest

from awsprof.vault import KeyringVault, Patience
from tests.test_vault.conftest import PASSPHRASE, age_vault, start_python

if TYPE_CHECKING:
    import subprocess

    from awsprof.places import Places
    from awsprof.vault import Vault

OPEN = """
import os, sys
from awsprof.places import Places
from awsprof.vault import BackEnds, Patience, VaultInForce
places = Places.from_environ(os.environ)
back_ends = BackEnds(os.environ, places, Patience(20), ask_passphrase=None, confirm_create=None)
vault = VaultInForce(back_ends, lambda: sys.argv[1])
"""

WRITE_AND_READ = (
    OPEN
    + """
for n in range(5):
    vault.set(f"load {sys.argv[2]}/{n}", f"{sys.argv[2]}-{n}")
    vault.set("load, shared", f"{sys.argv[2]}-{n} " * 50)
    assert vault.get(f"load {sys.argv[2]}/{n}") == f"{sys.argv[2]}-{n}"
    words = vault.get("load, shared").split()
    assert len(words) == 50 and len(set(words)) == 1, words
"""
)

WRITE_UNTIL_KILLED = (
    OPEN
    + """
n = 0
while True:
    n += 1
    vault.set("killed", f"{n} " * 10_000)
    if n == 1: print("ready", flush=True)
"""
)

STORE_ONE = OPEN + 'vault.set(f"made by {sys.argv[2]}", sys.argv[2])'


@pytest.fixture(params=["file", "keyring"])
def setting(request: pytest.FixtureRequest) -> str:
    request.getfixturevalue("unlocked_vault" if request.param == "file" else "keyring_daemon")
    return str(request.param)


def opened(setting: str, places: Places) -> Vault:
    if setting == "file":
        return age_vault(places.vault, places.runtime)
    keyring = KeyringVault.find(Patience())
    assert keyring is not None
    return keyring


def finish(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    """Return each process's exit status and what it said on stderr."""
    errors = [process.communicate(timeout=60)[1] for process in processes]
    return [(process.returncode, error) for process, error in zip(processes, errors, strict=True)]


def test_eight_processes_lose_nothing(setting: str, places: Places) -> None:
    assert finish([start_python(WRITE_AND_READ, setting, str(n)) for n in range(8)]) == [(0, "")] * 8
    vault = opened(setting, places)
    values = [vault.get(f"load {process}/{n}") for process in range(8) for n in range(5)]
    assert values == [f"{process}-{n}" for process in range(8) for n in range(5)]


def test_two_processes_that_make_the_vault_make_one(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWSPROF_VAULT_PASSPHRASE", PASSPHRASE)
    assert finish([start_python(STORE_ONE, "auto", str(n)) for n in range(2)]) == [(0, "")] * 2
    vault = age_vault(places.vault, None, {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE})
    assert [vault.get("made by 0"), vault.get("made by 1")] == ["0", "1"]


def test_a_command_killed_while_storing_leaves_the_item_whole(setting: str, places: Places) -> None:
    """Killed 20 times at instants that a seed picks, between the first storing and some 20 later ones."""
    instants = random.Random(20)
    vault = opened(setting, places)
    vault.set("bystander", "untouched")
    for _ in range(20):
        process = start_python(WRITE_UNTIL_KILLED, setting)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(Exception, match="timed out"):
            process.wait(instants.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        value = vault.get("killed")
        assert value is not None
        words = value.split()
        assert (len(words), len(set(words))) == (10_000, 1)
    assert vault.get("bystander") == "untouched"
    vault.set("killed", "mended")
    assert vault.get("killed") == "mended"
