"""The whole life of a profile with a real OS keyring, gnome-keyring on a message bus of its own."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.keyring_daemon import KeyringDaemon
from tests.test_real.machine import PASSPHRASE, ended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.test_real.machine import Identity, Machine

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


def test_import_from_other_tools_keyrings(at_desktop: Machine, desktop: KeyringDaemon, tmp_path: Path) -> None:
    """What aws-vault and Granted stored, in their own collections and wrapping, is found, taken and proven."""
    machine = at_desktop
    machine.extra["AWSPROF_USER"] = "paul"
    one, two = (machine.member(env, "111111111111", mfa=False, user=env) for env in ("dev", "qa"))
    wrapped = {}
    for name, key in (("autochart-dev", one.key), ("autochart-qa", two.key)):
        data = json.dumps({"AccessKeyID": key.id, "SecretAccessKey": key.secret, "SessionToken": "", "Source": ""})
        wrapped[name] = json.dumps({"Key": name, "Data": base64.b64encode(data.encode()).decode(), "Label": "x"})
    desktop.store("awsvault", {"autochart-dev": wrapped["autochart-dev"], "session,YQ,,1700000000": "{}"})
    desktop.store("granted-aws-iam-credentials", {"autochart-qa": wrapped["autochart-qa"]})
    found = machine.succeed("import", "--json").json()["found"]
    assert [(row["name"], row["where"], row["tool"], row["proposed"]) for row in found] == [
        ("autochart-dev", "keyring", "aws-vault", "autochart_dev_paul"),
        ("autochart-qa", "keyring", "Granted", "autochart_qa_paul"),
    ]
    imported = machine.succeed("import", "--yes")
    assert "aws-vault still has its own copy of autochart-dev's key" in imported.stderr
    for name, member in (("autochart_dev_paul", one), ("autochart_qa_paul", two)):
        words = ("--output", "json", "--region", "eu-west-1", "--profile", name)
        said = machine.run("aws", "sts", "get-caller-identity", *words)
        assert said.status == 0, said
        assert said.json()["Arn"] == member.arn
        assert _files_with(member.key.secret, tmp_path) == []


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


def test_move_to_files_and_back(at_desktop: Machine, tmp_path: Path) -> None:
    """Keys, a session and the journal's key move; clients, ``undo`` and the prompt's state notice nothing."""
    machine = at_desktop
    machine.succeed("settings", "set", "session_store", "vault")
    prod = machine.joined("prod", "222222222222")
    dev = _without_mfa(machine, 0)
    assert machine.login(prod).status == 0
    answer = machine.succeed("credential-process", prod.name).json()
    with_passphrase = {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE}
    for target, output in (("file", "json"), ("keyring", "text")):
        moved = machine.succeed("vault", "move", target, "--yes", "--json", **with_passphrase).json()["move"]
        assert set(moved["items"]) == {prod.name, f"{prod.name}/session", dev.name, "awsprof/journal"}
        assert machine.succeed("vault", "status", "--json").json()["vault"]["backend"] == target
        assert machine.succeed("credential-process", prod.name, **with_passphrase).json() == answer
        said = machine.run(
            "aws", "sts", "get-caller-identity", "--output", "json", "--profile", prod.name, **with_passphrase
        )
        assert said.json()["Arn"] == prod.arn
        machine.succeed("set", dev.name, f"output={output}", **with_passphrase)
        assert machine.succeed("undo", "--yes", **with_passphrase).stdout == f"Undone: {dev.name}: output.\n"
        held = machine.run(sys.executable, "-c", _READ, prod.name).stdout
        assert (prod.key.secret in held) == (target == "keyring")
        for secret in (prod.key.secret, answer["SecretAccessKey"], answer["SessionToken"]):
            assert _files_with(secret, tmp_path) == []
    assert len(machine.aws.calls_of("GetSessionToken")) == 1
    assert list((machine.vault / "items").iterdir()) == []


def test_moving_asks_and_makes_the_vault(at_desktop: Machine) -> None:
    """At a terminal: the list and the question, then whether to make the vault, and its passphrase twice."""
    machine = at_desktop
    dev = machine.joined("dev", "111111111111", mfa=False)
    with machine.terminal("awsprof", "vault", "move", "file") as child:
        child.expect_exact(dev.name)
        child.expect_exact("Move 2 items from the OS keyring to the vault of files? [y/N] ")
        child.sendline("y")
        child.expect_exact("Make such a vault in ")
        child.sendline("y")
        for question in ("New passphrase for awsprof's vault: ", "The same passphrase again: "):
            child.expect_exact(question)
            child.sendline(PASSPHRASE)
        child.expect_exact("Moved 2 items from the OS keyring to the vault of files")
        assert ended(child) == 0
    answered = machine.succeed("credential-process", dev.name, AWSPROF_VAULT_PASSPHRASE=PASSPHRASE)
    assert answered.json()["AccessKeyId"] == dev.key.id
    assert machine.awsprof("vault", "move", "keyring", "--yes").status == 6, "nobody gives the passphrase"
    assert machine.succeed("vault", "status").stdout.startswith("file: ")


@pytest.mark.parametrize("targets", [("file", "file"), ("file", "keyring")], ids=" ".join)
def test_two_moves_at_once(at_desktop: Machine, _made_vault: Machine, targets: tuple[str, str]) -> None:
    """They take turns: all items end up together, in the place that the setting names."""
    machine = at_desktop
    machine.take_vault_of(_made_vault)
    shutil.rmtree(machine.vault / "items")
    members = [_without_mfa(machine, number) for number in range(3)]
    with ThreadPoolExecutor(2) as pool:
        moves = list(pool.map(lambda target: machine.awsprof("vault", "move", target, "--yes"), targets))
    assert [(move.status, "Warning" in move.stderr) for move in moves] == [(0, False)] * 2
    _all_in_one_place(machine, members)


def test_profiles_added_and_sessions_begun_during_moves(at_desktop: Machine, _made_vault: Machine) -> None:
    """Whatever is stored while everything moves there and back is where later commands look."""
    machine = at_desktop
    machine.take_vault_of(_made_vault)
    shutil.rmtree(machine.vault / "items")
    machine.succeed("settings", "set", "session_store", "vault")
    prod = machine.joined("prod", "222222222222")
    members = [machine.member(f"env{n}", "111111111111", mfa=False, user=f"user{n}") for n in range(4)]
    with ThreadPoolExecutor(3) as pool:
        added = [pool.submit(machine.add, member) for member in members]
        begun = pool.submit(machine.login, prod)
        for target in ("file", "keyring", "file"):
            moved = machine.awsprof("vault", "move", target, "--yes")
            assert moved.status == 0, moved
        outcomes = [future.result() for future in (*added, begun)]
    assert [outcome.status for outcome in outcomes] == [0] * 5, outcomes
    assert machine.succeed("credential-process", prod.name).json()["AccountId"] == prod.account_id
    _all_in_one_place(machine, members)


def test_killed_moves_lose_nothing(at_desktop: Machine, _made_vault: Machine) -> None:
    """At instants that a seed picks: every profile works after each, and the last move finishes."""
    machine = at_desktop
    machine.take_vault_of(_made_vault)
    shutil.rmtree(machine.vault / "items")
    members = [_without_mfa(machine, number) for number in range(2)]
    instants = random.Random(8)
    target = "file"
    start = time.monotonic()
    machine.succeed("vault", "move", target, "--yes")
    whole_s = time.monotonic() - start
    for _ in range(5):
        target = {"file": "keyring", "keyring": "file"}[machine.succeed("settings", "get", "vault").stdout.strip()]
        process = machine.start("awsprof", "vault", "move", target, "--yes")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(instants.uniform(0.3, 1) * whole_s)
        process.kill()
        process.communicate()
        for member in members:
            assert machine.succeed("credential-process", member.name).json()["AccessKeyId"] == member.key.id
    assert machine.awsprof("vault", "move", target, "--yes").status == 0
    assert machine.succeed("settings", "get", "vault").stdout == f"{target}\n"
    _all_in_one_place(machine, members)


def test_hanging_keyring_without_a_person(at_desktop: Machine, desktop: KeyringDaemon) -> None:
    """Nobody to answer and no display: given up after 5 s, changes included, with a sentence; later it works again."""
    machine = at_desktop
    dev = _without_mfa(machine, 0)
    other = machine.member("other", "111111111111", mfa=False, user="other")
    config = machine.config
    desktop.freeze()
    with ThreadPoolExecutor(3) as pool:
        asked = pool.submit(machine.awsprof, "credential-process", dev.name)
        added = pool.submit(machine.add, other)
        moved = pool.submit(machine.awsprof, "vault", "move", "file", "--yes", AWSPROF_VAULT_PASSPHRASE=PASSPHRASE)
        outcomes = [future.result() for future in (asked, added, moved)]
    desktop.thaw()
    for outcome in outcomes:
        assert (outcome.status, outcome.stdout) == (6, "")
        assert ": no answer within 5 s.\n" in outcome.stderr
        assert "set AWSPROF_VAULT=file" in outcome.stderr
    assert (machine.config, machine.vault.exists()) == (config, False)
    assert machine.succeed("credential-process", dev.name).json()["AccessKeyId"] == dev.key.id


def test_dead_keyring(at_desktop: Machine, desktop: KeyringDaemon) -> None:
    """Without its daemon nothing is taken for gone, nothing is stored elsewhere, and it works again when it is back."""
    machine = at_desktop
    dev = _without_mfa(machine, 0)
    desktop.die()
    asked = machine.awsprof("credential-process", dev.name)
    assert (asked.status, asked.stdout) == (6, "")
    assert asked.stderr.startswith(f"Error: '{dev.name}' was stored in the OS keyring, and there is none here.\n")
    forced = machine.awsprof("credential-process", dev.name, AWSPROF_VAULT="keyring")
    assert forced.status == 6
    assert forced.stderr.startswith("Error: There is no OS keyring here that keeps its items encrypted.\n")
    assert machine.awsprof("vault", "move", "file", "--yes", AWSPROF_VAULT_PASSPHRASE=PASSPHRASE).status == 6
    assert not machine.vault.exists()
    desktop.see_to_it()
    machine.extra.update(desktop.env)
    assert machine.succeed("credential-process", dev.name).json()["AccessKeyId"] == dev.key.id


def test_locked_keyring_under_a_tool(at_desktop: Machine, desktop: KeyringDaemon) -> None:
    """A tool that asks for credentials gets an error at once, and none is taken from elsewhere."""
    machine = at_desktop
    dev = _without_mfa(machine, 0)
    desktop.lock()
    for words in (("credential-process", dev.name), ("vault", "move", "file", "--yes")):
        refused = machine.awsprof(*words, AWSPROF_VAULT_PASSPHRASE=PASSPHRASE)
        assert (refused.status, refused.stdout) == (6, "")
        assert "from the OS keyring: it is locked.\n" in refused.stderr
        assert "Unlock the keyring" in refused.stderr
    assert not machine.vault.exists()
    warned = machine.succeed("settings", "set", "vault", "file")
    assert "'awsprof vault move file' moves what is there" in warned.stderr


@pytest.mark.parametrize("value", ["keyring", "file"])
def test_the_variable_forces_a_back_end(at_desktop: Machine, value: str) -> None:
    machine = at_desktop
    machine.extra["AWSPROF_VAULT_PASSPHRASE"] = PASSPHRASE
    machine.extra["AWSPROF_VAULT"] = value
    dev = _without_mfa(machine, 0)
    assert machine.vault.exists() == (value == "file")
    assert (dev.key.secret in machine.run(sys.executable, "-c", _READ, dev.name).stdout) == (value == "keyring")
    refused = machine.awsprof("credential-process", dev.name, AWSPROF_VAULT=value.upper())
    assert (refused.status, refused.stderr) == (
        2,
        f"Error: AWSPROF_VAULT is '{value.upper()}', which is no vault.\nSet it to keyring or file.\n",
    )


def _without_mfa(machine: Machine, number: int) -> Identity:
    """A profile that serves its long-term keys, so that each answer comes from the vault."""
    return machine.joined(f"env{number}", "111111111111", mfa=False, user=f"user{number}")


def _all_in_one_place(machine: Machine, members: list[Identity]) -> None:
    """See that the back end which the setting names has every profile's keys, and the other has none."""
    setting = machine.succeed("settings", "get", "vault").stdout.strip()
    files = {path.stem for path in (machine.vault / "items").glob("*.age")}
    for member in members:
        assert machine.succeed("credential-process", member.name).json()["AccessKeyId"] == member.key.id
        in_keyring = machine.run(sys.executable, "-c", _READ, member.name).stdout != "None\n"
        assert (in_keyring, member.name in files) == (setting == "keyring", setting == "file")


def _files_with(secret: str, directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
