"""The whole life of a profile with a real OS keyring, gnome-keyring on a message bus of its own."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.keyring_daemon import KeyringDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.test_real.machine import Machine

_READ = "import keyring, sys; print(keyring.get_password('awsprof', sys.argv[1]))"


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[KeyringDaemon]:
    missing = KeyringDaemon.missing()
    if missing:
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    daemon = KeyringDaemon(tmp_path / "desktop")
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture
def at_desktop(bare_machine: Machine, desktop: KeyringDaemon) -> Machine:
    """A machine whose programs reach the keyring, with neither a passphrase nor a back end in the environment."""
    unset = dict.fromkeys(("AWSPROF_VAULT", "AWSPROF_VAULT_PASSPHRASE"))
    assert set(unset) <= set(bare_machine.environ)
    bare_machine.extra = {**desktop.env, **unset}
    return bare_machine


def test_life_of_a_profile_with_a_keyring(at_desktop: Machine, desktop: KeyringDaemon, tmp_path: Path) -> None:
    """add, login, credential-process, a real client and remove work without any passphrase; the secret stays inside."""
    machine = at_desktop
    prod = machine.joined("prod", "222222222222")
    assert machine.succeed("vault", "status", "--json").json()["vault"] == {
        "backend": "keyring",
        "keyring_class": "keyring.backends.SecretService.Keyring",
        "location": None,
        "exists": True,
        "unlocked": True,
        "unlocked_until": None,
    }
    held = machine.run(sys.executable, "-c", _READ, prod.name).stdout
    assert prod.key.secret in held

    assert machine.awsprof("credential-process", prod.name).status == 8
    assert machine.login(prod).status == 0
    answer = machine.succeed("credential-process", prod.name).json()
    assert answer["AccountId"] == prod.account_id
    said = machine.run("aws", "sts", "get-caller-identity", "--output", "json", "--profile", prod.name)
    assert said.json()["Arn"] == prod.arn
    assert not machine.vault.exists()
    assert _files_with(prod.key.secret, tmp_path) == []

    removed = machine.succeed("remove", prod.name, "--yes")
    assert f"Its access key {prod.key.id} still lives at AWS" in removed.stdout
    assert machine.run(sys.executable, "-c", _READ, prod.name).stdout == "None\n"
    assert machine.config == ""
    assert machine.awsprof("credential-process", prod.name).status == 3


def test_session_in_the_keyring(at_desktop: Machine, tmp_path: Path) -> None:
    """With the setting session_store = "vault" the session's secret rests in the keyring too, and is served from it."""
    machine = at_desktop
    machine.succeed("settings", "set", "session_store", "vault")
    prod = machine.joined("prod", "222222222222")
    assert machine.login(prod).status == 0
    answer = machine.succeed("credential-process", prod.name).json()
    for secret in (prod.key.secret, answer["SecretAccessKey"], answer["SessionToken"]):
        assert _files_with(secret, tmp_path) == []
    assert machine.succeed("logout", prod.name).stdout == f"{prod.name}: logged out\n"
    assert machine.awsprof("credential-process", prod.name).status == 8


def test_two_writers_at_once(at_desktop: Machine) -> None:
    """Profiles added at the same time are all in the keyring afterwards."""
    machine = at_desktop
    members = [machine.member(f"env{number}", "111111111111", mfa=False, user=f"user{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert [outcome.status for outcome in pool.map(machine.add, members)] == [0, 0, 0, 0]
    for member in members:
        assert machine.succeed("credential-process", member.name).json()["AccessKeyId"] == member.key.id


def test_locked_keyring_without_a_person(at_desktop: Machine, desktop: KeyringDaemon) -> None:
    """A keyring that is locked, with nobody to answer its dialog, is one clear sentence and leaves all as it was."""
    machine = at_desktop
    dev = machine.joined("dev", "111111111111")
    desktop.lock()
    before = machine.config
    refused = machine.login(dev)
    assert refused.status == 6
    assert refused.stderr.startswith("Error: awsprof could not read ")
    assert "AWSPROF_VAULT=file" in refused.stderr
    assert machine.config == before
    assert machine.aws.calls_of("GetSessionToken") == []


def _files_with(secret: str, directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
